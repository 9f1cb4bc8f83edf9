// How the app reads Firestore for the least money: docs/clients.md. The functions do what internal/tests/webclient/reference.mjs
// does, whose cost is measured.

import {
  getCountFromServer, getDoc, getDocFromCache, getDocsFromCache, onSnapshot, query, Timestamp, where,
  type CollectionReference, type DocumentReference, type DocumentSnapshot, type Query, type QuerySnapshot,
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

/** By the path of a collection, when it was last in sync, and the latest updatedAt that the server has sent. */
type Syncs = Record<string, { readonly at?: number; readonly newest?: readonly [seconds: number, nanoseconds: number] }>

/** Whether this device has had all documents of a collection, or has just created it: then an empty cache says something. */
export const wasInSync = ({ path }: CollectionReference): boolean => recall<Syncs>('syncs')?.[path]?.at !== undefined

/** Remembers more of a collection. */
function know({ path }: CollectionReference, more: Syncs[string]): void {
  const all = recall<Syncs>('syncs')
  remember('syncs', { ...all, [path]: { ...all?.[path], ...more } })
}

/** Notes that the device has all documents of a collection now. The app may end at any time. */
export function noteInSync(all: CollectionReference): void {
  know(all, { at: Date.now() })
}

/**
 * Keeps the cache of a collection up to date until the returned function is called. Calls changed whenever the cache may have changed,
 * and says whether the server has said that it has everything.
 */
export function keepInSync(all: CollectionReference, changed: (isComplete: boolean) => void, failed: (error: unknown) => void): () => void {
  const stops: (() => void)[] = []
  let closed = false
  let inSync = false
  const known = (): Syncs[string] => recall<Syncs>('syncs')?.[all.path] ?? {}
  const listen = (target: Query, each: (isFromServer: boolean) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      stops.push(onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
        const isFromServer = !snapshot.metadata.fromCache
        // Not what the cache has: a write of this device may be newer than one of another that is still missing.
        const newest = isFromServer && !snapshot.metadata.hasPendingWrites ? newestOf(snapshot) : undefined
        if (newest) know(all, { newest: [newest.seconds, newest.nanoseconds] })
        each(isFromServer)
        if (isFromServer) resolve()
      }, reject))
    })
  const listenToAll = (): Promise<void> => listen(all, (isFromServer) => {
    inSync = isFromServer
    if (inSync) noteInSync(all)
    changed(inSync)
  })
  const start = async (): Promise<void> => {
    const { empty } = await getDocsFromCache(all)
    const { at = 0, newest } = known()
    if (closed) return
    if (empty || !newest || Date.now() - at < freeResume) return listenToAll()
    await listen(query(all, where('updatedAt', '>', new Timestamp(...newest))), () => changed(false))
    const { count } = (await getCountFromServer(all)).data()
    const cached = (await getDocsFromCache(all)).size
    if (closed) return
    if (count === cached) return changed(true)
    stops.pop()?.()
    await listenToAll() // something was deleted elsewhere
  }
  start().catch((error: unknown) => { if (!closed) failed(error) })
  return () => {
    closed = true
    if (inSync) noteInSync(all)
    for (const stop of stops) stop()
  }
}

/** The latest updatedAt, undefined if there is none: a write has none before it is committed. */
function newestOf({ docs }: QuerySnapshot): Timestamp | undefined {
  return docs.map((found) => found.get('updatedAt') as Timestamp | null).filter((time) => time !== null)
    .sort((a, b) => a.toMillis() - b.toMillis() || a.nanoseconds - b.nanoseconds).at(-1)
}
