// Weekly times. A slot is half-open, [timeBegin, timeEnd) in minutes after midnight, 0 to 1440, on a weekday from
// Monday = 0 to Sunday = 6, so touching slots do not overlap. A slot never crosses midnight: a class until 1 a.m. has two.
// Slots without length, or backwards as old data may have them, take no time. Every LectureTime is a TimeSlot.
//
//   overlap(a, b)                 the common part of two slots, or undefined
//   mergeSlots(slots)             sorted and disjoint, touching ones joined
//   intersectSlots(a, b)          times in both;  subtractSlots(a, b): times of a that b does not take
//   draggedArea(from, to, step)   the slots of a rectangle that the student dragged on the grid
//   formatMinutes(540)            "09:00";  parseMinutes("9:00"): 540
//   slotMinutes(slots)            how long they are together

/** A time on one weekday. */
export interface TimeSlot {
  readonly weekday: number
  readonly timeBegin: number
  readonly timeEnd: number
}

/** The end of a day, and the largest timeEnd. */
export const minutesPerDay = 1440

/** How many weekdays there are. */
export const daysPerWeek = 7

/** Whether a slot is on a weekday and takes time within its day. */
export function takesTime({ weekday, timeBegin, timeEnd }: TimeSlot): boolean {
  return (
    Number.isInteger(weekday) && weekday >= 0 && weekday < daysPerWeek &&
    timeBegin >= 0 && timeBegin < timeEnd && timeEnd <= minutesPerDay
  )
}

/** Orders slots by weekday, begin and end. */
export function compareSlots(a: TimeSlot, b: TimeSlot): number {
  return a.weekday - b.weekday || a.timeBegin - b.timeBegin || a.timeEnd - b.timeEnd
}

/** The time that both slots take, undefined if there is none. */
export function overlap(a: TimeSlot, b: TimeSlot): TimeSlot | undefined {
  if (a.weekday !== b.weekday || !takesTime(a) || !takesTime(b)) return undefined
  const timeBegin = Math.max(a.timeBegin, b.timeBegin)
  const timeEnd = Math.min(a.timeEnd, b.timeEnd)
  return timeBegin < timeEnd ? { weekday: a.weekday, timeBegin, timeEnd } : undefined
}

/** The same times, sorted and disjoint. Touching slots become one. */
export function mergeSlots(slots: readonly TimeSlot[]): TimeSlot[] {
  const merged: TimeSlot[] = []
  for (const { weekday, timeBegin, timeEnd } of slots.filter(takesTime).sort(compareSlots)) {
    const last = merged[merged.length - 1]
    if (last && last.weekday === weekday && timeBegin <= last.timeEnd) {
      merged[merged.length - 1] = { ...last, timeEnd: Math.max(last.timeEnd, timeEnd) }
    } else {
      merged.push({ weekday, timeBegin, timeEnd })
    }
  }
  return merged
}

/** The times that are in both, merged. */
export function intersectSlots(a: readonly TimeSlot[], b: readonly TimeSlot[]): TimeSlot[] {
  return mergeSlots(a.flatMap((one) => b.map((other) => overlap(one, other)).filter((slot) => slot !== undefined)))
}

/** The times of a that b does not take, merged. */
export function subtractSlots(a: readonly TimeSlot[], b: readonly TimeSlot[]): TimeSlot[] {
  const taken = mergeSlots(b)
  const left: TimeSlot[] = []
  for (const { weekday, timeBegin, timeEnd } of mergeSlots(a)) {
    let begin = timeBegin
    for (const slot of taken) {
      if (slot.weekday !== weekday || slot.timeEnd <= begin || slot.timeBegin >= timeEnd) continue
      if (slot.timeBegin > begin) left.push({ weekday, timeBegin: begin, timeEnd: slot.timeBegin })
      begin = slot.timeEnd
    }
    if (begin < timeEnd) left.push({ weekday, timeBegin: begin, timeEnd })
  }
  return left
}

/** How many minutes a week the slots take together. Times that two of them take count once. */
export function slotMinutes(slots: readonly TimeSlot[]): number {
  return mergeSlots(slots).reduce((sum, slot) => sum + slot.timeEnd - slot.timeBegin, 0)
}

/** A point on the grid: a weekday, 0 to 6, and minutes after midnight. */
export interface GridPoint {
  readonly weekday: number
  readonly minutes: number
}

/**
 * The slots of the rectangle between two points, in any order: one slot for each weekday. Begin and end are rounded
 * outwards to whole steps (minutes), so that a tap selects one step.
 */
export function draggedArea(from: GridPoint, to: GridPoint, step = 30): TimeSlot[] {
  const first = Math.max(0, Math.min(from.weekday, to.weekday))
  const last = Math.min(daysPerWeek - 1, Math.max(from.weekday, to.weekday))
  const timeBegin = Math.min(Math.max(0, Math.floor(Math.min(from.minutes, to.minutes) / step) * step), minutesPerDay - step)
  const end = Math.ceil(Math.max(from.minutes, to.minutes) / step) * step
  const timeEnd = Math.min(minutesPerDay, Math.max(end, timeBegin + step))
  const area: TimeSlot[] = []
  for (let weekday = first; weekday <= last; weekday++) area.push({ weekday, timeBegin, timeEnd })
  return area
}

/** Minutes after midnight, 0 to 1440, as hours and minutes with two digits each. */
export function formatMinutes(minutes: number): string {
  const pad = (n: number): string => String(n).padStart(2, '0')
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

/** Reads "9:05" or "09:05", up to "24:00". Undefined for anything else. */
export function parseMinutes(text: string): number | undefined {
  const match = /^\s*(\d{1,2}):(\d{2})\s*$/.exec(text)
  if (!match) return undefined
  const [hours, minutes] = [Number(match[1]), Number(match[2])]
  return minutes < 60 && hours * 60 + minutes <= minutesPerDay ? hours * 60 + minutes : undefined
}
