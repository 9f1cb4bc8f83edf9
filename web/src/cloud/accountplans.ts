// Plans of a student who has signed in, in Firestore. What is shown comes from the cache, which has the student's own writes
// immediately; listeners of the server keep it up to date (watching.ts). A write that the server refuses leaves the cache again.

import { signal } from '@preact/signals'
import {
  collection, deleteDoc, doc, getDocs, getDocsFromCache, limit, onSnapshot, orderBy, query, serverTimestamp, setDoc, startAfter,
  updateDoc, waitForPendingWrites, where, writeBatch, type DocumentData, type DocumentReference, type DocumentSnapshot, type Firestore,
  type QuerySnapshot, type Timestamp,
} from 'firebase/firestore'
import type { LectureFields } from '../lecturechanges.ts'
import { lectureFields } from '../logic/coursefile.ts'
import { storedLecture } from '../logic/storedlecture.ts'
import { newId, type OwnLecture, type Plan, type PlanStore } from '../model/types.ts'
import { maxPage, type LectureFields as LectureDocument, type TimetableFields } from '../schema.ts'
import { onElsewhere, remember } from '../model/remembered.ts'
import { reportFailedWrite } from './failure.ts'
import { noteInSync, wasInSync } from './reading.ts'
import { insist, watch } from './watching.ts'

const report = (error: unknown): void => console.error(error)
const created = () => ({ createdAt: serverTimestamp(), updatedAt: serverTimestamp() })
const changed = () => ({ updatedAt: serverTimestamp() })

/** A plan of its document. */
function planOf(found: DocumentSnapshot): Plan {
  const fields = found.data({ serverTimestamps: 'estimate' }) as DocumentData
  return {
    id: found.id, title: String(fields['title'] ?? ''), visibility: fields['visibility'] === 'public' ? 'public' : 'private',
    semester: fields['semester']?.path ?? '', createdAt: fields['createdAt']?.toMillis() ?? 0,
  }
}

/** Lectures of their documents, in the order in which they were added. */
function lecturesOf({ docs }: QuerySnapshot): OwnLecture[] {
  const rows = docs.map((found) => {
    const fields = found.data({ serverTimestamps: 'estimate' })
    const added = fields['createdAt'] as Timestamp | undefined
    const waiting = found.metadata.hasPendingWrites
    const untouched = added !== undefined && !waiting && added.isEqual(fields['updatedAt'] as Timestamp)
    return { added: added?.toMillis() ?? 0, lecture: { ...storedLecture(found.id, fields), untouched, waiting } }
  })
  return rows.sort((a, b) => a.added - b.added || (a.lecture.id < b.lecture.id ? -1 : 1)).map(({ lecture }) => lecture)
}

/** A lecture as its document has it: every key of the contract, and no other. */
function lectureDocument(lecture: LectureFields): LectureDocument {
  const { metas, ...fields } = lectureFields(lecture)
  return { ...fields, metas: metas.map(({ name }) => ({ type: 'tag', name })), ...created() }
}

export interface AccountPlans extends PlanStore {
  /** Shows what a write has changed in the cache, here and in other tabs. */
  refresh(): Promise<void>
}

