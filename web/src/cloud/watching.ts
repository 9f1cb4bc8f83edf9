// Shows what the cache has, and never that there is nothing unless that is known. With several tabs, Firebase's SDK may leave one
// without an answer, or with a part of it: a tab learns from the one that has the connection, which may just have closed, and asks
// the cache only for what is newer than the last that it saw. So the app looks itself, and begins again.

import { getDocsFromCache, onSnapshot, type CollectionReference, type QuerySnapshot } from 'firebase/firestore'
import { keepInSync, wasInSync } from './reading.ts'

const report = (error: unknown): void => console.error(error)
const patience = 10_000
const longestPatience = 60_000

/** Begins to listen, and again, less and less often, until the server has answered. */
export function insist(begin: (answered: () => void) => () => void): { readonly again: () => void; readonly stop: () => void } {
  let stop = (): void => {}
  let timer: ReturnType<typeof setTimeout>
  let wait = patience
  const again = (): void => {
    clearTimeout(timer)
    stop()
    timer = setTimeout(again, wait)
    wait = Math.min(2 * wait, longestPatience)
    stop = begin(() => clearTimeout(timer))
  }
  again()
  return { again, stop: () => { clearTimeout(timer); stop() } }
}

/** Shows the documents of a collection until the returned function is called. */
export function watch(all: CollectionReference, show: (found: QuerySnapshot) => void): () => void {
  let found: QuerySnapshot | undefined
  let isSure = !navigator.onLine && wasInSync(all)
  let closed = false
  let attempts = 3
  const tell = (): void => {
    isSure ||= !!found && !found.empty // what leaves it now has been removed
    if (found && isSure) show(found)
  }
  /** Whether the cache has something else than what is shown, for longer than another tab's write takes. */
  const differs = async (): Promise<boolean> => found !== undefined && contentOf(await getDocsFromCache(all)) !== contentOf(found)
  const compare = async (): Promise<void> => {
    if (!await differs()) return
    await new Promise((resolve) => { setTimeout(resolve, 1000) })
    if (!closed && await differs() && !closed && attempts-- > 0) listening.again()
  }
  const look = (): void => { compare().catch(report) }
  const listening = insist((answered) => {
    const stopCache = onSnapshot(all, { source: 'cache' }, (next) => { found = next; tell() }, report)
    const stopSync = keepInSync(all, () => { answered(); isSure = true; tell(); look() }, report)
    return () => { stopCache(); stopSync() }
  })
  document.addEventListener('visibilitychange', look)
  return () => {
    closed = true
    document.removeEventListener('visibilitychange', look)
    listening.stop()
  }
}

const contentOf = ({ docs }: QuerySnapshot): string => docs.map((one) => `${one.id} ${one.get('updatedAt')}`).join()
