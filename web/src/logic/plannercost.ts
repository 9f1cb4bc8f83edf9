// How the planner ranks plans. A plan's penalty is the sum of what is wrong with it, in minutes of waiting; the weights say
// what a student would wait for:
//
//   a wished lecture that the plan does without    300
//   a day that should be free                      180
//   a day with lectures                             30   (fewer days are a little better, always)
//   a minute of class before notBefore, or after notAfter   2
//   a minute between lectures, beyond the 20 that it takes to walk   1 with prefer.noGaps, otherwise 0.1

import { takesTime, type TimeSlot } from './timeslots.ts'

/** What the student would like. Times are minutes after midnight, weekdays 0 to 6. */
export interface Preferences {
  readonly freeDays?: readonly number[]
  readonly notBefore?: number
  readonly notAfter?: number
  readonly noGaps?: boolean
}

/** What the app shows of a plan. Lectures and blocks that are kept are included. */
export interface PlanMeasures {
  readonly credits: number
  /** Weekdays without anything. */
  readonly freeDays: readonly number[]
  /** Minutes a week between lectures, beyond the 20 minutes that a walk takes. */
  readonly gapMinutes: number
  /** The earliest begin and the latest end of the week, in minutes after midnight. Undefined without times. */
  readonly earliest: number | undefined
  readonly latest: number | undefined
}

export const missingPenalty = 300
const freeDayPenalty = 180
const dayPenalty = 30
const walkMinutes = 20
const weekdays = [0, 1, 2, 3, 4, 5, 6]

/** Penalty of one lecture's times. Lectures of a plan do not overlap, so these add up. */
export function earlyAndLate(times: readonly TimeSlot[], { notBefore = 0, notAfter = 1440 }: Preferences = {}): number {
  let minutes = 0
  for (const { timeBegin, timeEnd } of times.filter(takesTime)) {
    minutes += Math.max(0, Math.min(timeEnd, notBefore) - timeBegin) + Math.max(0, timeEnd - Math.max(timeBegin, notAfter))
  }
  return 2 * minutes
}

/** Measures sets of pieces (plannerweek.ts), a million in well under a second: it goes through the bits in order, and makes nothing. */
export class WeekMeasure {
  readonly #pieces: readonly TimeSlot[]
  readonly #weekday: Uint8Array
  readonly #begin: Uint16Array
  readonly #end: Uint16Array
  readonly #gapWeight: number
  /** The penalty of a set of weekdays: Monday is the lowest of its seven bits. */
  readonly dayPenalty: Float64Array

  constructor(pieces: readonly TimeSlot[], prefer: Preferences = {}) {
    this.#pieces = pieces
    this.#weekday = Uint8Array.from(pieces, (piece) => piece.weekday)
    this.#begin = Uint16Array.from(pieces, (piece) => piece.timeBegin)
    this.#end = Uint16Array.from(pieces, (piece) => piece.timeEnd)
    this.#gapWeight = prefer.noGaps ? 1 : 0.1
    const ofDay = weekdays.map((day) => dayPenalty + (prefer.freeDays?.includes(day) ? freeDayPenalty : 0))
    this.dayPenalty = Float64Array.from({ length: 128 }, (_, days) => weekdays.reduce((sum, day) => sum + ((days >> day) & 1) * ofDay[day]!, 0))
  }

  /** The penalty of the gaps of the set that begins at word `from`. */
  gapPenalty(sets: Int32Array, from: number): number {
    let gaps = 0
    let day = -1
    let end = 0
    const count = this.#weekday.length
    for (let first = 0; first < count; first += 32) {
      let bits = sets[from + (first >> 5)]!
      while (bits !== 0) {
        const p = first + 31 - Math.clz32(bits & -bits)
        if (p >= count) break // bits of shared lectures
        bits &= bits - 1
        if (this.#weekday[p] !== day) {
          day = this.#weekday[p]!
        } else {
          const gap = this.#begin[p]! - end
          if (gap > walkMinutes) gaps += gap - walkMinutes
        }
        end = this.#end[p]!
      }
    }
    return gaps * this.#gapWeight
  }

  /** Everything to show of a set. */
  measures(sets: Int32Array, from: number, credits: number): PlanMeasures {
    const taken = this.#pieces.filter((_, p) => (sets[from + (p >> 5)]! >> (p & 31)) & 1)
    let gapMinutes = 0
    taken.forEach((piece, i) => {
      const last = taken[i - 1]
      if (last?.weekday === piece.weekday) gapMinutes += Math.max(0, piece.timeBegin - last.timeEnd - walkMinutes)
    })
    return {
      credits,
      freeDays: weekdays.filter((day) => !taken.some((piece) => piece.weekday === day)),
      gapMinutes,
      earliest: taken.length > 0 ? Math.min(...taken.map((piece) => piece.timeBegin)) : undefined,
      latest: taken.length > 0 ? Math.max(...taken.map((piece) => piece.timeEnd)) : undefined,
    }
  }
}
