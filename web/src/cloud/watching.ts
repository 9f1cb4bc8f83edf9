// Shows what the cache has, and never that there is nothing unless that is known. With several tabs, Firebase's SDK may leave one
// without an answer, or with a part of it: a tab learns from the one that has the connection, which may just have closed, and asks
// the cache only for what is newer than the last that it saw. So the app reads the cache itself whenever something may have changed,
// and listens again if no answer comes. It has no listeners of the cache: a tab that loses the connection forgets those whose query
// no listener of the server has, and fails for good when they end.

import { getDocsFromCache, type CollectionReference, type QuerySnapshot } from 'firebase/firestore'
import { keepInSync, wasInSync } from './reading.ts'

const report = (error: unknown): void => console.error(error)
const patience = 10_000
const longestPatience = 60_000

/** Begins to listen, and again, less and less often, until the server has answered. Returns a function that stops. */
export function insist(begin: (answered: () => void) => () => void): () => void {
  let stop = (): void => {}
  let timer: ReturnType<typeof setTimeout>
  let wait = patience
  const again = (): void => {
    stop()
    timer = setTimeout(again, wait)
    wait = Math.min(2 * wait, longestPatience)
    stop = begin(() => clearTimeout(timer))
  }
  again()
  return () => { clearTimeout(timer); stop() }
}

/** Shows the documents of a collection until stop is called. */
export function watch(all: CollectionReference, show: (found: QuerySnapshot) => void): { readonly refresh: () => void; readonly stop: () => void } {
  let isSure = !navigator.onLine && wasInSync(all)
  let closed = false
  const read = async (): Promise<void> => {
    const found = await getDocsFromCache(all)
    if (closed) return
    isSure ||= !found.empty // what leaves it from now on has been removed
    if (isSure) show(found)
  }
  const refresh = (): void => { read().catch(report) }
  refresh()
  const stop = insist((answered) => keepInSync(all, (isComplete) => {
    if (isComplete) {
      answered()
      isSure = true
    }
    refresh()
  }, report))
  return { refresh, stop: () => { closed = true; stop() } }
}
