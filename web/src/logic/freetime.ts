// When several people are free: of up to five timetables.
//
//   commonFreeTime(timetables)    when all of them are free, sorted
//   freeTimeOfEach(timetables)    the whole window in pieces, with who is free in each: to shade the grid

import { mergeSlots, subtractSlots, takesTime, type TimeSlot } from './timeslots.ts'

/** The most timetables that are compared. */
export const maxTimetables = 5

/** What to look for. Minutes after midnight. */
export interface FreeTimeWindow {
  /** 0 to 6, by default Monday to Friday. */
  readonly weekdays?: readonly number[]
  /** By default 9:00 to 21:00. */
  readonly timeBegin?: number
  readonly timeEnd?: number
  /** Shorter free times are left out. By default 30 minutes. */
  readonly atLeast?: number
}

/** A part of the week, and who is free in it: positions in the timetables. */
export interface FreePiece extends TimeSlot {
  readonly free: readonly number[]
}

/** When everybody is free. A timetable is its times, of lectures and blocks, in any order. */
export function commonFreeTime(timetables: readonly (readonly TimeSlot[])[], window: FreeTimeWindow = {}): TimeSlot[] {
  checkCount(timetables)
  const { atLeast = 30 } = window
  return subtractSlots(windowSlots(window), timetables.flat()).filter((slot) => slot.timeEnd - slot.timeBegin >= atLeast)
}

/** The window, cut wherever somebody's lecture begins or ends, sorted. Pieces in which the same people are free are joined. */
export function freeTimeOfEach(timetables: readonly (readonly TimeSlot[])[], window: FreeTimeWindow = {}): FreePiece[] {
  checkCount(timetables)
  const busy = timetables.map(mergeSlots)
  const pieces: FreePiece[] = []
  for (const { weekday, timeBegin, timeEnd } of windowSlots(window)) {
    const inside = (minutes: number): boolean => minutes > timeBegin && minutes < timeEnd
    const cuts = busy.flat().filter((slot) => slot.weekday === weekday).flatMap((slot) => [slot.timeBegin, slot.timeEnd]).filter(inside)
    const edges = [timeBegin, ...new Set(cuts.sort((a, b) => a - b)), timeEnd]
    for (let i = 0; i + 1 < edges.length; i++) {
      const piece = { weekday, timeBegin: edges[i]!, timeEnd: edges[i + 1]! }
      const free = busy.flatMap((slots, person) => (slots.some((slot) => takes(slot, piece)) ? [] : [person]))
      const last = pieces[pieces.length - 1]
      if (last && last.weekday === weekday && last.timeEnd === piece.timeBegin && last.free.join() === free.join()) {
        pieces[pieces.length - 1] = { ...last, timeEnd: piece.timeEnd }
      } else {
        pieces.push({ ...piece, free })
      }
    }
  }
  return pieces
}

function windowSlots({ weekdays = [0, 1, 2, 3, 4], timeBegin = 540, timeEnd = 1260 }: FreeTimeWindow): TimeSlot[] {
  return mergeSlots(weekdays.map((weekday) => ({ weekday, timeBegin, timeEnd })).filter(takesTime))
}

function takes(slot: TimeSlot, piece: TimeSlot): boolean {
  return slot.weekday === piece.weekday && slot.timeBegin < piece.timeEnd && piece.timeBegin < slot.timeEnd
}

function checkCount(timetables: readonly unknown[]): void {
  if (timetables.length > maxTimetables) throw new RangeError(`${timetables.length} timetables: at most ${maxTimetables} are compared`)
}
