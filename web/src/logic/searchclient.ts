// The page's side of searchworker.ts.
//
//   const worker = new Worker(new URL('./logic/searchworker.ts', import.meta.url), { type: 'module' })
//   const client = new SearchClient(worker)
//   const lectures = await client.load(bytes)          read a course list and search in it from now on; or
//   await client.setList(lectures)                     search in lectures that the page has
//   const result = await client.search({ query })      undefined if a newer search replaced this one
//
// result.hits are positions in the lectures.

import type { LectureFields } from '../lecturechanges.ts'
import { CourseFileError, type ListedLecture } from './coursefile.ts'
import type { SearchRequest, SearchResult } from './search.ts'
import type { SearchMessage, SearchReply } from './searchworker.ts'
import { WorkerRequests, type WorkerPort } from './workerport.ts'

/** Searches in a worker. */
export class SearchClient {
  readonly #requests: WorkerRequests<SearchMessage, SearchReply>
  #newestSearch = 0

  constructor(worker: WorkerPort<SearchMessage, SearchReply>) {
    this.#requests = new WorkerRequests(worker, 'search')
  }

  /**
   * Reads a course list as loaded from Cloud Storage, and resolves with its lectures when they are indexed. Rejects with a
   * CourseFileError, and keeps the last list, if the file is damaged.
   */
  async load(bytes: Uint8Array): Promise<readonly ListedLecture[]> {
    const reply = await this.#requests.send((id) => ({ kind: 'file', id, bytes })).catch((error: Error) => {
      throw new CourseFileError(error.message)
    })
    return reply.lectures ?? []
  }

  /** Replaces the list, and resolves when it is indexed. */
  async setList(lectures: readonly LectureFields[]): Promise<void> {
    await this.#requests.send((id) => ({ kind: 'list', id, lectures }))
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
