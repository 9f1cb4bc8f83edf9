// The page's side of plannerworker.ts.
//
//   const client = new PlannerClient(new Worker(new URL('./logic/worker.ts', import.meta.url), { type: 'module', name: 'planner' }))
//   const result = await client.plan(options)   undefined if a newer request or cancel() came in between
//   await client.cancel()

import type { PlannerOptions, PlannerResult } from './planner.ts'
import type { PlannerMessage, PlannerReply } from './plannerworker.ts'
import { WorkerRequests, type WorkerPort } from './workerport.ts'

/** Makes plans in a worker. */
export class PlannerClient {
  readonly #requests: WorkerRequests<PlannerMessage, PlannerReply>

  constructor(worker: WorkerPort<PlannerMessage, PlannerReply>) {
    this.#requests = new WorkerRequests(worker, 'planner')
  }

  /** Plans; after `millis`, by default five seconds, the result is the best so far, which is not `complete`. */
  async plan(options: PlannerOptions, millis = 5000): Promise<PlannerResult | undefined> {
    const { result } = await this.#requests.send((id) => ({ kind: 'plan', id, options, millis }))
    return result
  }

  /** Stops planning. */
  async cancel(): Promise<void> {
    await this.#requests.send((id) => ({ kind: 'cancel', id }))
  }
}
