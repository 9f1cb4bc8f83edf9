// Filters of the search. All given ones must hold; within one, any of its values. Plain data, so that the app can keep it
// and post it to the worker.
//
//   compileFilter(filter)   a test of one lecture, to run on thousands
//   facetsOf(lectures)      the values to offer, with how many lectures have each

import type { LectureFields } from '../lecturechanges.ts'
import { WeekMap } from './clash.ts'
import { takesTime, type TimeSlot } from './timeslots.ts'

export interface LectureFilter {
  /** Values of `category`, whole: the college, the department, the kind of course, the year. Each group must hold. */
  readonly categories?: readonly (readonly string[])[]
  readonly credits?: readonly number[]
  /** Names of tags. */
  readonly tags?: readonly string[]
  /** All meetings are on these weekdays, 0 to 6. Lectures without times do not match. */
  readonly weekdays?: readonly number[]
  /** All meetings lie within these times: a dragged area. Lectures without times do not match. */
  readonly within?: readonly TimeSlot[]
  /** No meeting takes any of these times: the plan's lectures and blocks. Lectures without times match. */
  readonly notDuring?: readonly TimeSlot[]
}

/** Returns a test for the filter. Empty lists do not filter. */
export function compileFilter(filter: LectureFilter = {}): (lecture: LectureFields) => boolean {
  const tests: ((lecture: LectureFields) => boolean)[] = []
  for (const group of filter.categories ?? []) {
    if (group.length > 0) tests.push(({ category }) => category.some((name) => group.includes(name)))
  }
  const { credits, tags, weekdays, within, notDuring } = filter
  if (credits?.length) tests.push(({ credit }) => credits.includes(credit))
  if (tags?.length) tests.push(({ metas }) => metas.some(({ name }) => tags.includes(name)))
  if (weekdays?.length) {
    tests.push(({ times }) => times.some(takesTime) && times.every((time) => !takesTime(time) || weekdays.includes(time.weekday)))
  }
  if (within?.length) {
    const area = new WeekMap(within)
    tests.push(({ times }) => area.covers(times))
  }
  if (notDuring?.length) {
    const taken = new WeekMap(notDuring)
    tests.push(({ times }) => taken.isFree(times))
  }
  return (lecture) => tests.every((test) => test(lecture))
}

/** What kind a category is, told by its last letters; lists do not say. */
export type CategoryKind = 'college' | 'department' | 'year' | 'other'

/** A value of a filter, and how many lectures have it. */
export interface Facet<Value> {
  readonly value: Value
  readonly lectures: number
}

/** The values to offer. Categories and tags: those of most lectures first. Credits: ascending. */
export interface Facets {
  readonly categories: Readonly<Record<CategoryKind, readonly Facet<string>[]>>
  readonly credits: readonly Facet<number>[]
  readonly tags: readonly Facet<string>[]
}

/** Counts the values of a list. */
export function facetsOf(lectures: readonly LectureFields[]): Facets {
  const categories = { college: new Map(), department: new Map(), year: new Map(), other: new Map() } as Record<CategoryKind, Map<string, number>>
  const credits = new Map<number, number>()
  const tags = new Map<string, number>()
  for (const { category, credit, metas } of lectures) {
    for (const name of new Set(category)) if (name !== '') count(categories[kindOf(name)], name)
    for (const name of new Set(metas.map((meta) => meta.name))) count(tags, name)
    count(credits, credit)
  }
  return {
    categories: {
      college: byCount(categories.college), department: byCount(categories.department),
      year: byCount(categories.year).sort((a, b) => (a.value < b.value ? -1 : 1)), other: byCount(categories.other),
    },
    credits: byCount(credits).sort((a, b) => a.value - b.value),
    tags: byCount(tags),
  }
}

/** The kind of a category. */
export function kindOf(category: string): CategoryKind {
  if (/(대학|대학원|College)$/.test(category)) return 'college'
  if (/^\d학년$/.test(category)) return 'year'
  return /(학과|학부|전공|교실|Department)$/.test(category) ? 'department' : 'other'
}

function count<Value>(counts: Map<Value, number>, value: Value): void {
  counts.set(value, (counts.get(value) ?? 0) + 1)
}

function byCount<Value>(counts: Map<Value, number>): Facet<Value>[] {
  return [...counts].map(([value, lectures]) => ({ value, lectures })).sort((a, b) => b.lectures - a.lectures)
}
