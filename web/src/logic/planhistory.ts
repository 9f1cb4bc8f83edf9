// Undo and redo of plan actions. The history holds actions, not copies of plans, so that undoing what was done here keeps
// what other devices did since.
//
//   perform(history, action)     applies an action and remembers how to undo it
//   undo(history), redo(history) the latest that still changes anything
//   withPlans(history, plans)    the plans as a listener brought them

import { apply, type Plan, type PlanAction } from './plans.ts'

/** Plans, what undoes the latest actions, and what repeats undone ones; the latest are last. */
export interface PlanHistory {
  readonly plans: readonly Plan[]
  readonly past: readonly PlanAction[]
  readonly future: readonly PlanAction[]
}

/** How many actions can be undone. */
export const maxHistory = 100

/** A history without actions. */
export function historyOf(plans: readonly Plan[]): PlanHistory {
  return { plans, past: [], future: [] }
}

/** Applies an action. The same history if it changes nothing. */
export function perform(history: PlanHistory, action: PlanAction): PlanHistory {
  const applied = apply(history.plans, action)
  return applied ? { plans: applied.plans, past: [...history.past, applied.undo].slice(-maxHistory), future: [] } : history
}

/** Undoes the latest action. Actions on what is gone, because another device removed it, are skipped and forgotten. */
export function undo({ plans, past, future }: PlanHistory): PlanHistory {
  for (let i = past.length - 1; i >= 0; i--) {
    const applied = apply(plans, past[i]!)
    if (applied) return { plans: applied.plans, past: past.slice(0, i), future: [...future, applied.undo] }
  }
  return { plans, past: [], future }
}

/** Repeats what was undone last. */
export function redo({ plans, past, future }: PlanHistory): PlanHistory {
  for (let i = future.length - 1; i >= 0; i--) {
    const applied = apply(plans, future[i]!)
    if (applied) return { plans: applied.plans, past: [...past, applied.undo], future: future.slice(0, i) }
  }
  return { plans, past, future: [] }
}

/** The same history with plans that others may have changed. */
export function withPlans(history: PlanHistory, plans: readonly Plan[]): PlanHistory {
  return { ...history, plans }
}
