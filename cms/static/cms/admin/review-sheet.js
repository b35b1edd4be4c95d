/* A review sheet saves itself while it is filled in. Without this script its buttons do the same. */
(() => {
  "use strict";
  const form = document.querySelector("[data-review-sheet]");
  if (!form) return;
  const status = form.querySelector("[data-review-status]");
  const rev = form.querySelector("[name=rev]");
  let timer = null;
  let running = Promise.resolve();
  const save = async () => {
    const data = new FormData(form);
    const answer = await fetch(form.dataset.reviewSheet, { method: "POST", body: data });
    if (answer.ok) {
      const said = await answer.json();
      rev.value = said.rev;
      status.textContent = `Saved ${said.saved}`;
    } else if (answer.status === 409) {
      status.textContent = (await answer.json()).problem;
    } else {
      status.textContent = "Not saved yet. It is tried again when you go on.";
    }
  };
  const soon = (wait) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      running = running.then(save).catch(() => {
        status.textContent = "Not saved: no connection. It is tried again when you go on.";
      });
    }, wait);
  };
  form.addEventListener("input", () => soon(1200));
  form.addEventListener("change", () => soon(200));
  form.addEventListener("submit", (event) => {
    /* Wait for a saving that is on its way, so that the sheet does not meet itself; and for this
       very event to end, because a form ignores being submitted while it is being submitted. */
    if (form.dataset.going) return;
    event.preventDefault();
    window.clearTimeout(timer);
    const button = event.submitter;
    running.then(() => {
      window.setTimeout(() => {
        form.dataset.going = "1";
        form.requestSubmit(button);
      }, 0);
    });
  });
})();
