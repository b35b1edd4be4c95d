/* Keeps the map beside the editor true to the unsaved draft: it is drawn by the server from what
   the editor holds, whenever something has changed and the panel is open. */
(function () {
  "use strict";

  let timer = 0;
  let sent = "";
  let running = null;
  let said = [];

  function panel() {
    return document.querySelector("[data-hub-map][data-url]:not([data-url=''])");
  }

  function isOpen(map) {
    return map.offsetParent !== null;
  }

  function setCount(data) {
    const counter = document.querySelector("[data-side-panel-toggle='map'] [data-side-panel-toggle-counter]");
    if (!counter) return;
    counter.textContent = data.errors || "";
    counter.hidden = !data.errors;
  }

  /* What there is to mend, said on the block it is about; on its step while that is closed. */
  function annotate(notes) {
    document.querySelectorAll(".hub-note").forEach((note) => note.remove());
    if (!window.hubOutline) return;
    notes.forEach((note) => {
      const part = window.hubOutline.current.byId.get(note.id);
      if (!part) return;
      const block = part.child || part.step.child;
      const header = block.element.querySelector(".w-panel__header");
      if (!header) return;
      const line = document.createElement("p");
      line.className = "hub-note";
      line.dataset.level = note.level;
      line.textContent = part.child ? note.message : `${window.hubOutline.name(part)}: ${note.message}`;
      header.after(line);
    });
  }

  async function draw() {
    const map = panel();
    const form = document.querySelector("form[data-edit-form]") || document.querySelector("#w-editor-form");
    if (!map || !form) return;
    const body = new FormData(form);
    const days = map.querySelector("[data-hub-map-days]");
    const sample = map.querySelector("[data-hub-map-sample]");
    body.set("map-days", days ? days.value : "");
    body.set("map-sample", sample ? sample.value : "");
    const plain = new URLSearchParams(body).toString();
    if (plain === sent) return;
    sent = plain;
    if (running) running.abort();
    running = new AbortController();
    try {
      const answer = await fetch(map.dataset.url, {
        method: "POST",
        body,
        signal: running.signal,
        headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      if (!answer.ok) return;
      const data = await answer.json();
      if (!data.is_valid) return;
      const content = map.querySelector("[data-hub-map-content]");
      const wasOpen = content.querySelector("details[open]") !== null;
      content.innerHTML = data.html;
      if (wasOpen) content.querySelector("details").open = true;
      setCount(data);
      said = data.notes;
      annotate(said);
    } catch (error) {
      if (error.name !== "AbortError") sent = "";
    }
  }

  function soon(delay) {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => draw(), delay);
  }

  document.addEventListener("hub:woken", () => window.setTimeout(() => annotate(said), 300));
  document.addEventListener("hub:outline", () => {
    const map = panel();
    if (map) soon(isOpen(map) ? 900 : 3000);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-side-panel-toggle='map']")) soon(100);
    const go = event.target.closest("[data-hub-go]");
    if (!go || !window.hubOutline) return;
    const part = window.hubOutline.current.byId.get(go.dataset.hubGo);
    if (part) window.hubOutline.goTo(part);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-hub-map]")) soon(0);
  });
})();
