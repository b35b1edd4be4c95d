/* Leaving at once: Back must not lead here again, so the entry in the history is replaced. */
(() => {
  const link = document.querySelector("[data-quick-exit]");
  if (!link) return;
  const leave = () => {
    document.body.hidden = true;
    window.location.replace(link.href);
  };
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let pressed = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const now = Date.now();
    pressed = [...pressed.filter((then) => now - then < 3000), now];
    if (pressed.length > 2) leave();
  });
})();
