// The course list of the semester on the screen, and the search in it.

import { computed, effect, signal } from '@preact/signals'
import { loadList } from '../cloud/courselist.ts'
import { loadSemester } from '../cloud/publicdata.ts'
import { CourseFileError, parseCourseFile, type ListedLecture } from '../logic/coursefile.ts'
import { facetsOf, type LectureFilter } from '../logic/filters.ts'
import type { SearchResult } from '../logic/search.ts'
import { SearchClient } from '../logic/searchclient.ts'
import type { SortOrder } from '../logic/sortorders.ts'
import { chosen } from './choice.ts'
import { remembered } from './remembered.ts'

export type ListState = 'loading' | 'ready' | 'missing' | 'damaged' | 'unreachable'

export const listState = signal<ListState>('loading')
export const catalog = signal<readonly ListedLecture[]>([])
/** Positions in the catalog. Undefined before the first search. */
export const result = signal<SearchResult | undefined>(undefined)
export const facets = computed(() => facetsOf(catalog.value))

export const query = signal('')
export const filter = signal<LectureFilter>({})
export const order = signal<SortOrder>('relevance')

let worker: SearchClient | undefined
const client = (): SearchClient =>
  (worker ??= new SearchClient(new Worker(new URL('../logic/searchworker.ts', import.meta.url), { type: 'module' })))

let shownList = ''
let attempt = 0

/** Loads the list of the chosen semester, unless it is there. A list that is there stays until a newer one is complete. */
async function show(semester: string, lecturesUrl: string | undefined): Promise<void> {
  const mine = ++attempt
  if (!lecturesUrl) {
    listState.value = 'missing'
    return
  }
  if (shownList === lecturesUrl) {
    listState.value = 'ready'
    return
  }
  try {
    const lectures = parseCourseFile(await loadList(semester, lecturesUrl))
    if (mine !== attempt) return
    await client().setList(lectures)
    const found = await client().search({ query: query.peek(), filter: filter.peek(), order: order.peek() })
    if (mine !== attempt) return
    catalog.value = lectures
    result.value = found
    shownList = lecturesUrl
    listState.value = 'ready'
  } catch (error) {
    if (mine !== attempt) return
    console.error(error)
    if (listState.value === 'loading') listState.value = error instanceof CourseFileError ? 'damaged' : 'unreachable'
  }
}

/** Whether the search has been opened: only then the list is loaded. */
export const wanted = signal(false)

let shownSemester = ''
effect(() => {
  const semester = chosen.value?.semester
  if (!semester || !wanted.value) return
  if (semester.path !== shownSemester) {
    shownSemester = semester.path
    shownList = ''
    catalog.value = []
    result.value = undefined
    listState.value = 'loading'
  }
  void show(semester.path, semester.lecturesUrl)
})

effect(() => {
  const request = { query: query.value, filter: filter.value, order: order.value }
  if (catalog.value.length === 0) return
  void client().search(request).then((found) => { if (found) result.value = found }, console.error)
})

/** Reads the semester's document again: its list may be another one. */
export async function refreshSemester(): Promise<void> {
  const before = chosen.peek()
  if (!before) return
  try {
    const semester = await loadSemester(before.semester.path)
    if (semester && chosen.peek()?.semester.path === before.semester.path && JSON.stringify(semester) !== JSON.stringify(before.semester)) {
      chosen.value = { ...before, semester }
    }
  } catch {
    // Offline, or busy: what is on the screen stays.
  }
}

export async function retryList(): Promise<void> {
  listState.value = 'loading'
  await refreshSemester()
  const semester = chosen.peek()?.semester
  if (semester) await show(semester.path, semester.lecturesUrl)
}

const freshFor = 60_000
/** When a semester's document was last read. */
const refreshed = remembered<Record<string, number>>('refreshed', {})

/** Asks for a newer list when the student comes back to the search, at most once a minute. */
export function refreshIfStale(): void {
  const path = chosen.peek()?.semester.path
  if (!path || !wanted.peek() || document.visibilityState !== 'visible' || Date.now() - (refreshed.peek()[path] ?? 0) < freshFor) return
  refreshed.value = { [path]: Date.now() }
  void refreshSemester()
}

document.addEventListener('visibilitychange', refreshIfStale)
addEventListener('online', refreshIfStale)
setInterval(refreshIfStale, 5 * freshFor)
