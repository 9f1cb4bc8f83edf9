// Reads a lecture's document in a timetable. Documents of years ago may lack fields or have others: such a lecture is shown
// as far as it can be, as servers do (LectureOf in internal/schema), while a course list is read strictly (coursefile.ts).
//
//   storedLecture(id, data)   the lecture with every key of the contract, and no other

import type { LectureTime, OwnLecture } from '../lecturechanges.ts'
import { takesTime } from './timeslots.ts'

/** Skips values of another type, times that end before they begin, and tags without a name. */
export function storedLecture(id: string, data: Readonly<Record<string, unknown>>): OwnLecture {
  return {
    id,
    identifier: text(data['identifier']),
    title: text(data['title']),
    professor: text(data['professor']),
    credit: number(data['credit']),
    times: maps(data['times']).map(timeOf).filter(takesTime),
    category: list(data['category']).filter((name) => typeof name === 'string'),
    metas: maps(data['metas']).map(({ type, name }) => ({ type: text(type), name: text(name) })).filter((meta) => meta.type === 'tag' && meta.name !== ''),
  }
}

function timeOf(time: Readonly<Record<string, unknown>>): LectureTime {
  const { weekday, timeBegin, timeEnd, room } = time
  return { weekday: number(weekday, -1), timeBegin: number(timeBegin), timeEnd: number(timeEnd), room: text(room) }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function maps(value: unknown): Readonly<Record<string, unknown>>[] {
  return list(value).filter((entry): entry is Readonly<Record<string, unknown>> => typeof entry === 'object' && entry !== null)
}
