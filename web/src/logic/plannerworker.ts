// The worker that makes plans. The page talks to it through PlannerClient (plannerclient.ts). A new request cancels the
// one before.

import { PlanSearch, type PlannerOptions, type PlannerResult } from './planner.ts'
import type { WorkerReply, WorkerScope } from './workerport.ts'

/** What the page posts. `millis` bounds how long the search may take; then the best so far is the result. */
export type PlannerMessage =
  | { readonly kind: 'plan'; readonly id: number; readonly options: PlannerOptions; readonly millis: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** One reply to each message. There is no result if the request was canceled. */
export interface PlannerReply extends WorkerReply {
  readonly result?: PlannerResult
}

/** Combinations between two looks at the clock and at new messages: a few milliseconds. */
const steps = 100_000

/** Serves a scope: the worker's, or one that a test made. */
export function servePlanner(scope: WorkerScope<PlannerMessage, PlannerReply>): void {
  let current: number | undefined
  const proceed = (id: number, open: () => PlanSearch, until: number): void => {
    if (current !== id) return
    try {
      const search = open()
      if (search.run(steps) || performance.now() > until) {
        scope.postMessage({ id, result: search.result() })
        current = undefined
      } else {
        setTimeout(() => proceed(id, open, until))
      }
    } catch (error) {
      scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
      current = undefined
    }
  }
  scope.onmessage = ({ data }) => {
    if (current !== undefined) scope.postMessage({ id: current })
    current = undefined
    if (data.kind === 'cancel') {
      scope.postMessage({ id: data.id })
      return
    }
    current = data.id
    const { id, options } = data
    const until = performance.now() + data.millis
    let search: PlanSearch | undefined
    proceed(id, () => (search ??= new PlanSearch(options)), until)
  }
}
