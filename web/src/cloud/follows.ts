// Whom the student follows, in Firestore: docs/shared-pages.md#friends.

import { collection, doc, getDoc, increment, limit, onSnapshot, query, serverTimestamp, writeBatch, type Firestore } from 'firebase/firestore'
import { maxFollows, type FollowFields, type FollowingFields } from '../schema.ts'
import { reportFailedWrite } from './failure.ts'
import { firebase } from './firebase.ts'

const followOf = (db: Firestore, uid: string, other: string) => doc(db, `users/${uid}/follows`, other)

/** Tells whom a user follows and how many follow the user, now and after each change, until the returned function is called. */
export async function watchFollows(uid: string, followed: (uids: readonly string[]) => void, counted: (followers: number) => void): Promise<() => void> {
  const { db } = await firebase()
  const failed = (error: unknown): void => console.error(error)
  const stops = [
    onSnapshot(query(collection(db, `users/${uid}/follows`), limit(maxFollows)), ({ docs }) => followed(docs.map(({ id }) => id)), failed),
    onSnapshot(doc(db, `users/${uid}/counts/followers`), (found) => counted(Number(found.get('count') ?? 0)), failed),
  ]
  return () => { for (const stop of stops) stop() }
}

/** Follows another user, once there is a network. */
export async function follow(uid: string, other: string): Promise<void> {
  const { db } = await firebase()
  if ((await getDoc(followOf(db, uid, other))).exists()) return
  change(db, uid, other, true)
}

/** Gives up following another user, once there is a network. */
export async function unfollow(uid: string, other: string): Promise<void> {
  change((await firebase()).db, uid, other, false)
}

/** The rules accept a follow only together with its count. */
function change(db: Firestore, uid: string, other: string, adds: boolean): void {
  const batch = writeBatch(db)
  if (adds) batch.set(followOf(db, uid, other), { uid: other, createdAt: serverTimestamp() } satisfies FollowFields)
  else batch.delete(followOf(db, uid, other))
  const count = { uid: other, updatedAt: serverTimestamp() } satisfies Omit<FollowingFields, 'count'>
  batch.set(doc(db, `users/${uid}/counts/following`), { ...count, count: increment(adds ? 1 : -1) }, { merge: true })
  batch.commit().catch(reportFailedWrite)
}
