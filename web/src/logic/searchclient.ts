// The page's side of searchworker.ts.
//
//   const worker = new Worker(new URL('./logic/worker.ts', import.meta.url), { type: 'module', name: 'search' })
//   const client = new SearchClient(worker)
//   const { lectures, result } = await client.load(bytes, { query })   read a course list, and search in it from now on
//   const result = await client.search({ query })                      undefined if a newer search replaced this one
//
// result.hits are positions in the lectures.

import { CourseFileError, type ListedLecture } from './coursefile.ts'
import type { SearchRequest, SearchResult } from './search.ts'
import type { SearchMessage, SearchReply } from './searchworker.ts'
import { WorkerLost, WorkerRequests, type WorkerPort } from './workerport.ts'

/** A list, and what a search finds in it. */
export interface LoadedList {
  readonly lectures: readonly ListedLecture[]
  readonly result: SearchResult
}

/** Searches in a worker. */
export class SearchClient {
  readonly #requests: WorkerRequests<SearchMessage, SearchReply>
  #newestSearch = 0

  constructor(worker: WorkerPort<SearchMessage, SearchReply>) {
    this.#requests = new WorkerRequests(worker, 'search')
  }

  /**
   * Reads a course list as loaded from Cloud Storage, and searches in it. Results of searches that were started before are of
   * the older list and come before this one, results of later ones after it, so the page can replace both at once. Rejects
   * with a CourseFileError, and keeps the last list, if the file is damaged.
   */
  async load(bytes: Uint8Array, request: SearchRequest): Promise<LoadedList> {
    const { lectures, result } = await this.#requests.send((id) => ({ kind: 'file', id, bytes, request })).catch((error: Error) => {
      throw error instanceof WorkerLost ? error : new CourseFileError(error.message)
    })
    if (!lectures || !result) throw new Error('the search worker replied without a list')
    return { lectures, result }
  }

  /** Searches in the latest list. Undefined if another search was started in the meantime: use that one's result. */
  async search(request: SearchRequest): Promise<SearchResult | undefined> {
    const sent = this.#requests.send((id) => ({ kind: 'search', id, request }))
    const id = this.#requests.last
    this.#newestSearch = id
    const { result } = await sent
    return id === this.#newestSearch ? result : undefined
  }
}
