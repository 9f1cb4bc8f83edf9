// "Make plans for me": chooses one lecture for each wish so that nothing clashes, and returns the best plans.
//
//   makePlans(options)         all at once: for tests and small inputs
//   new PlanSearch(options)    in steps that can be canceled: search.run(combinations) until it returns true, then search.result()
//   In the page, use PlannerClient (plannerclient.ts), which does this in a worker.
//
// The week is cut wherever some lecture begins or ends, and a lecture is a set of these pieces, as bits (plannerweek.ts):
// exact to the minute, and two lectures clash if their sets meet, a few machine words. The search goes through the wishes
// depth first. plannercost.ts ranks what it finds, plannerreason.ts explains why nothing was found.

import type { LectureFields } from '../lecturechanges.ts'
import { candidatesOf, type Candidate, type Candidates } from './plannerweek.ts'
import { WeekMeasure, type PlanMeasures, type Preferences } from './plannercost.ts'
import { explain, type Reason } from './plannerreason.ts'
import type { TimeSlot } from './timeslots.ts'

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

/** More combinations than this, and those that cannot be among the best are passed over. */
const countAll = 2_000_000

/** Searches in steps, depth first and without recursion, so that it can pause anywhere. */
export class PlanSearch {
  readonly #options: PlannerOptions
  readonly #set: Candidates
  readonly #measure: WeekMeasure
  readonly #count: number
  readonly #prune: boolean
  readonly #min: number
  readonly #max: number
  /** At each depth: the next candidate to try, the one chosen, and what is taken, credits, and penalty so far. */
  readonly #next: Int32Array
  readonly #chosen: (Candidate | undefined)[] = []
  readonly #taken: Int32Array
  readonly #credits: Float64Array
  readonly #penalty: Float64Array
  #depth = 0
  #found = 0
  #best: { penalty: number; chosen: (Candidate | undefined)[]; measures: PlanMeasures }[] = []

  constructor(options: PlannerOptions) {
    this.#options = options
    this.#set = candidatesOf(options)
    this.#measure = new WeekMeasure(this.#set.pieces, options.prefer)
    this.#count = options.count ?? 12
    this.#min = Math.round((options.credits?.min ?? 0) * 1000)
    this.#max = Math.round((options.credits?.max ?? Infinity) * 1000)
    const { levels, words, busy } = this.#set
    this.#prune = this.combinations > countAll
    this.#next = new Int32Array(levels.length + 1)
    this.#credits = new Float64Array(levels.length + 1)
    this.#penalty = new Float64Array(levels.length + 1)
    this.#taken = new Int32Array((levels.length + 1) * words)
    this.#taken.set(busy)
    this.#credits[0] = Math.round((options.creditsKept ?? 0) * 1000)
    if (levels.some((level) => level.must && level.candidates.length === 0)) this.#depth = -1
  }

  /** How many combinations there are, clashing ones included. */
  get combinations(): number {
    return this.#set.levels.reduce((product, level) => product * (level.candidates.length + (level.must ? 0 : 1)), 1)
  }

  /** How many plans were found so far. */
  get found(): number {
    return this.#found
  }

  /** Looks at about so many combinations more. True when all are done. */
  run(steps: number): boolean {
    const { levels, words } = this.#set
    const taken = this.#taken
    while (this.#depth >= 0) {
      if (steps-- <= 0) return false
      const depth = this.#depth
      const level = levels[depth]
      if (!level) {
        this.#keep()
        this.#depth--
        continue
      }
      const i = this.#next[depth]!++
      const candidate = level.candidates[i]
      if (!candidate && (level.must || i > level.candidates.length)) {
        this.#next[depth] = 0
        this.#depth--
        continue
      }
      const from = depth * words
      if (candidate && meets(candidate.bits, taken, from, words)) continue
      const credits = this.#credits[depth]! + (candidate ? candidate.credits : 0)
      const penalty = this.#penalty[depth]! + (candidate ? candidate.penalty : level.penalty)
      if (credits > this.#max || credits + level.creditsBelow < this.#min) continue
      if (this.#prune && penalty + level.penaltyBelow >= this.#worst()) continue
      for (let w = 0; w < words; w++) taken[from + words + w] = taken[from + w]! | (candidate ? candidate.bits[w]! : 0)
      this.#credits[depth + 1] = credits
      this.#penalty[depth + 1] = penalty
      this.#chosen[depth] = candidate
      this.#depth++
    }
    return true
  }

  /** The best of the combinations so far. */
  result(): PlannerResult {
    const { levels } = this.#set
    const plans = this.#best.map(({ penalty, chosen, measures }) => {
      const lectures: (LectureFields | undefined)[] = this.#options.wishes.map(() => undefined)
      const sameTime: (readonly LectureFields[])[] = this.#options.wishes.map(() => [])
      levels.forEach((level, depth) => {
        lectures[level.wish] = chosen[depth]?.lectures[0]
        sameTime[level.wish] = chosen[depth]?.lectures.slice(1) ?? []
      })
      return { lectures, sameTime, measures, penalty }
    })
    const done = this.#depth < 0
    return { plans, found: this.#found, counted: done && !this.#prune, complete: done, reasons: done && this.#found === 0 ? explain(this.#options, exists) : [] }
  }

  #worst(): number {
    return this.#best.length < this.#count ? Infinity : this.#best[this.#best.length - 1]!.penalty
  }

  /** A plan was found: keeps it if it is among the best. Of equal ones, the first stays. */
  #keep(): void {
    const depth = this.#depth
    const credits = this.#credits[depth]!
    if (credits < this.#min || credits > this.#max) return // without wishes, what is kept decides
    this.#found++
    const from = depth * this.#set.words
    const worst = this.#worst()
    if (this.#penalty[depth]! >= worst) return
    const penalty = this.#penalty[depth]! + this.#measure.penalty(this.#taken, from)
    if (penalty >= worst) return
    const measures = this.#measure.measures(this.#taken, from, credits / 1000)
    const i = this.#best.findIndex((other) => other.penalty > penalty)
    this.#best.splice(i < 0 ? this.#best.length : i, 0, { penalty, chosen: [...this.#chosen], measures })
    if (this.#best.length > this.#count) this.#best.pop()
  }
}

/** Whether two sets of bits have a bit in common. */
function meets(bits: Int32Array, taken: Int32Array, from: number, words: number): boolean {
  for (let w = 0; w < words; w++) if (bits[w]! & taken[from + w]!) return true
  return false
}

/** Whether there is any plan. Gives up after a million combinations, and then supposes so. */
function exists(options: PlannerOptions): boolean {
  const search = new PlanSearch({ ...options, count: 1 })
  for (let i = 0; i < 1000 && search.found === 0; i++) if (search.run(1000)) return search.found > 0
  return true
}

/** Searches until done. */
export function makePlans(options: PlannerOptions): PlannerResult {
  const search = new PlanSearch(options)
  search.run(Infinity)
  return search.result()
}
