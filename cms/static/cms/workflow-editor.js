/* The workflow editor: "Leads to" lists the stages as they stand in the editor, unsaved ones too.
   The field itself keeps the stage's id; without this script it can still be typed. */
(() => {
  "use strict";
  const ID = /^(.*-)(\d+)-id$/;

  function stages() {
    const found = [];
    document.querySelectorAll('input[type="hidden"][name$="-id"]').forEach((input) => {
      const match = ID.exec(input.name);
      if (!match || !/^stages-$/.test(match[1])) return;
      const at = `${match[1]}${match[2]}`;
      const gone = document.querySelector(`[name="${at}-deleted"]`);
      const name = document.querySelector(`[name="${at}-value-staff_name"]`);
      const order = document.querySelector(`[name="${at}-order"]`);
      if (!name || (gone && gone.value)) return;
      found.push({ id: input.value, name: name.value || "Stage without a name", order: Number(order ? order.value : 0) });
    });
    return found.sort((a, b) => a.order - b.order);
  }

  function fill(select, field) {
    const now = field.value;
    const listed = stages();
    select.replaceChildren(new Option("Choose a stage", ""));
    listed.forEach((stage) => select.add(new Option(stage.name, stage.id, false, stage.id === now)));
    if (now && !listed.some((stage) => stage.id === now)) {
      select.add(new Option("A stage that is no longer here", now, false, true));
    }
  }

  function enhance(field) {
    if (field.dataset.stageChoice === "ready") return;
    field.dataset.stageChoice = "ready";
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Leads to");
    field.type = "hidden";
    field.after(select);
    fill(select, field);
    select.addEventListener("focus", () => fill(select, field));
    select.addEventListener("mousedown", () => fill(select, field));
    select.addEventListener("change", () => {
      field.value = select.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  function look() {
    document.querySelectorAll("[data-stage-choice]").forEach(enhance);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector('[data-contentpath="stages"]')) return;
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    document.addEventListener("change", (event) => {
      if (!event.target.name || !event.target.name.endsWith("-staff_name")) return;
      document.querySelectorAll("[data-stage-choice]").forEach((field) => {
        if (field.nextElementSibling) fill(field.nextElementSibling, field);
      });
    });
  });
})();
