// How often a shared timetable was viewed: docs/shared-pages.md#views. A day with views costs a read, and none at all one.

import { collection, documentId, getDocsFromServer, limit, query, where } from 'firebase/firestore'
import { firebase } from './firebase.ts'

const day = 24 * 60 * 60 * 1000
const days = 7
/** Seoul is nine hours ahead. */
const ahead = 9 * 60 * 60 * 1000

export interface Views {
  readonly views: number
  /** About how many people, on the day with the most. */
  readonly viewers: number
}

/** Views of the last seven days. */
export async function loadViews(uid: string, plan: string): Promise<Views> {
  const { db } = await firebase()
  const first = new Date(Date.now() + ahead - (days - 1) * day).toISOString().slice(0, 10)
  const { docs } = await getDocsFromServer(query(collection(db, `users/${uid}/timetables/${plan}/views`), where(documentId(), '>=', first), limit(days)))
  const all = (field: string): number[] => docs.map((found) => Number(found.get(field) ?? 0))
  return { views: all('views').reduce((sum, n) => sum + n, 0), viewers: Math.max(0, ...all('viewers')) }
}
