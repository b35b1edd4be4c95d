/* Notes beside the editor: written, answered and resolved without leaving it, and a mark on each
   block that says how many are open. Without this the notes have a page of their own. */
(function () {
  "use strict";

  const marks = new WeakMap();

  function panel() {
    return document.querySelector("[data-hub-notes]");
  }

  function counts() {
    const found = new Map();
    panel().querySelectorAll("[data-hub-thread]").forEach((thread) => {
      const id = thread.dataset.hubThread;
      found.set(id, (found.get(id) || 0) + 1);
    });
    return found;
  }

  function words(part, number) {
    const about = window.hubOutline.name(part);
    if (!number) return `Write a note on ${about}`;
    return number === 1 ? `1 open note on ${about}` : `${number} open notes on ${about}`;
  }

  function makeMark(part) {
    const place = part.child && part.child.element.querySelector(".w-panel__controls");
    if (!place) return null;
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = "hub-note-mark";
    mark.innerHTML = '<svg class="icon icon-comment" aria-hidden="true"><use href="#icon-comment"></use></svg><span></span>';
    mark.addEventListener("click", () => open(part.id));
    place.prepend(mark);
    marks.set(part.child, mark);
    return mark;
  }

  function drawMarks() {
    if (!panel() || !window.hubOutline) return;
    const open = counts();
    window.hubOutline.current.byId.forEach((part) => {
      const mark = (part.child && marks.get(part.child)) || makeMark(part);
      if (!mark) return;
      const number = open.get(part.id) || 0;
      const said = words(part, number);
      if (mark.title === said) return;
      mark.title = said;
      mark.setAttribute("aria-label", said);
      mark.lastChild.textContent = number || "";
      mark.classList.toggle("hub-note-mark--open", number > 0);
    });
  }

  function open(id) {
    const notes = panel();
    if (notes.offsetParent === null) document.querySelector("[data-side-panel-toggle='notes']").click();
    const thread = id && notes.querySelector(`[data-hub-thread="${id}"] textarea`);
    const about = notes.querySelector("[data-hub-note-about]");
    if ([...about.options].some((option) => option.value === id)) about.value = id;
    hold(thread || notes.querySelector("[data-hub-note-new] textarea"), 90);
  }

  /* A panel that is only just opening cannot hold the focus yet, so it is given until it does. */
  function hold(field, frames) {
    field.focus();
    if (document.activeElement !== field && frames) window.requestAnimationFrame(() => hold(field, frames - 1));
  }

  async function send(button) {
    const notes = panel();
    const box = button.closest("section");
    const body = new URLSearchParams({
      action: button.dataset.hubNote,
      thread: button.dataset.thread || "",
      text: box.querySelector("[data-hub-note-text]").value,
      about: (box.querySelector("[data-hub-note-about]") || { value: "" }).value,
      csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value,
    });
    button.disabled = true;
    let said = "The note could not be sent. Check your connection and try again.";
    try {
      const answer = await fetch(notes.dataset.hubNotes, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) {
        notes.querySelector("[data-hub-notes-content]").innerHTML = await answer.text();
        said = "";
      } else if (answer.status === 422) {
        said = await answer.text();
      }
    } catch (error) {
      button.disabled = false;
    }
    button.disabled = false;
    const problem = notes.querySelector("[data-hub-note-problem]");
    problem.textContent = said;
    problem.hidden = !said;
    if (said) return;
    const counter = document.querySelector("[data-side-panel-toggle='notes'] [data-side-panel-toggle-counter]");
    const number = notes.querySelectorAll("[data-hub-thread]").length;
    if (counter) {
      counter.textContent = number || "";
      counter.hidden = !number;
    }
    drawMarks();
    notes.querySelector("[data-hub-note-new] textarea").focus();
  }

  document.addEventListener("hub:outline", drawMarks);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-hub-note]");
    if (button) send(button);
  });
})();
