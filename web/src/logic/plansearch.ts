// The search of the planner (planner.ts).

import type { LectureFields } from '../lecturechanges.ts'
import type { FoundPlan, PlannerOptions, PlannerResult } from './planner.ts'
import { WeekMeasure, type PlanMeasures } from './plannercost.ts'
import { explain } from './plannerreason.ts'
import { candidatesOf, type Candidate, type Candidates } from './plannerweek.ts'

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
  /** At each depth: the next candidate to try, the one chosen, and what is taken, weekdays, credits, and penalty so far. */
  readonly #next: Int32Array
  readonly #chosen: (Candidate | undefined)[] = []
  readonly #taken: Int32Array
  readonly #days: Uint8Array
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
    this.#days = new Uint8Array(levels.length + 1)
    this.#days[0] = this.#set.busyDays
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
      const days = this.#days[depth]! | (candidate ? candidate.days : 0)
      // Days only become more, and so does the penalty.
      if (this.#prune && penalty + level.penaltyBelow + this.#measure.dayPenalty[days]! >= this.#worst()) continue
      for (let w = 0; w < words; w++) taken[from + words + w] = taken[from + w]! | (candidate ? candidate.bits[w]! : 0)
      this.#days[depth + 1] = days
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
    const plans = this.#best.map(({ penalty, chosen, measures }): FoundPlan => {
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
    let penalty = this.#penalty[depth]! + this.#measure.dayPenalty[this.#days[depth]!]!
    if (penalty < worst) penalty += this.#measure.gapPenalty(this.#taken, from)
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
