// The lecture of the search that the timetable shows as if it were added.

import { computed, effect, signal } from '@preact/signals'
import type { ListedLecture } from '../logic/coursefile.ts'
import { catalog } from './catalog.ts'
import { chosen } from './choice.ts'
import { planned } from './plans.ts'
import { view, wide } from './screen.ts'
import type { OwnLecture } from './types.ts'

export const previewed = signal<ListedLecture | undefined>(undefined)

export const preview = computed<OwnLecture | undefined>(() => {
  const lecture = previewed.value
  return lecture && !planned.value.has(lecture.identifier) ? { id: 'preview', ...lecture } : undefined
})

// A newer list has it as another object.
effect(() => {
  const lecture = previewed.peek()
  if (lecture && !catalog.value.includes(lecture)) previewed.value = catalog.value.find(({ identifier }) => identifier === lecture.identifier)
})

// It belongs to the search.
effect(() => {
  void chosen.value?.semester.path
  if (view.value !== 'search' && !(wide.value && view.value === 'timetable')) previewed.value = undefined
})
