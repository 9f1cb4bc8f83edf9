// The worker that searches: it reads the course list and keeps it with its index, so that neither reading, indexing nor a
// key ever blocks the page. The page talks to it through SearchClient (searchclient.ts).

import { parseCourseFile, type ListedLecture } from './coursefile.ts'
import { search, type SearchRequest, type SearchResult } from './search.ts'
import { buildIndex } from './searchindex.ts'
import type { WorkerReply, WorkerScope } from './workerport.ts'

/** What the page posts: a list to search in from now on, with a search, or a search in the latest list. */
export type SearchMessage =
  | { readonly kind: 'file'; readonly id: number; readonly bytes: Uint8Array; readonly request: SearchRequest }
  | { readonly kind: 'search'; readonly id: number; readonly request: SearchRequest }

/**
 * What the worker posts: one reply to each message. The reply to a file has its lectures and a result, that to a search its
 * result, unless a newer search replaced it.
 */
export interface SearchReply extends WorkerReply {
  readonly lectures?: readonly ListedLecture[]
  readonly result?: SearchResult
}

/** Serves a scope: the worker's, or one that a test made. */
export function serveSearch(scope: WorkerScope<SearchMessage, SearchReply>): void {
  let index = buildIndex([])
  let waiting: Extract<SearchMessage, { kind: 'search' }> | undefined
  const reply = (id: number, handle: () => void): void => {
    try {
      handle()
    } catch (error) {
      scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
    }
  }
  const run = (): void => {
    const message = waiting
    waiting = undefined
    if (!message) return
    reply(message.id, () => {
      const result = search(index, message.request)
      scope.postMessage({ id: message.id, result }, [result.hits.buffer])
    })
  }
  scope.onmessage = ({ data }) => {
    if (data.kind === 'search') {
      // Keys may come faster than searches: messages that wait are read first, and only the newest search runs.
      if (waiting) scope.postMessage({ id: waiting.id })
      else setTimeout(run)
      waiting = data
      return
    }
    run() // a search that waits was meant for the older list
    reply(data.id, () => {
      const lectures = parseCourseFile(data.bytes)
      index = buildIndex(lectures)
      const result = search(index, data.request)
      scope.postMessage({ id: data.id, lectures, result }, [result.hits.buffer])
    })
  }
}
