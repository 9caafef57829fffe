{% comment %}
The till's service worker: keeps the till's own files, so that the page opens without connection.

files: the addresses that it keeps, as a JSON list. It answers for these and nothing else; no answer of the API is ever kept.
{% endcomment %}const CACHE = "fiel-till";
const PATIENCE_MS = 5000;
const FILES = new Set({{ files }});

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...FILES])).then(() => self.skipWaiting()));
});

// Files of an earlier version go by other names, and nobody asks for them any more.
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    for (const request of await cache.keys()) if (!FILES.has(new URL(request.url).pathname)) await cache.delete(request);
  })());
});

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === self.location.origin && FILES.has(pathname)) event.respondWith(freshOrKept(event.request, pathname));
});

// What the server has is what counts; what is kept is for when it cannot be reached.
async function freshOrKept(request, pathname) {
  const cache = await caches.open(CACHE);
  let timer;
  try {
    const late = new Promise((_resolve, reject) => { timer = setTimeout(() => reject(new Error("late")), PATIENCE_MS); });
    const response = await Promise.race([fetch(request), late]);
    if (response.ok && !response.redirected) await cache.put(pathname, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(pathname, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
