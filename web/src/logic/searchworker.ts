// The worker that searches: it keeps the list and its index, so that neither indexing nor a key ever blocks the page. The
// page talks to it through SearchClient (searchclient.ts).

import type { LectureFields } from '../lecturechanges.ts'
import { search, type SearchRequest, type SearchResult } from './search.ts'
import { buildIndex, type SearchIndex } from './searchindex.ts'

/** What the page posts: a list to search in from now on, or a search in the latest list. */
export type SearchMessage =
  | { readonly kind: 'list'; readonly id: number; readonly lectures: readonly LectureFields[] }
  | { readonly kind: 'search'; readonly id: number; readonly request: SearchRequest }

/** What the worker posts: for each list and each search, in order, one reply. Searches that newer ones replaced have no result. */
export type SearchReply =
  | { readonly id: number; readonly result?: SearchResult }
  | { readonly id: number; readonly error: string }

/** What both sides use of a worker's global scope. */
interface Scope {
  onmessage: ((event: { readonly data: SearchMessage }) => void) | null
  postMessage(reply: SearchReply, transfer?: Transferable[]): void
}

/** Serves a scope: the worker's, or one that a test made. */
export function serveSearch(scope: Scope): void {
  let index: SearchIndex = buildIndex([])
  let waiting: Extract<SearchMessage, { kind: 'search' }> | undefined
  const run = (): void => {
    const message = waiting
    waiting = undefined
    if (!message) return
    try {
      const result = search(index, message.request)
      scope.postMessage({ id: message.id, result }, [result.hits.buffer])
    } catch (error) {
      scope.postMessage({ id: message.id, error: String(error) })
    }
  }
  scope.onmessage = ({ data }) => {
    if (data.kind === 'list') {
      run() // in the list it was meant for
      try {
        index = buildIndex(data.lectures)
        scope.postMessage({ id: data.id })
      } catch (error) {
        scope.postMessage({ id: data.id, error: String(error) })
      }
      return
    }
    // Keys may come faster than searches: messages that wait are read first, and only the newest search runs.
    if (waiting) scope.postMessage({ id: waiting.id })
    else setTimeout(run)
    waiting = data
  }
}

// In a worker, and only there, serve it.
if (typeof WorkerGlobalScope !== 'undefined' && self instanceof WorkerGlobalScope) serveSearch(self as unknown as Scope)

declare const WorkerGlobalScope: (new () => unknown) | undefined
