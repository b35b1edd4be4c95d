// The register on a phone: marks are kept here first and sent when there is a connection. Each has
// an id of its own, so that sending it twice counts once. The server decides; its words are shown.
(() => {
  const root = document.getElementById('register');
  if (!root) return;
  const says = root.dataset;
  const until = Number(says.until);
  const key = `register-${says.register}`;
  const line = document.querySelector('[data-line]');
  const token = root.querySelector('[name=csrfmiddlewaretoken]');
  let isSending = false;

  const queue = () => JSON.parse(localStorage.getItem(key) || '[]');
  const keep = (marks) => (marks.length ? localStorage.setItem(key, JSON.stringify(marks)) : localStorage.removeItem(key));
  const row = (place) => root.querySelector(`[data-place="${CSS.escape(String(place))}"]`);
  const clock = (when) => new Date(when).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/London' });

  async function forget(words) {
    localStorage.removeItem(key);
    if ('caches' in window) await caches.delete(key);
    if ('serviceWorker' in navigator) {
      const mine = await navigator.serviceWorker.getRegistration(says.worker);
      if (mine) await mine.unregister();
    }
    const last = document.createElement('p');
    last.setAttribute('role', 'alert');
    last.textContent = words;
    root.replaceChildren(last);
    line.textContent = '';
    clearInterval(timer);
  }

  function count() {
    for (const tag of root.querySelectorAll('[data-count]')) {
      tag.textContent = root.querySelectorAll(`[data-place][data-state="${tag.dataset.count}"]`).length;
    }
  }

  function show(place, state, words, times, waits) {
    const item = row(place);
    if (!item) return;
    item.dataset.state = state;
    item.querySelector('[data-words]').textContent = words;
    item.querySelector('[data-times]').textContent = times;
    item.querySelector('[data-waits]').textContent = waits ? says.saysWaits : '';
    for (const part of item.querySelectorAll('[data-when]')) {
      part.hidden = !part.dataset.when.split(' ').includes(state);
    }
  }

  function showKept() {
    const after = { in: 'here', out: 'left', absent: 'absent', undo: 'expected' };
    for (const mark of queue()) {
      const state = after[mark.kind];
      const words = { here: says.saysHere, left: says.saysLeft, absent: says.saysAbsent, expected: says.saysExpected }[state];
      if (state) show(mark.place, state, words, [clock(mark.at), mark.collector].filter(Boolean).join(', '), true);
    }
    count();
  }

  function showRows(rows) {
    for (const one of rows) {
      const times = [one.in_at, one.out_at].filter(Boolean).join(' – ') + (one.collector ? `, ${one.collector}` : '');
      show(one.place, one.state, one.words, times, false);
    }
    showKept();
  }

  function showConflicts(marks, sent) {
    const box = root.querySelector('[data-conflicts]');
    for (const mark of marks.filter((one) => one.words)) {
      const of = sent.find((one) => one.id === mark.id);
      const item = document.createElement('li');
      const name = document.createElement('strong');
      name.textContent = of && row(of.place) ? row(of.place).dataset.name : '';
      item.append(name, `: ${mark.words}`);
      box.querySelector('ul').prepend(item);
      box.hidden = false;
    }
  }

  async function send() {
    if (Date.now() >= until) return forget(says.saysOver);
    if (isSending) return undefined;
    isSending = true;
    const marks = queue();
    try {
      const answer = await fetch(says.marks, {
        method: marks.length ? 'POST' : 'GET',
        redirect: 'error',
        headers: { 'X-CSRFToken': token ? token.value : '', ...(marks.length ? { 'Content-Type': 'application/json' } : {}) },
        body: marks.length ? JSON.stringify({ marks }) : undefined,
      });
      if (answer.status === 404) {
        await forget(says.saysGone);
        return undefined;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      const done = new Set(said.marks.map((one) => one.id));
      keep(queue().filter((one) => !done.has(one.id)));
      showRows(said.rows);
      showConflicts(said.marks, marks);
      line.textContent = says.saysAll;
      line.dataset.lost = '';
    } catch {
      const kept = queue().length;
      line.textContent = kept ? says.saysKept.replace('{n}', kept) : says.saysLost;
      line.dataset.lost = 'yes';
    } finally {
      isSending = false;
    }
    return undefined;
  }

  root.addEventListener('submit', (event) => {
    const form = event.target.closest('[data-mark]');
    if (!form || !event.submitter) return;
    event.preventDefault();
    const typed = new FormData(form);
    const kind = event.submitter.value;
    const other = (typed.get('collector_other') || '').trim();
    const chosen = typed.get('collector');
    if (kind === 'out' && !other && chosen === null) {
      form.querySelector('[name=collector_other]').focus();
      return;
    }
    keep([...queue(), {
      id: crypto.randomUUID(),
      place: Number(typed.get('place')),
      kind,
      at: new Date().toISOString(),
      collector: kind === 'out' ? other || chosen || '' : '',
      sure: typed.has('sure'),
    }]);
    const open = form.querySelector('details[open]');
    if (open) open.open = false;
    form.reset();
    showKept();
    send();
  });

  const find = root.querySelector('[data-find]');
  find.addEventListener('input', () => {
    const wanted = find.value.trim().toLowerCase();
    for (const item of root.querySelectorAll('[data-place]')) {
      item.hidden = !item.dataset.name.toLowerCase().includes(wanted);
    }
  });

  const timer = setInterval(send, 20000);
  if (Date.now() >= until) {
    forget(says.saysOver);
    return;
  }
  setTimeout(() => forget(says.saysOver), Math.min(until - Date.now(), 2 ** 31 - 1));
  for (const item of root.querySelectorAll('[data-place]')) {
    for (const part of item.querySelectorAll('[data-when]')) {
      part.hidden = !part.dataset.when.split(' ').includes(item.dataset.state);
    }
  }
  showKept();
  window.addEventListener('online', send);
  if ('serviceWorker' in navigator) {
    navigator.serviceWorker.register(says.worker).catch(() => {});
    const button = root.querySelector('[data-forget]');
    button.hidden = false;
    button.addEventListener('click', () => forget(says.saysGone));
  }
  send();
})();
