// A friend's public timetable, read once each time it is shown, with Firestore's REST API: it needs no account. It costs a read
// for the username, one for the timetable, and one for each lecture.

import { storedLecture } from '../logic/storedlecture.ts'
import type { OwnLecture } from '../model/types.ts'
import { decodeFields, documentName, encoded, pathOf, request, RequestError, type Document } from './publicdata.ts'

export interface FriendTimetable {
  readonly title: string
  readonly lectures: readonly OwnLecture[]
}

/** The newest public timetable of a semester, undefined if there is none. Null if nobody has the username. */
export async function loadFriendTimetable(username: string, semester: string): Promise<FriendTimetable | undefined | null> {
  const uid = await uidOf(username)
  if (uid === undefined) return null
  const equal = (fieldPath: string, value: object) => ({ fieldFilter: { field: { fieldPath }, op: 'EQUAL', value } })
  const found = (await request(`/users/${encodeURIComponent(uid)}:runQuery`, {
    structuredQuery: {
      from: [{ collectionId: 'timetables' }],
      where: {
        compositeFilter: {
          op: 'AND',
          filters: [equal('visibility', { stringValue: 'public' }), equal('semester', { referenceValue: await documentName(semester) })],
        },
      },
      orderBy: [{ field: { fieldPath: 'createdAt' }, direction: 'DESCENDING' }],
      limit: 1,
    },
  })) as { document?: Document }[]
  const timetable = found.find(({ document }) => document)?.document
  if (!timetable) return undefined
  const answer = (await request(`/${encoded(pathOf(timetable.name))}:runQuery`, {
    structuredQuery: { from: [{ collectionId: 'lectures' }] },
  })) as { document?: Document }[]
  const lectures = answer.flatMap(({ document }) => (document ? [storedLecture(document.name, decodeFields(document.fields))] : []))
  return { title: String(decodeFields(timetable.fields)['title'] ?? ''), lectures }
}

async function uidOf(username: string): Promise<string | undefined> {
  try {
    const index = (await request(`/indices/user/usernames/${encodeURIComponent(username)}`)) as Document
    return String(decodeFields(index.fields)['value'])
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined
    throw error
  }
}
