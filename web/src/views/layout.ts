// Where blocks are in the grid.

import { compareSlots, mergeSlots, type TimeSlot } from '../logic/timeslots.ts'
import type { OwnLecture } from '../model/types.ts'

/** The part of the week that the grid shows. Times are minutes, at full hours. */
export interface Week {
  readonly days: number
  readonly begin: number
  readonly end: number
}

/** One meeting in the grid. Meetings that overlap share the width of the day: lane of lanes. */
export interface Block {
  readonly lecture: OwnLecture
  readonly slot: OwnLecture['times'][number]
  readonly lane: number
  readonly lanes: number
}

/** Monday to Friday and 9 to 18, or as much more as there are lectures. */
export function weekOf(times: readonly TimeSlot[]): Week {
  const begin = Math.min(9 * 60, ...times.map((time) => Math.floor(time.timeBegin / 60) * 60))
  const end = Math.max(18 * 60, ...times.map((time) => Math.ceil(time.timeEnd / 60) * 60))
  return { days: Math.max(5, ...times.map((time) => time.weekday + 1)), begin, end }
}

/** The blocks of a weekday, from morning to evening. */
export function blocksOf(lectures: readonly OwnLecture[], weekday: number): Block[] {
  const meetings = lectures
    .flatMap((lecture) => lecture.times.filter((slot) => slot.weekday === weekday).map((slot) => ({ lecture, slot })))
    .sort((a, b) => a.slot.timeBegin - b.slot.timeBegin || a.slot.timeEnd - b.slot.timeEnd)
  const blocks: Block[] = []
  for (const group of mergeOverlaps(meetings)) {
    const ends: number[] = []
    const placed = group.map((meeting) => {
      let lane = ends.findIndex((end) => end <= meeting.slot.timeBegin)
      if (lane < 0) lane = ends.length
      ends[lane] = meeting.slot.timeEnd
      return { ...meeting, lane }
    })
    for (const meeting of placed) blocks.push({ ...meeting, lanes: ends.length })
  }
  return blocks
}

type Meeting = Pick<Block, 'lecture' | 'slot'>

/** Groups of meetings that overlap, directly or through others. */
function mergeOverlaps(meetings: readonly Meeting[]): Meeting[][] {
  const groups: Meeting[][] = []
  let end = -1
  for (const meeting of meetings) {
    if (meeting.slot.timeBegin >= end) groups.push([])
    groups.at(-1)!.push(meeting)
    end = Math.max(end, meeting.slot.timeEnd)
  }
  return groups
}

/** Times as a student says them: 월·수 10:30–11:45, with rooms. */
export function describeTimes(times: OwnLecture['times'], days: readonly string[], format: (minutes: number) => string): string {
  const groups = new Map<string, { days: string[]; room: string; when: string }>()
  for (const { weekday, timeBegin, timeEnd, room } of [...times].sort(compareSlots)) {
    const when = `${format(timeBegin)}–${format(timeEnd)}`
    const key = `${when} ${room}`
    const group = groups.get(key) ?? { days: [], room, when }
    group.days.push(days[weekday] ?? '')
    groups.set(key, group)
  }
  return [...groups.values()].map(({ days, when, room }) => `${days.join('·')} ${when}${room && ` ${room}`}`).join(', ')
}

/** Days and times without rooms, for the time two lectures share. */
export function describeSlots(slots: readonly TimeSlot[], days: readonly string[], format: (minutes: number) => string): string {
  return mergeSlots(slots).map((slot) => `${days[slot.weekday]} ${format(slot.timeBegin)}–${format(slot.timeEnd)}`).join(', ')
}
