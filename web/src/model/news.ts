// What changed at the school in lectures of the student, and announcements.

import { computed, effect, signal } from '@preact/signals'
import { loadAnnouncements, loadChanges, type Announcement } from '../cloud/publicdata.ts'
import { compareWithChanges, compareWithList, takeOver, type Comparison, type LectureFields, type ListChange, type Proposal } from '../lecturechanges.ts'
import { catalog, listState } from './catalog.ts'
import { chosen } from './choice.ts'
import { lectures, updateLecture } from './plans.ts'
import { recall, remember, remembered } from './remembered.ts'

const changes = signal<readonly ListChange[]>([])

// Read when the list is another one than last time: only then there can be changes.
let loadedFor = ''
effect(() => {
  const semester = chosen.value?.semester
  if (!semester || listState.value !== 'ready') return
  const key = `${semester.path} ${semester.listChangedAt}`
  if (key === loadedFor) return
  loadedFor = key
  const kept = recall<{ key: string; changes: ListChange[] }>('changes')
  if (kept?.key === key) {
    changes.value = kept.changes
    return
  }
  loadChanges(semester.path).then(
    (found) => {
      if (loadedFor !== key) return
      changes.value = found as unknown as ListChange[]
      remember('changes', { key, changes: found })
    },
    () => { loadedFor = '' }, // offline: next time
  )
})

const comparison = computed<Comparison>(() => {
  const own = lectures.value.filter((lecture) => lecture.identifier !== '')
  const found = compareWithChanges(own, changes.value, 0)
  return found.incomplete && catalog.value.length > 0 ? { ...found, proposals: compareWithList(own, catalog.value) } : found
})

/** By lecture, the change after which the student decided to keep what is. */
const kept = remembered<Record<string, number>>('kept', {})

/** What the student may take over or keep. */
export const news = computed<readonly Proposal[]>(() => comparison.value.proposals.filter(({ id }) => (kept.value[id] ?? -1) < comparison.value.seen))

/** When the newest change was. */
export const newsTime = computed(() => comparison.value.seen)

export function keepMine(proposal: Proposal): void {
  kept.value = { ...kept.value, [proposal.id]: comparison.value.seen }
}

export function takeProposal(proposal: Proposal): void {
  const lecture = lectures.value.find(({ id }) => id === proposal.id)
  if (lecture) updateLecture(lecture, takeOver(proposal) as Partial<LectureFields>)
  if (proposal.edited.length > 0) keepMine(proposal)
}

// Announcements. A query costs at least a read, so they are read at most every six hours.

const freshFor = 6 * 60 * 60 * 1000
const announcements = signal<readonly Announcement[]>([])
const dismissed = remembered<readonly string[]>('dismissed', [])

/** The announcement to show. */
export const announcement = computed(() =>
  announcements.value.find(({ id, from, until }) => !dismissed.value.includes(id) && from <= Date.now() && Date.now() < until))

export function dismissAnnouncement(id: string): void {
  dismissed.value = [...dismissed.value, id].slice(-50)
}

effect(() => {
  const school = chosen.value?.school.id
  const known = recall<{ at: number; school?: string; found: Announcement[] }>('announcements')
  if (known && known.school === school) announcements.value = known.found
  if (known && known.school === school && Date.now() - known.at < freshFor) return
  loadAnnouncements(school).then(
    (found) => {
      announcements.value = found
      remember('announcements', { at: Date.now(), school, found })
    },
    () => {}, // a clock that is far off, or no network
  )
})
