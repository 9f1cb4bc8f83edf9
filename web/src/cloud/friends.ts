// A friend's public timetable, read once each time it is shown, with Firestore's REST API: it needs no account. It costs a read
// for the user, one for the timetable, and one for each lecture.

import { storedLecture } from '../logic/storedlecture.ts'
import type { OwnLecture } from '../model/types.ts'
import { decodeFields, documentName, encoded, pathOf, request, RequestError, type Document } from './publicdata.ts'

export interface FriendTimetable {
  readonly title: string
  readonly lectures: readonly OwnLecture[]
}

/** A user's newest public timetable of a semester, undefined if there is none. */
export async function loadFriendTimetable(uid: string, semester: string): Promise<FriendTimetable | undefined> {
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

/** The user who has a username, undefined if nobody does. */
export function uidOf(username: string): Promise<string | undefined> {
  return fieldOf(`/indices/user/usernames/${encodeURIComponent(username)}`, 'value')
}

/** The username of a user, undefined if there is no such user. */
export function loadUsername(uid: string): Promise<string | undefined> {
  return fieldOf(`/users/${encodeURIComponent(uid)}`, 'username')
}

async function fieldOf(path: string, field: string): Promise<string | undefined> {
  try {
    return String(decodeFields(((await request(path)) as Document).fields)[field])
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined
    throw error
  }
}
