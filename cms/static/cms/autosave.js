/* Long forms are saved while they are written. Enhancement only: Continue saves all the same. */
(() => {
  const form = document.querySelector("form[data-autosave]");
  const says = document.querySelector("[data-autosave-words]");
  if (!form || !says) return;
  let waiting = null;
  let stopped = false;

  const save = async () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    data.set("autosave", "1");
    try {
      const answer = await fetch(form.action, {method: "POST", body: new URLSearchParams(data)});
      if (stopped) return;
      if (answer.ok) {
        form.querySelector("[name=rev]").value = (await answer.json()).mark;
        says.textContent = says.dataset.saved;
      } else if (answer.status === 409) {
        stopped = true;
        says.textContent = says.dataset.changed;
      } else says.textContent = says.dataset.failed;
    } catch {
      says.textContent = says.dataset.failed;
    }
  };

  const soon = () => {
    window.clearTimeout(waiting);
    if (!stopped) waiting = window.setTimeout(save, 2000);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", () => {
    stopped = true;
    window.clearTimeout(waiting);
  });
})();
