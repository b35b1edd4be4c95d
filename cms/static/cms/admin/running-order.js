/* The running order, open on a tablet: every ten seconds its lines are fetched anew, and replaced
   when they differ. The button that had the focus keeps it. Without this script "Look again" does
   the same, and a press on an old line writes over nothing. */
(() => {
  "use strict";
  const box = document.querySelector("[data-day]");
  if (!box) return;
  const news = document.querySelector("[data-day-news]");
  const bare = (root) => [...root.querySelectorAll(".day-line")].map((line) => `${line.id} ${line.querySelector("[name=version]").value}`).join();
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(box.dataset.day, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    const changed = bare(found) !== bare(box);
    const held = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : "";
    if (!changed) {
      box.querySelector(".day-count").replaceWith(found.querySelector(".day-count"));
      return;
    }
    box.replaceChildren(...found.childNodes);
    news.textContent = box.dataset.news;
    if (held) {
      const again = box.querySelector(`[data-key="${CSS.escape(held)}"]`);
      const line = box.querySelector(`#line-${held.split("-")[0]} button`);
      (again || line || box.querySelector("button") || document.body).focus();
    }
  };
  window.setInterval(() => look().catch(() => {}), Number(box.dataset.every || 10) * 1000);
})();
