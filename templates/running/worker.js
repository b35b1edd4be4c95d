{% autoescape off %}// Keeps one register usable without a connection, and forgets it when its time is over.
const FACTS = {{ facts }};{% endautoescape %}

const isOver = () => Date.now() >= FACTS.until;

async function forget() {
  await caches.delete(FACTS.cache);
  if (isOver()) await self.registration.unregister();
}

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(FACTS.cache);
    await cache.addAll(FACTS.assets);
    const page = await fetch(FACTS.page, { headers: { 'X-Kept-On-Phone': '1' } });
    if (page.ok && !page.redirected) await cache.put(FACTS.page, page);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  if (event.data === 'forget') event.waitUntil(forget());
});

async function page(request) {
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const kept = isOver() ? undefined : await caches.match(FACTS.page, { cacheName: FACTS.cache });
    return kept || new Response('No connection.', { status: 503, headers: { 'Content-Type': 'text/plain' } });
  }
  const cache = await caches.open(FACTS.cache);
  if (answer.ok && !answer.redirected && answer.type === 'basic' && !isOver()) {
    await cache.put(FACTS.page, answer.clone());
  } else {
    await forget(); // signed out, off the team, or closed
  }
  return answer;
}

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  const path = new URL(event.request.url).pathname;
  if (path === FACTS.page) {
    event.respondWith(page(event.request));
  } else if (FACTS.assets.includes(path)) {
    event.respondWith((async () => {
      const kept = await caches.match(event.request, { cacheName: FACTS.cache });
      return kept || fetch(event.request);
    })());
  } else if (event.request.mode === 'navigate') {
    event.respondWith(fetch(event.request).catch(() => new Response(
      'No connection. Health notes are on the printed sheet of the course lead.',
      { status: 503, headers: { 'Content-Type': 'text/plain; charset=utf-8' } },
    )));
  }
});
