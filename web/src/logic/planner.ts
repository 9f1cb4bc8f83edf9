// "Make plans for me": chooses one lecture for each wish so that nothing clashes, and returns the best plans.
//
//   makePlans(options)         all at once: for tests and small inputs
//   new PlanSearch(options)    in steps that can be canceled: search.run(combinations) until it returns true, then search.result()
//   In the page, use PlannerClient (plannerclient.ts), which does this in a worker.
//
// The week is cut wherever some lecture begins or ends, and a lecture is a set of these pieces, as bits (plannerweek.ts):
// exact to the minute, and two lectures clash if their sets meet, a few machine words. plansearch.ts goes through the
// wishes depth first, plannercost.ts ranks what it finds, plannerreason.ts explains why nothing was found.

import type { LectureFields } from '../lecturechanges.ts'
import type { PlanMeasures, Preferences } from './plannercost.ts'
import type { Reason } from './plannerreason.ts'
import type { TimeSlot } from './timeslots.ts'

export { makePlans, PlanSearch } from './plansearch.ts'

/** Something the student wants: one of the alternatives, sections of a course for instance. */
export interface Wish {
  /** What the app calls it, in reasons. */
  readonly name: string
  readonly alternatives: readonly LectureFields[]
  /** Must: every plan has it. May: plans with it are better. */
  readonly must: boolean
}

/** What to plan. Times are minutes after midnight, weekdays 0 to 6. */
export interface PlannerOptions {
  readonly wishes: readonly Wish[]
  /** What is taken already: lectures to keep and own blocks. */
  readonly busy?: readonly TimeSlot[]
  /** Credits of the lectures to keep, which count towards the range. */
  readonly creditsKept?: number
  readonly credits?: { readonly min: number; readonly max: number }
  /** Rules that every plan must obey. */
  readonly require?: Limits
  /** The same as wishes: plans that obey are better. */
  readonly prefer?: Preferences
  /** How many plans to return, by default 12. */
  readonly count?: number
}

/** Limits of the lectures that are chosen. What is kept may break them. */
export interface Limits {
  readonly freeDays?: readonly number[]
  readonly notBefore?: number
  readonly notAfter?: number
}

/** A plan. Plans differ in when something takes place, not only in who teaches it. */
export interface FoundPlan {
  /** For each wish the lecture, undefined if the plan does without. */
  readonly lectures: readonly (LectureFields | undefined)[]
  /** For each wish the other alternatives that take place at the same times and have as many credits. */
  readonly sameTime: readonly (readonly LectureFields[])[]
  readonly measures: PlanMeasures
  /** Lower is better: roughly minutes of waiting. See plannercost.ts. */
  readonly penalty: number
}

export interface PlannerResult {
  /** The best plans, the best first. */
  readonly plans: readonly FoundPlan[]
  /** How many plans there are without a clash. A lower bound unless `counted`. */
  readonly found: number
  /** Whether all plans were counted. With more than two million combinations, those that cannot be among the best are not. */
  readonly counted: boolean
  /** Whether the search is done: these are the best of all. */
  readonly complete: boolean
  /** Why there are no plans; empty if there are. */
  readonly reasons: readonly Reason[]
}
