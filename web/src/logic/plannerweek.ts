// The planner's view of a week. It is cut into pieces wherever some lecture or block begins or ends; a lecture is the set of
// its pieces, as bits of 32-bit words. Lectures clash if their sets meet, exactly to the minute, and a course of a typical
// planner has about 60 pieces: two words.

import type { LectureFields } from '../lecturechanges.ts'
import type { Limits, PlannerOptions, Wish } from './planner.ts'
import { earlyAndLate, missingPenalty } from './plannercost.ts'
import { overlap, takesTime, type TimeSlot } from './timeslots.ts'

/** One choice for a wish: lectures that take place at the same times and have the same credits. */
export interface Candidate {
  readonly lectures: readonly LectureFields[]
  readonly bits: Int32Array
  /** Weekdays, as bits: Monday is 1. */
  readonly days: number
  /** Thousandths of a credit. */
  readonly credits: number
  readonly penalty: number
}

/** A wish's candidates, at a depth of the search. */
export interface Level {
  /** Position of the wish. */
  readonly wish: number
  readonly must: boolean
  readonly candidates: readonly Candidate[]
  /** What it costs to do without. */
  readonly penalty: number
  /** Of all deeper levels together: the most credits, and the least penalty. */
  readonly creditsBelow: number
  readonly penaltyBelow: number
}

/** What the search goes through. */
export interface Candidates {
  readonly levels: readonly Level[]
  /** How many words a set has. */
  readonly words: number
  /** The pieces in order: bit p % 32 of word p / 32 is pieces[p]. */
  readonly pieces: readonly TimeSlot[]
  /** What is taken from the start. */
  readonly busy: Int32Array
  readonly busyDays: number
}

/** Prepares the search: candidates that break a required limit, or clash with what is taken, are left out. */
export function candidatesOf(options: PlannerOptions): Candidates {
  const busySlots = options.busy ?? []
  const allowed = options.wishes.map((wish) => wish.alternatives.filter((lecture) => mayChoose(lecture, busySlots, options.require)))
  const pieces = cut([...busySlots, ...allowed.flat().flatMap((lecture) => lecture.times)])
  const shared = sharedIdentifiers(options.wishes)
  const words = Math.max(1, Math.ceil((pieces.length + shared.size) / 32))
  const bitsOf = (slots: readonly TimeSlot[]): Int32Array => {
    const bits = new Int32Array(words)
    pieces.forEach((piece, p) => {
      if (slots.some((slot) => overlap(slot, piece))) bits[p >> 5]! |= 1 << (p & 31)
    })
    return bits
  }
  const levels = options.wishes.map((wish, i) => {
    const groups = new Map<string, { lectures: LectureFields[]; bits: Int32Array; credits: number }>()
    for (const lecture of allowed[i]!) {
      const bits = bitsOf(lecture.times)
      const only = shared.get(lecture.identifier)
      // A lecture that two wishes have is chosen once: it has a bit of its own, after those of the pieces.
      if (only !== undefined) bits[(pieces.length + only) >> 5]! |= 1 << ((pieces.length + only) & 31)
      const credits = Math.round(lecture.credit * 1000)
      const key = `${bits.join()} ${credits}`
      const group = groups.get(key)
      if (group) group.lectures.push(lecture)
      else groups.set(key, { lectures: [lecture], bits, credits })
    }
    const candidates = [...groups.values()]
      .map((group): Candidate => ({
        ...group, days: daysOf(group.lectures[0]!.times), penalty: earlyAndLate(group.lectures[0]!.times, options.prefer),
      }))
      .sort((a, b) => a.penalty - b.penalty)
    return { wish: i, must: wish.must, candidates, penalty: wish.must ? 0 : missingPenalty }
  })
  levels.sort((a, b) => Number(b.must) - Number(a.must) || a.candidates.length - b.candidates.length)
  return { levels: withBounds(levels), words, pieces, busy: bitsOf(busySlots), busyDays: daysOf(busySlots) }
}

function withBounds(levels: readonly Omit<Level, 'creditsBelow' | 'penaltyBelow'>[]): Level[] {
  let creditsBelow = 0
  let penaltyBelow = 0
  const bounded: Level[] = []
  for (const level of [...levels].reverse()) {
    bounded.unshift({ ...level, creditsBelow, penaltyBelow })
    creditsBelow += Math.max(0, ...level.candidates.map((candidate) => candidate.credits))
    const least = Math.min(...level.candidates.map((candidate) => candidate.penalty), level.must ? Infinity : level.penalty)
    penaltyBelow += Number.isFinite(least) ? least : 0
  }
  return bounded
}

/** The pieces of the week that are in some slot, cut wherever a slot begins or ends, sorted. */
function cut(slots: readonly TimeSlot[]): TimeSlot[] {
  const pieces: TimeSlot[] = []
  for (let weekday = 0; weekday < 7; weekday++) {
    const ofDay = slots.filter((slot) => slot.weekday === weekday && takesTime(slot))
    const edges = [...new Set(ofDay.flatMap((slot) => [slot.timeBegin, slot.timeEnd]))].sort((a, b) => a - b)
    for (let i = 0; i + 1 < edges.length; i++) {
      const piece = { weekday, timeBegin: edges[i]!, timeEnd: edges[i + 1]! }
      if (ofDay.some((slot) => overlap(slot, piece))) pieces.push(piece)
    }
  }
  return pieces
}

function daysOf(slots: readonly TimeSlot[]): number {
  return slots.filter(takesTime).reduce((days, slot) => days | (1 << slot.weekday), 0)
}

/** Numbers the identifiers that more than one wish has. */
function sharedIdentifiers(wishes: readonly Wish[]): Map<string, number> {
  const seen = new Set<string>()
  const shared = new Map<string, number>()
  for (const wish of wishes) {
    const ofWish = new Set(wish.alternatives.map((lecture) => lecture.identifier).filter((identifier) => identifier !== ''))
    for (const identifier of ofWish) {
      if (seen.has(identifier) && !shared.has(identifier)) shared.set(identifier, shared.size)
      seen.add(identifier)
    }
  }
  return shared
}

function mayChoose({ times }: LectureFields, busy: readonly TimeSlot[], { freeDays = [], notBefore = 0, notAfter = 1440 }: Limits = {}): boolean {
  return times.filter(takesTime).every(
    (time) =>
      !freeDays.includes(time.weekday) && time.timeBegin >= notBefore && time.timeEnd <= notAfter &&
      !busy.some((slot) => overlap(slot, time)),
  )
}
