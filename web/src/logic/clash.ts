// Which lectures take place at the same time, where and with what. Own blocks are lectures with the identifier "", so
// they clash like any other. Lectures without times never clash, and a lecture does not clash with itself.
//
//   clashesBetween(lectures)       every clashing pair of a plan, with the common times
//   clashesWith(lecture, others)   with what a lecture of the list would clash, and when
//   new WeekMap(slots)             for tests of thousands of lectures: week.isFree(times), week.covers(times)
//   isOwnBlock(lecture)            a block that the student typed: work, a commute

import { daysPerWeek, mergeSlots, minutesPerDay, overlap, takesTime, type TimeSlot } from './timeslots.ts'

/** Whatever has weekly times: a lecture of the list, a lecture in a plan. */
export interface Timed {
  readonly times: readonly TimeSlot[]
}

/** Two lectures that clash. `at` is never empty: the times that both take, sorted and disjoint. */
export interface Clash<A extends Timed, B extends Timed = A> {
  readonly a: A
  readonly b: B
  readonly at: readonly TimeSlot[]
}

/** The times that both take, sorted and disjoint, empty if they do not clash. */
export function commonTimes(a: Timed, b: Timed): TimeSlot[] {
  const common: TimeSlot[] = []
  for (const one of a.times) {
    for (const other of b.times) {
      const slot = overlap(one, other)
      if (slot) common.push(slot)
    }
  }
  return common.length > 1 ? mergeSlots(common) : common
}

/** Every pair that clashes, in the order of the lectures. */
export function clashesBetween<L extends Timed>(lectures: readonly L[]): Clash<L>[] {
  return lectures.flatMap((a, i) => clashesWith(a, lectures.slice(i + 1)))
}

/** What a lecture clashes with. The lecture itself may be among the others. */
export function clashesWith<A extends Timed, B extends Timed>(lecture: A, others: readonly B[]): Clash<A, B>[] {
  const clashes: Clash<A, B>[] = []
  for (const other of others) {
    if ((other as Timed) === lecture) continue
    const at = commonTimes(lecture, other)
    if (at.length > 0) clashes.push({ a: lecture, b: other, at })
  }
  return clashes
}

/** Whether the student typed the lecture by hand: work, a commute, a course that the list does not have. */
export function isOwnBlock(lecture: { readonly identifier: string }): boolean {
  return lecture.identifier === ''
}

/**
 * Times of a week, prepared so that testing a slot takes constant time: for each weekday and minute, how many minutes
 * before it are taken. 20 kB. Slots must begin and end at whole minutes.
 */
export class WeekMap {
  readonly #before = new Uint16Array(daysPerWeek * (minutesPerDay + 1))

  constructor(slots: readonly TimeSlot[]) {
    for (const { weekday, timeBegin, timeEnd } of mergeSlots(slots)) {
      const day = weekday * (minutesPerDay + 1)
      this.#before.fill(1, day + timeBegin + 1, day + timeEnd + 1)
    }
    for (let i = 0, sum = 0; i < this.#before.length; i++) {
      sum = i % (minutesPerDay + 1) === 0 ? 0 : sum + this.#before[i]!
      this.#before[i] = sum
    }
  }

  /** How many minutes of a slot are taken. */
  minutesOf(slot: TimeSlot): number {
    if (!takesTime(slot)) return 0
    const day = slot.weekday * (minutesPerDay + 1)
    return this.#before[day + slot.timeEnd]! - this.#before[day + slot.timeBegin]!
  }

  /** Whether none of the times is taken, not even in part. True of a lecture without times. */
  isFree(times: readonly TimeSlot[]): boolean {
    return times.every((slot) => this.minutesOf(slot) === 0)
  }

  /** Whether all the times lie within this week's: what fits into a dragged area. False for a lecture without times. */
  covers(times: readonly TimeSlot[]): boolean {
    return times.some(takesTime) && times.every((slot) => !takesTime(slot) || this.minutesOf(slot) === slot.timeEnd - slot.timeBegin)
  }
}
