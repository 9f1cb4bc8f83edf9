// What the student has chosen to narrow the search, and the filter that it makes.

import { computed, effect, signal } from '@preact/signals'
import type { CategoryKind, LectureFilter } from '../logic/filters.ts'
import type { TimeSlot } from '../logic/timeslots.ts'
import { filter } from './catalog.ts'
import { lectures } from './plans.ts'

export interface Conditions {
  readonly categories: Partial<Record<CategoryKind, string>>
  readonly credits: readonly number[]
  readonly tags: readonly string[]
  readonly weekdays: readonly number[]
  /** Minutes. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** An area that was dragged on the grid. */
  readonly area?: readonly TimeSlot[] | undefined
  readonly freeOnly: boolean
}

const none: Conditions = { categories: {}, credits: [], tags: [], weekdays: [], freeOnly: false }

export const conditions = signal<Conditions>(none)

export function narrow(next: Partial<Conditions>): void {
  conditions.value = { ...conditions.value, ...next }
}

export function clearConditions(): void {
  conditions.value = none
}

/** How many kinds of conditions are set, apart from the switch that is always in sight. */
export const conditionCount = computed(() => {
  const { categories, credits, tags, weekdays, from, to, area } = conditions.value
  return Object.values(categories).filter(Boolean).length +
    [credits.length > 0, tags.length > 0, weekdays.length > 0, from !== undefined || to !== undefined, area !== undefined].filter(Boolean).length
})

/** Adds a value to a list, or takes it out. */
export function toggled<Value>(list: readonly Value[], value: Value): Value[] {
  return list.includes(value) ? list.filter((other) => other !== value) : [...list, value]
}

function hoursOf({ from, to, weekdays }: Conditions): TimeSlot[] {
  if (from === undefined && to === undefined) return []
  const days = weekdays.length > 0 ? weekdays : [0, 1, 2, 3, 4, 5, 6]
  return days.map((weekday) => ({ weekday, timeBegin: from ?? 0, timeEnd: to ?? 1440 }))
}

effect(() => {
  const now = conditions.value
  const next: LectureFilter = {
    categories: Object.values(now.categories).filter(Boolean).map((name) => [name]),
    credits: now.credits, tags: now.tags, weekdays: now.weekdays,
    within: now.area ?? hoursOf(now),
    notDuring: now.freeOnly ? lectures.value.flatMap((lecture) => lecture.times) : [],
  }
  if (JSON.stringify(next) !== JSON.stringify(filter.peek())) filter.value = next
})
