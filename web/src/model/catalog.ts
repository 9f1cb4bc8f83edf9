// The course list of the semester on the screen, and the search in it.

import { batch, computed, effect, signal } from '@preact/signals'
import { forgetList, loadList } from '../cloud/courselist.ts'
import { CourseFileError, type ListedLecture } from '../logic/coursefile.ts'
import { facetsOf, type LectureFilter } from '../logic/filters.ts'
import type { SearchResult } from '../logic/search.ts'
import { SearchClient } from '../logic/searchclient.ts'
import type { SortOrder } from '../logic/sortorders.ts'
import { WorkerLost } from '../logic/workerport.ts'
import { chosen } from './choice.ts'
import { refreshSemester } from './semesterwatch.ts'

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
  (worker ??= new SearchClient(new Worker(new URL('../logic/worker.ts', import.meta.url), { type: 'module', name: 'search' })))

let shownList = ''
let attempt = 0

/** Whether loading takes so long that the student should know what else they can do. */
export const isSlow = signal(false)
const patience = 8000

/** Loads the list of the chosen semester, unless it is there. A list that is there stays until a newer one is complete. */
async function show(semester: string, lecturesUrl: string | undefined): Promise<void> {
  const mine = ++attempt
  isSlow.value = false
  if (!lecturesUrl || shownList === lecturesUrl) {
    listState.value = lecturesUrl ? 'ready' : 'missing'
    return
  }
  if (shownList === '') listState.value = 'loading'
  const timer = setTimeout(() => { if (mine === attempt) isSlow.value = true }, patience)
  try {
    const searcher = client() // it loads while the list does
    const bytes = await loadList(semester, lecturesUrl)
    if (mine !== attempt) return
    const { lectures, result: found } = await searcher.load(bytes, { query: query.peek(), filter: filter.peek(), order: order.peek() })
    if (semester !== shownSemester) return // also if a newer list is on its way: the worker has this one
    shownList = lecturesUrl
    batch(() => {
      catalog.value = lectures
      result.value = found
      listState.value = 'ready'
    })
  } catch (error) {
    console.error(error)
    if (error instanceof CourseFileError) await forgetList(lecturesUrl)
    else if (error instanceof WorkerLost) worker = undefined
    if (mine === attempt && shownList === '') listState.value = error instanceof CourseFileError ? 'damaged' : 'unreachable'
  } finally {
    clearTimeout(timer)
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

const hasList = computed(() => catalog.value.length > 0)

effect(() => {
  const request = { query: query.value, filter: filter.value, order: order.value }
  if (hasList.value) client().search(request).then((found) => { if (found) result.value = found }, searchAgain)
})

/** What the list has for a query, the best first, whatever the search on the screen shows. Undefined if another search came in between. */
export async function searchList(query: string): Promise<readonly ListedLecture[] | undefined> {
  const found = await client().search({ query })
  return found && [...found.hits].map((i) => catalog.peek()[i]!) // replies come in order: the list is the one that was searched
}

/** The worker is gone, and its list with it. */
function searchAgain(error: unknown): void {
  console.error(error)
  worker = undefined
  shownList = ''
  void retryList()
}

export async function retryList(): Promise<void> {
  listState.value = 'loading'
  await refreshSemester()
  const semester = chosen.peek()?.semester
  if (semester) await show(semester.path, semester.lecturesUrl)
}
