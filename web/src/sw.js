/* Keeps the whole page, so that it opens without a network after the first visit. It fetches nothing from anywhere else. */
const FILES = __FILES__;
const NAME = "nparams-" + __VERSION__;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("nparams-") && name !== NAME);
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(old(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(
    caches.open(NAME).then((cache) => cache.match(request, { ignoreSearch: true }).then((kept) => kept ?? fetch(request))),
  );
});