/** Opens the plans of a user. */
export async function openAccountPlans(db: Firestore, uid: string): Promise<AccountPlans> {
  const timetables = collection(db, `users/${uid}/timetables`)
  const newestFirst = query(timetables, orderBy('semester', 'desc'), orderBy('createdAt', 'desc'))
  const of = (id: string) => collection(doc(timetables, id), 'lectures')
  const plans = signal<readonly Plan[]>([])
  const lectures = signal<readonly OwnLecture[] | undefined>(undefined)
  const unsaved = signal(false)
  const known = signal(false)
  let closed = false
  let shown: string | undefined
  let watching: ReturnType<typeof watch> | undefined
  let looking: { readonly semester: string | undefined; readonly done: Promise<void>; readonly stop: () => void } | undefined

  // Writes wait for the network, however long that takes. Those of an earlier visit may be waiting, too. The SDK is asked again and
  // again: it does not tell this tab if the earlier visit, or another tab, finishes the last of them while this tab starts.
  let newestWait = 0
  const waitForServer = (): void => {
    const mine = ++newestWait
    unsaved.value = true
    const over = (): void => { if (mine === newestWait) unsaved.value = false }
    const ask = (wait: number): void => {
      if (closed || mine !== newestWait || !unsaved.value) return
      waitForPendingWrites(db).then(over, over)
      setTimeout(ask, wait, Math.min(2 * wait, 15_000))
    }
    ask(1000)
  }
  waitForServer()

  const readPlans = async (): Promise<void> => {
    const { docs } = await getDocsFromCache(newestFirst)
    if (!closed) plans.value = docs.map(planOf)
  }
  const refresh = async (): Promise<void> => {
    watching?.refresh()
    await readPlans()
    remember('written', newId(10))
  }
  const refreshSoon = (): void => { if (!closed) refresh().catch(report) }
  onElsewhere('written', () => {
    if (closed) return
    watching?.refresh()
    readPlans().catch(report)
  })
  const track = (write: Promise<void>): void => {
    waitForServer()
    refreshSoon()
    write.catch(reportFailedWrite).finally(refreshSoon)
  }
  await readPlans()

  /** Listens to the newest plan of a semester until the server has said which that is. Listing all of them costs a read each. */
  const findNewest = (semester: string | undefined): { done: Promise<void>; stop: () => void } => {
    const from = semester === undefined ? newestFirst : query(timetables, where('semester', '==', doc(db, semester)), orderBy('createdAt', 'desc'))
    let stop = (): void => {}
    const done = new Promise<void>((resolve) => {
      const search = insist((answered) => onSnapshot(query(from, limit(1)), { includeMetadataChanges: true }, ({ metadata }) => {
        if (metadata.fromCache) return
        answered()
        search()
        refresh().then(resolve, resolve)
      }, report))
      stop = search
    })
    return { done, stop }
  }

  return {
    kind: 'account', plans, known, lectures, unsaved, refresh,
    look: (semester) => {
      if (looking && looking.semester === semester) return looking.done
      looking?.stop()
      const isKnown = plans.peek().some((plan) => semester === undefined || plan.semester === semester)
      known.value = isKnown
      const mine = looking = { semester, ...(isKnown ? { done: Promise.resolve(), stop: () => {} } : findNewest(semester)) }
      void mine.done.then(() => { if (looking === mine) known.value = true })
      return mine.done
    },
    show: (id) => {
      if (id === shown) return
      watching?.stop()
      shown = id
      lectures.value = undefined
      watching = id === undefined ? undefined : watch(of(id), (found) => { lectures.value = lecturesOf(found) })
    },
    listAll: async () => {
      let page = await getDocs(query(newestFirst, limit(maxPage)))
      while (page.size === maxPage) page = await getDocs(query(newestFirst, startAfter(page.docs.at(-1)), limit(maxPage)))
      await refresh()
    },
    lecturesOf: async (id) => {
      const cached = await getDocsFromCache(of(id))
      if (!cached.empty || (id === shown && lectures.peek())) return lecturesOf(cached)
      const found = await getDocs(of(id))
      // Without a network, the SDK answers from the cache.
      if (found.empty && found.metadata.fromCache && !wasInSync(of(id))) throw Object.assign(new Error(id), { code: 'unavailable' })
      return lecturesOf(found)
    },
    create: (plan, copies) => {
      noteInSync(of(plan.id))
      track(createPlan(db, uid, plan, copies))
    },
    rename: (id, title) => track(updateDoc(doc(timetables, id), { title, ...changed() })),
    setVisibility: (id, visibility) => track(updateDoc(doc(timetables, id), { visibility, ...changed() })),
    remove: (id) => track(deleteDoc(doc(timetables, id))),
    addLecture: (plan, { id, ...fields }) => track(setDoc(doc(of(plan), id), lectureDocument(fields))),
    updateLecture: (plan, id, fields) => track(updateDoc(doc(of(plan), id), { ...fields, ...changed() })),
    removeLecture: (plan, id) => track(deleteDoc(doc(of(plan), id))),
    close: () => {
      closed = true
      looking?.stop()
      watching?.stop()
    },
  }
}

/** Writes a plan with lectures, all or nothing. */
export function createPlan(db: Firestore, uid: string, plan: Omit<Plan, 'createdAt'>, lectures: readonly LectureFields[]): Promise<void> {
  const timetable = doc(db, `users/${uid}/timetables`, plan.id)
  const batch = writeBatch(db)
  const { title, visibility, semester } = plan
  batch.set(timetable, { title, visibility, semester: doc(db, semester), ...created() } satisfies TimetableFields<DocumentReference>)
  for (const lecture of lectures) batch.set(doc(timetable, 'lectures', newId(20)), lectureDocument(lecture))
  return batch.commit()
}
