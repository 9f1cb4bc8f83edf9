// Loads course lists. A list is named by its content and never changes, so it is kept for offline use, and a device that
// has an older one loads only the difference. docs/clients.md, docs/list-deltas.md

import { applyDelta, deltaUrl, listName } from '../listdelta.ts'
import { config, storageOrigin } from './config.ts'
import { RequestError } from './publicdata.ts'
import { recall, remember } from '../model/remembered.ts'

const cacheName = 'lists'

/** Forgets a list that turned out to be damaged: next time it is loaded again, past the browser's cache. */
export async function forgetList(lecturesUrl: string): Promise<void> {
  damaged.add(lecturesUrl)
  const cache = await caches.open(cacheName).catch(() => undefined)
  await cache?.delete(await downloadUrl(lecturesUrl))
}

const damaged = new Set<string>()

/** The list at a semester's lecturesUrl, as bytes. */
export async function loadList(semester: string, lecturesUrl: string): Promise<Uint8Array> {
  const cache = 'caches' in globalThis ? await caches.open(cacheName).catch(() => undefined) : undefined
  const kept = await cache?.match(await downloadUrl(lecturesUrl))
  if (kept) return new Uint8Array(await kept.arrayBuffer())
  const last = recall<Record<string, string>>('lists') ?? {}
  const list = (await update(cache, last[semester], lecturesUrl)) ?? (await download(lecturesUrl))
  try {
    await cache?.put(await downloadUrl(lecturesUrl), new Response(list.slice().buffer))
    const older = last[semester]
    if (older && older !== lecturesUrl) await cache?.delete(await downloadUrl(older))
    remember('lists', { ...last, [semester]: lecturesUrl })
  } catch {
    // The device has no room. The list is loaded again next time.
  }
  return list
}

/** Makes the list of the one that the device has and the difference. Undefined if that is not possible. */
async function update(cache: Cache | undefined, from: string | undefined, to: string): Promise<Uint8Array | undefined> {
  const delta = from ? deltaUrl(from, to) : undefined
  const name = listName(to)
  if (!cache || !from || !delta || !name) return undefined
  try {
    const older = await cache.match(await downloadUrl(from))
    if (!older) return undefined
    return await applyDelta(new Uint8Array(await older.arrayBuffer()), await download(delta), name)
  } catch {
    return undefined // the whole list is always right
  }
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(await downloadUrl(url), damaged.has(url) ? { cache: 'reload' } : {})
  if (!response.ok) throw new RequestError(response.status, url)
  return new Uint8Array(await response.arrayBuffer())
}

/** The public address of an object at gs://BUCKET/OBJECT. */
async function downloadUrl(url: string): Promise<string> {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(url) ?? []
  if (!bucket || !object) throw new Error(`${url} is not the address of an object`)
  return `${storageOrigin(await config())}/v0/b/${bucket}/o/${encodeURIComponent(object)}?alt=media`
}
