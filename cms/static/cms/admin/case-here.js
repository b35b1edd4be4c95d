/* The case page, open: every half minute it says so, shows who else has the case open, and tells
   when something has happened to it. Without this script a stale press still loses nothing. */
(() => {
  "use strict";
  const box = document.querySelector("[data-here]");
  if (!box) return;
  const token = box.querySelector("[name=csrfmiddlewaretoken]").value;
  const ask = async () => {
    if (document.hidden) return;
    const answer = await fetch(box.dataset.here, { method: "POST", headers: { "X-CSRFToken": token } });
    if (!answer.ok) return;
    const { others, last } = await answer.json();
    box.querySelector("[data-here-names]").textContent = others.join(", ");
    box.querySelector("[data-here-who]").hidden = others.length === 0;
    box.querySelector("[data-here-moved]").hidden = String(last) === box.dataset.last;
  };
  window.setInterval(() => ask().catch(() => {}), 30000);
})();
