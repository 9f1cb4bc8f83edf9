// What changed at the school in lectures of the student.

import { computed, effect, signal } from '@preact/signals'
import { loadChanges, maxChanges } from '../cloud/publicdata.ts'
import { t } from '../i18n/index.ts'
import { compareWithChanges, compareWithList, takeOver, type LectureFields, type ListChange, type OwnLecture, type Proposal } from '../lecturechanges.ts'
import { catalog, listState } from './catalog.ts'
import { chosen } from './choice.ts'
import { lectures, perform, removeLecture, updateLecture } from './plans.ts'
import { recall, remember, remembered } from './remembered.ts'

/** The changes of a semester's list that the device knows, newest first. */
interface KnownChanges {
  readonly semester: string
  /** When the list changed that they end with. */
  readonly until: number | undefined
  readonly changes: readonly ListChange[]
}

const none: KnownChanges = { semester: '', until: undefined, changes: [] }
const known = signal(recall<KnownChanges>('changes') ?? none)

const listed = computed<readonly OwnLecture[]>(() => lectures.value.filter((lecture) => lecture.identifier !== ''))

/** How the student's lectures differ from the list on this device, which costs nothing to know. */
const differing = computed(() => (listState.value === 'ready' ? compareWithList(listed.value, catalog.value) : []))

// What changed, and when, costs a read for each change. So it is asked only when something differs, and only for what is new.
let loading = ''
effect(() => {
  const semester = chosen.value?.semester
  if (!semester || differing.value.length === 0) return
  const { path, listChangedAt } = semester
  const old = known.peek().semester === path ? known.peek() : none
  const key = `${path} ${listChangedAt}`
  if (key === loading || (old.semester === path && old.until === listChangedAt)) return
  loading = key
  loadChanges(path, old.changes[0]?.at ?? 0).then(
    (found) => {
      if (loading !== key) return
      const newer = found as unknown as ListChange[]
      // As many as a query gives: there may be others between these and the older ones.
      known.value = { semester: path, until: listChangedAt, changes: newer.length === maxChanges ? newer : [...newer, ...old.changes].slice(0, maxChanges) }
      remember('changes', known.value)
    },
    () => { loading = '' }, // offline: next time
  )
})

const comparison = computed(() => {
  const { semester, changes } = known.value
  if (semester !== chosen.value?.semester.path || differing.value.length === 0) return { proposals: [], seen: 0 }
  const found = compareWithChanges(listed.value, changes, 0, !!changes.at(-1)?.from)
  return found.incomplete ? { ...found, proposals: compareWithList(listed.value, catalog.value, changes) } : found
})

/** What the student has decided to keep as it is: by lecture, what the list has instead. */
const kept = remembered<Record<string, string>>('kept', {})

/** What the list has that the student has not. */
const offered = ({ kind, fields, edited, unsure }: Proposal): string =>
  JSON.stringify([kind, ...[...fields, ...edited, ...unsure].map(({ field, after }) => [field, after]).sort()])

/** What the student may take over or keep. */
export const news = computed<readonly Proposal[]>(() => comparison.value.proposals.filter((proposal) => kept.value[proposal.id] !== offered(proposal)))

/** When the list changed that a proposal is of: the newest change, unless it is known which one has the lecture. */
export function changedAt({ id }: Proposal): number {
  const identifier = lectures.value.find((lecture) => lecture.id === id)?.identifier
  const change = known.value.changes.find((one) => one.lectures.some((l) => l.identifier === identifier || l.before.identifier === identifier))
  return change?.at ?? comparison.value.seen
}

function keep(proposal: Proposal): void {
  kept.value = Object.fromEntries([...Object.entries(kept.value).filter(([id]) => id !== proposal.id), [proposal.id, offered(proposal)]].slice(-200))
}

/** Keeps the student's copy as it is. */
export function keepMine(proposal: Proposal): void {
  const before = kept.value
  perform(t.value.kept(lectures.value.find(({ id }) => id === proposal.id)?.title ?? ''), { redo: () => keep(proposal), undo: () => { kept.value = before } })
}

/** Takes everything over but what the student has edited, and keeps that. */
export function takeProposal(proposal: Proposal): void {
  const lecture = lectures.value.find(({ id }) => id === proposal.id)
  if (lecture) updateLecture(lecture, takeOver(proposal) as Partial<LectureFields>)
  if (proposal.edited.length > 0) keep({ ...proposal, fields: [], unsure: [] })
}

/** Removes a lecture that the school no longer lists. */
export function removeGone(proposal: Proposal): void {
  const lecture = lectures.value.find(({ id }) => id === proposal.id)
  if (lecture) removeLecture(lecture)
}
