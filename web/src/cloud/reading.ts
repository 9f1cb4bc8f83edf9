// How the app reads Firestore for the least money: docs/clients.md. The functions do what internal/tests/webclient/reference.mjs
// does, whose cost is measured.

import {
  getCountFromServer, getDoc, getDocFromCache, getDocsFromCache, onSnapshot, query, where,
  type CollectionReference, type DocumentReference, type DocumentSnapshot, type Query, type QuerySnapshot, type Timestamp,
} from 'firebase/firestore'
import { recall, remember } from '../model/remembered.ts'

/** Firestore bills a listener that was away for longer as a new query. */
const freeResume = 30 * 60 * 1000

/** Reads a document that hardly ever changes: from the cache, if it is there. */
export async function once(reference: DocumentReference): Promise<DocumentSnapshot> {
  try {
    const cached = await getDocFromCache(reference)
    if (cached.exists()) return cached
  } catch {
    // Not cached.
  }
  return getDoc(reference)
}

type SyncTimes = Record<string, number>

/**
 * Keeps the cache of a collection up to date until the returned function is called. Whoever shows the documents listens to
 * the cache.
 */
export function keepInSync(all: CollectionReference, failed: (error: unknown) => void): () => void {
  const stops: (() => void)[] = []
  let closed = false
  let inSync = false
  const rememberSync = (): void => { remember('inSync', { ...recall<SyncTimes>('inSync'), [all.path]: Date.now() }) }
  const listen = (target: Query, each: (snapshot: QuerySnapshot) => void = () => {}): Promise<void> =>
    new Promise((resolve, reject) => {
      stops.push(onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
        each(snapshot)
        if (!snapshot.metadata.fromCache) resolve()
      }, reject))
    })
  const listenToAll = (): Promise<void> => listen(all, ({ metadata }) => {
    inSync = !metadata.fromCache
    if (inSync) rememberSync() // the app may end at any time
  })
  const start = async (): Promise<void> => {
    const newest = newestOf(await getDocsFromCache(all))
    if (closed) return
    if (!newest || Date.now() - (recall<SyncTimes>('inSync')?.[all.path] ?? 0) < freeResume) return listenToAll()
    await listen(query(all, where('updatedAt', '>', newest)))
    const { count } = (await getCountFromServer(all)).data()
    const cached = (await getDocsFromCache(all)).size
    if (closed || count === cached) return
    stops.pop()?.()
    await listenToAll() // something was deleted elsewhere
  }
  start().catch((error: unknown) => { if (!closed) failed(error) })
  return () => {
    closed = true
    if (inSync) rememberSync()
    for (const stop of stops) stop()
  }
}

/** The latest updatedAt, undefined if there is none: a write has none before it is committed. */
function newestOf({ docs }: QuerySnapshot): Timestamp | undefined {
  return docs.map((found) => found.get('updatedAt') as Timestamp | null).filter((time) => time !== null)
    .sort((a, b) => a.toMillis() - b.toMillis() || a.nanoseconds - b.nanoseconds).at(-1)
}
