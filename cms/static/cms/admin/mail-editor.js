/* E-mails: a press on a placeholder puts it where the cursor last stood in subject or body. */
(() => {
  "use strict";
  let last = null;
  document.addEventListener("focusin", (event) => {
    if (["subject", "body"].includes(event.target.name)) last = event.target;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-placeholder]");
    if (!button) return;
    const field = last || document.querySelector('textarea[name="body"]');
    if (!field) return;
    field.setRangeText(`{{ ${button.dataset.placeholder} }}`, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
})();
