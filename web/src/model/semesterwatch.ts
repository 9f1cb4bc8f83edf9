// Keeps the semester on the screen up to date while its list is used, because its lecturesUrl changes with the list. An account
// listens. A visitor, who has no SDK, asks now and then: when they come back to the app, at most once a minute, and every five.

import { computed, effect, signal } from '@preact/signals'
import { loadSemester } from '../cloud/publicdata.ts'
import { chosen } from './choice.ts'
import { remembered } from './remembered.ts'
import { semestersReadAt } from './schools.ts'
import { user } from './session.ts'
import { schoolOf, type Semester } from './types.ts'

/** Listens to a semester's document. Returns a function that stops. */
export type ListenToSemester = (path: string, changed: (semester: Semester) => void) => () => void

/** How an account listens. */
export const listenToSemester = signal<ListenToSemester | undefined>(undefined)

/**
 * Whether the student is using the search, not only looking at the app, in which it may be open: a listener that was away for
 * half an hour costs a read.
 */
export const searching = signal(false)

const visible = signal(document.visibilityState === 'visible')
const path = computed(() => chosen.value?.semester.path)

effect(() => {
  const listen = listenToSemester.value
  if (listen && path.value && searching.value && visible.value) return listen(path.value, update)
  return undefined
})

/** Shows what a semester's document says now. */
function update(semester: Semester): void {
  const before = chosen.peek()
  if (before?.semester.path === semester.path && JSON.stringify(semester) !== JSON.stringify(before.semester)) chosen.value = { ...before, semester }
}

/** Reads the semester's document again. */
export async function refreshSemester(): Promise<void> {
  const now = path.peek()
  if (!now) return
  try {
    const semester = await loadSemester(now)
    if (semester) update(semester)
  } catch {
    // Offline, or busy: what is on the screen stays.
  }
}

const freshFor = 60_000
/** When a visitor last asked. */
const asked = remembered<Record<string, number>>('refreshed', {})

function ask(): void {
  const now = path.peek()
  if (!now || !searching.peek() || user.peek() || !visible.peek()) return
  if (Date.now() - Math.max(asked.peek()[now] ?? 0, semestersReadAt(schoolOf(now))) < freshFor) return
  asked.value = { [now]: Date.now() }
  void refreshSemester()
}

effect(() => { if (searching.value && visible.value) ask() })
addEventListener('online', ask)
setInterval(ask, 5 * freshFor)
document.addEventListener('visibilitychange', () => { visible.value = document.visibilityState === 'visible' })
