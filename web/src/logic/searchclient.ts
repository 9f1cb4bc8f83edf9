// The page's side of searchworker.ts.
//
//   const worker = new Worker(new URL('./logic/searchworker.ts', import.meta.url), { type: 'module' })
//   const client = new SearchClient(worker)
//   await client.setList(lectures)                     index a list; searches after the call search in it
//   const result = await client.search({ query })      undefined if a newer search replaced this one
//
// result.hits are positions in the lectures given to setList.

import type { LectureFields } from '../lecturechanges.ts'
import type { SearchRequest, SearchResult } from './search.ts'
import type { SearchMessage, SearchReply } from './searchworker.ts'

/** What is used of a Worker. */
export interface WorkerPort<Message, Reply> {
  postMessage(message: Message): void
  addEventListener(type: 'message', listener: (event: { readonly data: Reply }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void
}

/** Searches in a worker. */
export class SearchClient {
  readonly #worker: WorkerPort<SearchMessage, SearchReply>
  readonly #waiting = new Map<number, { resolve: (result: SearchResult | undefined) => void; reject: (error: Error) => void }>()
  #last = 0
  #newestSearch = 0

  constructor(worker: WorkerPort<SearchMessage, SearchReply>) {
    this.#worker = worker
    worker.addEventListener('message', ({ data }) => {
      const caller = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if ('error' in data) caller?.reject(new Error(`search: ${data.error}`))
      else caller?.resolve(data.result)
    })
    worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`search worker: ${message ?? 'it cannot be loaded'}`))
      this.#waiting.clear()
    })
  }

  /** Replaces the list, and resolves when it is indexed. */
  async setList(lectures: readonly LectureFields[]): Promise<void> {
    await this.#post((id) => ({ kind: 'list', id, lectures }))
  }

  /** Searches in the list given last. Undefined if another search was started in the meantime: its result is the newer one. */
  async search(request: SearchRequest): Promise<SearchResult | undefined> {
    const id = this.#last + 1
    this.#newestSearch = id
    const result = await this.#post((id) => ({ kind: 'search', id, request }))
    return id === this.#newestSearch ? result : undefined
  }

  #post(message: (id: number) => SearchMessage): Promise<SearchResult | undefined> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(message(id))
    })
  }
}
