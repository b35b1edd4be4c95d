/* Makes two things nicer, both of which work without it: dropping a file, and the progress bar. */
(() => {
  const drop = document.querySelector('[data-drop]');
  if (drop) {
    const box = drop.querySelector('.rosters-drop');
    const input = drop.querySelector('input[type="file"]');
    const chosen = drop.querySelector('.rosters-chosen');
    const say = () => {
      const file = input.files[0];
      chosen.textContent = file ? `${file.name} (${Math.max(1, Math.round(file.size / 1024)).toLocaleString('en-GB')} KB)` : '';
    };
    const mark = (on) => box.classList.toggle('rosters-drop--over', on);
    box.addEventListener('dragover', (event) => { event.preventDefault(); mark(true); });
    box.addEventListener('dragleave', () => mark(false));
    box.addEventListener('drop', (event) => {
      event.preventDefault();
      mark(false);
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; say(); }
    });
    input.addEventListener('change', say);
  }

  const progress = document.querySelector('[data-progress]');
  if (progress) {
    const bar = progress.querySelector('progress');
    const phase = progress.querySelector('[data-phase]');
    const figures = progress.querySelector('[data-figures]');
    const number = (value) => value.toLocaleString('en-GB');
    const look = async () => {
      try {
        const answer = await (await fetch(progress.dataset.progress, { headers: { Accept: 'application/json' } })).json();
        if (!answer.moving) { window.location.reload(); return; }
        if (answer.phase) phase.textContent = answer.phase;
        if (answer.total) { bar.max = answer.total; bar.value = answer.done; }
        const parts = [answer.total ? `${number(answer.done)} of ${number(answer.total)} rows` : `${number(answer.done)} rows`];
        if (answer.rate) parts.push(`${number(answer.rate)} a second`);
        if (answer.left !== null) parts.push(`about ${number(answer.left)} s to go`);
        figures.textContent = parts.join(' · ');
      } catch (error) { /* the next look will tell */ }
      window.setTimeout(look, 1000);
    };
    window.setTimeout(look, 800);
  }
})();
