// A semester's document for an account: with the SDK, because Firestore does not bill a listener again for half an hour.

import { doc, getDoc, onSnapshot, Timestamp, type DocumentSnapshot, type Firestore } from 'firebase/firestore'
import type { ListenToSemester } from '../model/semesterwatch.ts'
import type { Semester } from '../model/types.ts'
import { semesterOf } from './publicdata.ts'

/** A semester, undefined if there is none. Listening to it afterwards costs nothing. */
export async function readSemester(db: Firestore, path: string): Promise<Semester | undefined> {
  return semesterIn(await getDoc(doc(db, path)))
}

/** How to listen to semesters. What the cache has may be older than what is on the screen, so only the server counts. */
export const semesterListener = (db: Firestore): ListenToSemester => (path, changed) =>
  onSnapshot(doc(db, path), { includeMetadataChanges: true }, (found) => {
    const semester = found.metadata.fromCache ? undefined : semesterIn(found)
    if (semester) changed(semester)
  }, (error) => console.error(error))

function semesterIn(found: DocumentSnapshot): Semester | undefined {
  const fields = found.data()
  const milliseconds = (value: unknown): unknown => (value instanceof Timestamp ? value.toMillis() : value)
  return fields && semesterOf(found.ref.path, Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, milliseconds(value)])))
}
