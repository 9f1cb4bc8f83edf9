// Requests to a worker and their replies, and the little of both sides that is used, so that tests can stand in.
//
//   const requests = new WorkerRequests<Message, Reply>(worker, 'search')
//   const reply = await requests.send((id) => ({ kind: 'search', id, … }))   rejects with the worker's error, or a WorkerLost

/** What is used of a Worker. */
export interface WorkerPort<Message, Reply> {
  postMessage(message: Message): void
  addEventListener(type: 'message', listener: (event: { readonly data: Reply }) => void): void
  addEventListener(type: 'error' | 'messageerror', listener: (event: { readonly message?: string }) => void): void
}

/** What is used of a worker's global scope. */
export interface WorkerScope<Message, Reply> {
  onmessage: ((event: { readonly data: Message }) => void) | null
  postMessage(reply: Reply, transfer?: Transferable[]): void
}

/** A reply names its request, and has an error if that failed. */
export interface WorkerReply {
  readonly id: number
  readonly error?: string
}

/** The worker itself failed, or cannot be loaded: another one may work. */
export class WorkerLost extends Error {
  override name = 'WorkerLost'
}

/** Sends requests, each with its own id, and waits for their replies. */
export class WorkerRequests<Message, Reply extends WorkerReply> {
  readonly #worker: WorkerPort<Message, Reply>
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>()
  #last = 0
  #lost: WorkerLost | undefined

  /** Purpose names the worker in errors. */
  constructor(worker: WorkerPort<Message, Reply>, purpose: string) {
    this.#worker = worker
    worker.addEventListener('message', ({ data }) => {
      const caller = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if (data.error === undefined) caller?.resolve(data)
      else caller?.reject(new Error(data.error))
    })
    const fail = ({ message }: { readonly message?: string }): void => {
      this.#lost = new WorkerLost(`${purpose} worker: ${message ?? 'it cannot be loaded'}`)
      const failed = [...this.#waiting.values()]
      this.#waiting.clear()
      for (const { reject } of failed) reject(this.#lost)
    }
    worker.addEventListener('error', fail)
    worker.addEventListener('messageerror', fail)
  }

  /** The id of the request sent last, 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Posts a message and resolves with its reply. Rejects at once if the worker was lost before. */
  send(message: (id: number) => Message): Promise<Reply> {
    if (this.#lost) return Promise.reject(this.#lost)
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(message(id))
    })
  }
}
