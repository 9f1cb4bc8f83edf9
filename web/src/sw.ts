// The service worker: keeps the app's files, so that it opens without a network, and shows notifications (swpush.ts). Data is not
// its business: Firestore keeps its own, and course lists are in a cache of their own (cloud/courselist.ts).

import { listenForPush } from './swpush.ts'

declare const self: ServiceWorkerGlobalScope

// The build writes the names of its files here. They contain hashes of their content, so a name is never another file.
const files = '__PRECACHE__'.split(' ').map((name) => `/${name}`)
const cacheName = 'app'

listenForPush(self)

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(cacheName)
    const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname))
    await cache.addAll([...files.filter((file) => !kept.has(file)), new Request('/', { cache: 'reload' }), '/icon.svg', '/manifest.webmanifest'])
    await self.skipWaiting()
  })())
})

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(cacheName)
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url)
      if (pathname.startsWith('/assets/') && !files.includes(pathname)) await cache.delete(request)
    }
    await self.clients.claim()
  })())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (files.includes(url.pathname) || url.pathname === '/icon.svg' || url.pathname === '/manifest.webmanifest') {
    event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(request)))
  } else if (request.mode === 'navigate' && url.pathname === '/') {
    event.respondWith(openApp(request))
  }
})

/** The newest page, which names the newest files. Without a network, or when it takes long, the one that is kept. */
async function openApp(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName)
  const kept = await cache.match('/')
  const fresh = fetch(request).then(async (response) => {
    if (response.ok) await cache.put('/', response.clone())
    return response
  })
  if (!kept) return fresh
  const patience = new Promise<Response>((resolve) => { setTimeout(() => resolve(kept.clone()), 1500) })
  return Promise.race([fresh.catch(() => kept.clone()), patience])
}
