// Reads a course list, the object in Cloud Storage at a semester's lecturesUrl: a JSON array of lectures. A list that is
// not exactly what the contract says is rejected as a whole, with an error that names the lecture: nothing is guessed.
// The bounds are those of the schema, so whatever is in a list can be added to a timetable.
//
//   parseCourseFile(bytes)         the lectures in the order of the file, which is by identifier; or a CourseFileError
//   lectureFields(listed)          a copy to write into a timetable: every key of the contract, no `url`, nothing else
//   courseOf(identifier)           "COSE372-02" → "COSE372": sections of one course

import type { LectureFields, LectureTime } from '../lecturechanges.ts'
import { maxBytes } from '../listdelta.ts'
import { bounds } from './bounds.ts'
import { minutesPerDay } from './timeslots.ts'

/** A lecture of the list. `url` is the address of its syllabus, "" if there is none. */
export interface ListedLecture extends LectureFields {
  readonly url: string
}

/** A course list that cannot be used. `index` is the position of the lecture at fault, undefined if it is the file. */
export class CourseFileError extends Error {
  override name = 'CourseFileError'
  readonly index: number | undefined

  constructor(message: string, index?: number) {
    super(index === undefined ? message : `lecture ${index}: ${message}`)
    this.index = index
  }
}

/** Reads a list as loaded, after the content encoding is undone. */
export function parseCourseFile(bytes: Uint8Array): ListedLecture[] {
  if (bytes.length > maxBytes) throw new CourseFileError(`the list has ${bytes.length} bytes, more than ${maxBytes}`)
  let list: unknown
  try {
    list = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    throw new CourseFileError(`the list is not JSON in UTF-8: ${String(error)}`)
  }
  if (!Array.isArray(list)) throw new CourseFileError('the list is not an array')
  const seen = new Set<string>()
  return list.map((value: unknown, index) => {
    const lecture = readLecture(value, index)
    if (seen.has(lecture.identifier)) throw new CourseFileError(`identifier ${lecture.identifier} is duplicated`, index)
    seen.add(lecture.identifier)
    return lecture
  })
}

/** The fields that a timetable stores. The lists are copies. */
export function lectureFields(lecture: LectureFields): LectureFields {
  const { identifier, title, professor, credit, times, category, metas } = lecture
  return {
    identifier, title, professor, credit,
    times: times.map(({ weekday, timeBegin, timeEnd, room }) => ({ weekday, timeBegin, timeEnd, room })),
    category: [...category],
    metas: metas.map(({ type, name }) => ({ type, name })),
  }
}

/** The course of an identifier, which is a course code, a hyphen and a section: all but the section. */
export function courseOf(identifier: string): string {
  const hyphen = identifier.lastIndexOf('-')
  return hyphen > 0 ? identifier.slice(0, hyphen) : identifier
}

// Keys that a list does not have today are ignored and never copied, so that servers can add some.
function readLecture(value: unknown, index: number): ListedLecture {
  const read = fieldsOf(value, 'the lecture', index)
  const identifier = read.text('identifier', bounds.identifier)
  if (identifier === '') throw new CourseFileError('identifier is empty', index)
  return {
    identifier,
    title: read.text('title', bounds.title),
    professor: read.text('professor', bounds.professor),
    credit: read.number('credit', bounds.credit),
    times: read.list('times', bounds.times).map((time, i) => readTime(time, `times[${i}]`, index)),
    category: read.list('category', bounds.categories).map((name, i) => text(name, `category[${i}]`, bounds.category, index)),
    metas: read.list('metas', bounds.metas).map((meta, i) => readMeta(meta, `metas[${i}]`, index)),
    url: read.text('url', bounds.url),
  }
}

function readTime(value: unknown, where: string, index: number): LectureTime {
  const read = fieldsOf(value, where, index)
  const time = {
    weekday: read.integer('weekday', bounds.weekday),
    timeBegin: read.integer('timeBegin', minutesPerDay),
    timeEnd: read.integer('timeEnd', minutesPerDay),
    room: read.text('room', bounds.room),
  }
  if (time.timeBegin >= time.timeEnd) throw new CourseFileError(`${where} ends before it begins`, index)
  return time
}

function readMeta(value: unknown, where: string, index: number): { type: string; name: string } {
  const read = fieldsOf(value, where, index)
  const type = read.text('type', bounds.metaName)
  if (type !== 'tag') throw new CourseFileError(`${where}.type is ${JSON.stringify(type)}, not "tag"`, index)
  return { type, name: read.text('name', bounds.metaName) }
}

/** Functions that read an object's fields, or throw an error that names the field. */
function fieldsOf(value: unknown, where: string, index: number) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CourseFileError(`${where} is not an object`, index)
  const fields = value as Record<string, unknown>
  const number = (key: string, max: number): number => {
    const n = fields[key]
    if (typeof n !== 'number' || n < 0 || n > max) throw new CourseFileError(`${where}: ${key} is not a number from 0 to ${max}`, index)
    return n
  }
  return {
    number,
    integer(key: string, max: number): number {
      const n = number(key, max)
      if (!Number.isInteger(n)) throw new CourseFileError(`${where}: ${key} is not an integer`, index)
      return n
    },
    text: (key: string, max: number): string => text(fields[key], `${where}: ${key}`, max, index),
    list(key: string, max: number): unknown[] {
      const entries = fields[key]
      if (!Array.isArray(entries) || entries.length > max) throw new CourseFileError(`${where}: ${key} is not a list of at most ${max}`, index)
      return entries
    },
  }
}

/** Bounds count characters, as the rules do: code points, not UTF-16. */
function text(value: unknown, where: string, max: number, index: number): string {
  if (typeof value !== 'string') throw new CourseFileError(`${where} is not a text`, index)
  if (value.length > max && [...value].length > max) throw new CourseFileError(`${where} has more than ${max} characters`, index)
  return value
}
