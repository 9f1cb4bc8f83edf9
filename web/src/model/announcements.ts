// What the operator tells all students, or those of a school. A query costs at least a read, so it is asked at most every six
// hours, and not when somebody only glances at the timetable: after a minute, or when they come back to the app.

import { computed } from '@preact/signals'
import { loadAnnouncements, type Announcement } from '../cloud/publicdata.ts'
import { chosen } from './choice.ts'
import { remembered } from './remembered.ts'

const freshFor = 6 * 60 * 60 * 1000
const glance = 60 * 1000

interface KnownAnnouncements {
  readonly at: number
  readonly school: string | undefined
  readonly found: readonly Announcement[]
}

const announcements = remembered<KnownAnnouncements | null>('announcements', null)
const dismissed = remembered<readonly string[]>('dismissed', [])

/** The announcement to show. */
export const announcement = computed(() => {
  const now = announcements.value
  if (now?.school !== chosen.value?.school.id) return undefined
  return now?.found.find(({ id, from, until }) => !dismissed.value.includes(id) && from <= Date.now() && Date.now() < until)
})

export function dismissAnnouncement(id: string): void {
  dismissed.value = [...dismissed.value, id].slice(-50)
}

async function refresh(): Promise<void> {
  const school = chosen.peek()?.school.id
  const now = announcements.peek()
  if (document.visibilityState !== 'visible' || (now?.school === school && Date.now() - (now?.at ?? 0) < freshFor)) return
  try {
    announcements.value = { at: Date.now(), school, found: await loadAnnouncements(school) }
  } catch {
    // A clock that is far off, or no network.
  }
}

setTimeout(() => void refresh(), glance)
setInterval(() => void refresh(), freshFor)
document.addEventListener('visibilitychange', () => void refresh())
