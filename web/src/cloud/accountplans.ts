// Plans of a student who has signed in, in Firestore. What is shown comes from the cache, which has the student's own writes
// immediately; listeners of the server keep it up to date (reading.ts). A write that the server refuses leaves the cache again.

import { signal } from '@preact/signals'
import {
  collection, deleteDoc, doc, getDocs, getDocsFromCache, limit, onSnapshot, orderBy, query, serverTimestamp, setDoc, startAfter,
  updateDoc, waitForPendingWrites, writeBatch, type DocumentData, type DocumentReference, type DocumentSnapshot, type Firestore,
  type QuerySnapshot, type Timestamp,
} from 'firebase/firestore'
import type { LectureFields } from '../lecturechanges.ts'
import { lectureFields } from '../logic/coursefile.ts'
import { storedLecture } from '../logic/storedlecture.ts'
import { newId, type OwnLecture, type Plan, type PlanStore } from '../model/types.ts'
import { maxPage, type LectureFields as LectureDocument, type TimetableFields } from '../schema.ts'
import { reportFailedWrite } from './failure.ts'
import { keepInSync } from './reading.ts'

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

/** Opens the plans of a user. */
export async function openAccountPlans(db: Firestore, uid: string): Promise<PlanStore> {
  const timetables = collection(db, `users/${uid}/timetables`)
  const newestFirst = query(timetables, orderBy('semester', 'desc'), orderBy('createdAt', 'desc'))
  const of = (id: string) => collection(doc(timetables, id), 'lectures')
  const plans = signal<readonly Plan[]>([])
  const lectures = signal<readonly OwnLecture[] | undefined>(undefined)
  const unsaved = signal(false)
  let shown: string | undefined
  let stopShown = (): void => {}

  // Writes wait for the network, however long that takes. Those of an earlier visit may be waiting, too.
  let newestWait = 0
  const waitForServer = (): void => {
    const mine = ++newestWait
    unsaved.value = true
    const over = (): void => { if (mine === newestWait) unsaved.value = false }
    waitForPendingWrites(db).then(over, over)
  }
  const track = (write: Promise<void>): void => {
    waitForServer()
    write.catch(reportFailedWrite)
  }
  waitForServer()

  const first = await getDocsFromCache(newestFirst)
  plans.value = first.docs.map(planOf)
  const stopPlans = onSnapshot(newestFirst, { source: 'cache' }, (found) => { plans.value = found.docs.map(planOf) })
  // On a fresh device, the newest plan: listing all of them costs a read each.
  if (first.empty) await getDocs(query(newestFirst, limit(1))).catch(() => {})

  return {
    kind: 'account', plans, lectures, unsaved,
    show: (id) => {
      if (id === shown) return
      stopShown()
      stopShown = () => {}
      shown = id
      lectures.value = undefined
      if (id === undefined) return
      const stopCache = onSnapshot(of(id), { source: 'cache' }, (found) => { lectures.value = lecturesOf(found) })
      const stopSync = keepInSync(of(id), (error) => console.error(error))
      stopShown = () => { stopCache(); stopSync() }
    },
    listAll: async () => {
      let page = await getDocs(query(newestFirst, limit(maxPage)))
      while (page.size === maxPage) page = await getDocs(query(newestFirst, startAfter(page.docs.at(-1)), limit(maxPage)))
    },
    lecturesOf: async (id) => {
      const cached = await getDocsFromCache(of(id))
      return lecturesOf(cached.empty && id !== shown ? await getDocs(of(id)).catch(() => cached) : cached)
    },
    create: (plan, copies) => track(createPlan(db, uid, plan, copies)),
    rename: (id, title) => track(updateDoc(doc(timetables, id), { title, ...changed() })),
    setVisibility: (id, visibility) => track(updateDoc(doc(timetables, id), { visibility, ...changed() })),
    remove: (id) => track(deleteDoc(doc(timetables, id))),
    addLecture: (plan, { id, ...fields }) => track(setDoc(doc(of(plan), id), lectureDocument(fields))),
    updateLecture: (plan, id, fields) => track(updateDoc(doc(of(plan), id), { ...fields, ...changed() })),
    removeLecture: (plan, id) => track(deleteDoc(doc(of(plan), id))),
    close: () => { stopShown(); stopPlans() },
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
