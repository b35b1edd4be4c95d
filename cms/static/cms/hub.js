/* Enhancement only: every page works without this file. */
(() => {
  // An error summary that the server wrote takes focus, as it would after a page load with #.
  // One that the handbook only shows does not.
  const summary = document.querySelector("[data-error-summary]:not(.specimen *)");
  if (summary) summary.focus();

  // Print buttons exist only where they can work.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Escape closes the narrow menu and gives focus back to what opened it.
  const menu = document.querySelector(".menu--narrow");
  if (menu) {
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
  }

  // A second click on Continue must not look like a second answer.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      window.setTimeout(() => delete form.dataset.sent, 4000);
    });
  }

  // An outside film is asked for by a click, and by nothing else.
  for (const film of document.querySelectorAll("[data-player]")) {
    film.hidden = false;
    film.querySelector("button").addEventListener("click", () => {
      const frame = document.createElement("iframe");
      frame.title = film.dataset.title;
      frame.allow = "autoplay; fullscreen; picture-in-picture; encrypted-media";
      frame.referrerPolicy = "strict-origin"; // such sites refuse to play for nobody
      frame.sandbox = "allow-scripts allow-same-origin allow-popups allow-presentation";
      frame.src = film.dataset.player;
      film.replaceChildren(frame);
      frame.focus();
    });
  }

  // The time that is left for a held place, said aloud at most once a minute.
  for (const timer of document.querySelectorAll("[data-expires]")) {
    const words = timer.querySelector("[data-timer-words]");
    const ends = Date.parse(timer.dataset.expires);
    let said = null;
    const tick = () => {
      const minutes = Math.ceil((ends - Date.now()) / 60000);
      if (minutes === said) return;
      said = minutes;
      timer.classList.toggle("timer--soon", minutes <= 5 && minutes > 0);
      timer.classList.toggle("timer--over", minutes <= 0);
      if (minutes > 1) words.textContent = timer.dataset.many.replace("{n}", minutes);
      else words.textContent = minutes === 1 ? timer.dataset.one : timer.dataset.over;
    };
    tick();
    window.setInterval(tick, 5000);
  }
})();
