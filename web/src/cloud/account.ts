// The student's account: signing up, in and out, the username, deleting the account. Loaded when it is first needed.

import {
  createUserWithEmailAndPassword, onAuthStateChanged, sendPasswordResetEmail, signInWithCustomToken, signInWithEmailAndPassword,
  signOut as endSession, updatePassword, type User as FirebaseUser,
} from 'firebase/auth'
import { clearIndexedDbPersistence, doc, getDoc, runTransaction, serverTimestamp, terminate, writeBatch } from 'firebase/firestore'
import { chosen } from '../model/choice.ts'
import { deviceStore, devicePlans, forgetDevicePlan, type DevicePlan } from '../model/deviceplans.ts'
import { followWaiting, forgetFriends } from '../model/friends.ts'
import { leaveDevice } from '../model/notifications.ts'
import { forgetSteps, store } from '../model/plans.ts'
import { recall, remember } from '../model/remembered.ts'
import { knownSchools } from '../model/schools.ts'
import { listenToSemester } from '../model/semesterwatch.ts'
import { setUser, user } from '../model/session.ts'
import { schoolOf, type School } from '../model/types.ts'
import { createPlan, openAccountPlans } from './accountplans.ts'
import { codeOf, reportFailedWrite } from './failure.ts'
import { firebase } from './firebase.ts'
import { loadSchool } from './publicdata.ts'
import { once } from './reading.ts'
import { readSemester, semesterListener } from './semesterlistener.ts'
import { deleteAccount, idOf, login, restoreAccount } from './services.ts'

export { follow, unfollow, watchFollows } from './follows.ts'

let started: Promise<void> | undefined
let opened: string | undefined

/** Follows who is signed in, in this tab and in others. Resolves when that is known. */
export function start(): Promise<void> {
  return (started ??= firebase().then(({ auth }) => new Promise<void>((resolve) => {
    onAuthStateChanged(auth, (next) => {
      (next ? enter(next) : Promise.resolve(leave())).catch((error: unknown) => console.error(error)).finally(resolve)
    })
  })))
}

async function enter(next: FirebaseUser): Promise<void> {
  const id = idOf(next.email ?? '')
  const deletion = await deletionOf(next)
  if (deletion !== undefined) {
    leave()
    setUser({ uid: next.uid, id, username: null, deletion })
    return
  }
  if (opened === next.uid) return
  leave(false)
  opened = next.uid
  const { db } = await firebase()
  setUser({ uid: next.uid, id, username: undefined })
  const plans = await openAccountPlans(db, next.uid)
  // What the device has is shown until the account has it, unless that takes long.
  await Promise.race([takeAlong(next.uid), new Promise((resolve) => { setTimeout(resolve, 5000) })])
  if (opened !== next.uid) return plans.close()
  store.value = plans
  listenToSemester.value = semesterListener(db)
  forgetSteps()
  followWaiting(next.uid).catch((error: unknown) => console.error(error))
  // Again: the student may have added something while the account was being opened.
  await Promise.all([takeAlong(next.uid), readUsername(next.uid), chooseSemester()])
}

/** On a fresh device, shows the semester of the newest plan. */
async function chooseSemester(): Promise<void> {
  const path = store.value.plans.value[0]?.semester
  if (chosen.value || !path) return
  try {
    const { db } = await firebase()
    const [school, semester] = await Promise.all([schoolNamed(schoolOf(path)), readSemester(db, path)])
    if (semester && !chosen.value) chosen.value = { school, semester }
  } catch {
    // The student chooses it.
  }
}

/** A school, without a read if the device has listed all of them. */
async function schoolNamed(id: string): Promise<School> {
  return knownSchools()?.find((school) => school.id === id) ?? loadSchool(id)
}

/** Forgets the account on the screen. */
function leave(signedOut = true): void {
  opened = undefined
  listenToSemester.value = undefined
  if (store.value !== deviceStore) {
    store.value.close()
    store.value = deviceStore
    forgetSteps()
  }
  if (signedOut) setUser(null)
}

/** A deletion that this device requested. The session's token is older and has no claim, until it expires. */
interface RequestedDeletion {
  readonly uid: string
  readonly session: unknown
  readonly until: number
}

/** Until when an account that is about to be deleted can be taken back. */
async function deletionOf(next: FirebaseUser): Promise<number | undefined> {
  try {
    const { claims } = await next.getIdTokenResult()
    if (typeof claims['deletion'] === 'number') return claims['deletion'] * 1000
    const requested = recall<RequestedDeletion>('deletion')
    return requested?.uid === next.uid && requested.session === claims['auth_time'] ? requested.until : undefined
  } catch {
    return undefined // offline
  }
}

async function readUsername(uid: string): Promise<void> {
  const { db } = await firebase()
  try {
    const found = await once(doc(db, 'users', uid))
    // The student may have chosen one in the meantime.
    if (user.value?.uid === uid && user.value.username === undefined) setUser({ ...user.value, username: found.exists() ? String(found.get('username')) : null })
  } catch {
    // Offline on a fresh device: the next visit knows.
  }
}

/** Moves the plans of the device into the account. Only one tab does. */
async function takeAlong(uid: string): Promise<void> {
  if (devicePlans().length === 0) return
  const { db } = await firebase()
  await navigator.locks.request('heektime.take-along', async () => {
    for (const plan of recall<DevicePlan[]>('plans') ?? []) {
      try {
        await createPlan(db, uid, plan, plan.lectures)
        forgetDevicePlan(plan.id)
      } catch (error) {
        await reportFailedWrite(error)
      }
    }
  })
}

/** Signs up with an e-mail address. */
export async function signUp(email: string, password: string): Promise<void> {
  const { auth } = await firebase()
  await start()
  await createUserWithEmailAndPassword(auth, email, password)
}

/** Signs in, with an e-mail address or the name of an old account. */
export async function signIn(id: string, password: string): Promise<void> {
  const { auth } = await firebase()
  await start()
  if (!id.includes('@')) {
    await signInWithCustomToken(auth, await login(id, password))
    return
  }
  try {
    await signInWithEmailAndPassword(auth, id, password)
  } catch (error) {
    if (codeOf(error) !== 'auth/invalid-credential' && codeOf(error) !== 'auth/user-not-found') throw error
    await signInWithCustomToken(auth, await login(id, password)) // an old account may have a real address
  }
}

export async function requestPassword(email: string): Promise<void> {
  await sendPasswordResetEmail((await firebase()).auth, email)
}

/** Sets another password. Authentication ends the sessions of all other devices with it. */
export async function changePassword(current: string, next: string): Promise<void> {
  const { auth } = await firebase()
  await signIn(user.value?.id ?? '', current)
  if (auth.currentUser) await updatePassword(auth.currentUser, next)
}

/** Signs out and removes the account's data from this device. */
export async function signOut(): Promise<void> {
  const { auth, db } = await firebase()
  await leaveDevice()
  await endSession(auth)
  remember('syncs', undefined)
  remember('deletion', undefined)
  remember('shown', undefined)
  forgetFriends()
  await terminate(db)
  await clearIndexedDbPersistence(db).catch(() => {}) // another tab has it open, and signs out, too
  location.assign('/')
}

/** Claims a username, or changes it. */
export async function chooseUsername(name: string): Promise<void> {
  const { db } = await firebase()
  const current = user.value
  if (!current || name === current.username) return
  const usernames = (of: string) => doc(db, 'indices/user/usernames', of)
  const own = doc(db, 'users', current.uid)
  if ((await getDoc(usernames(name))).exists()) throw Object.assign(new Error(name), { code: 'username-taken' })
  if (current.username) {
    await writeBatch(db).update(own, { username: name, updatedAt: serverTimestamp() })
      .delete(usernames(current.username)).set(usernames(name), { value: current.uid }).commit()
  } else {
    await runTransaction(db, async (transaction) => {
      if ((await transaction.get(usernames(name))).exists()) throw Object.assign(new Error(name), { code: 'username-taken' })
      transaction.set(own, { username: name, createdAt: serverTimestamp(), updatedAt: serverTimestamp() })
      transaction.set(usernames(name), { value: current.uid })
    })
  }
  setUser({ ...current, username: name })
}

/** Deletes the account; it can be taken back for some days. Needs the password once more. */
export async function remove(password: string): Promise<void> {
  const { auth } = await firebase()
  const current = user.value
  if (!current) return
  await signIn(current.id, password)
  const token = await auth.currentUser?.getIdTokenResult()
  const deletion = await deleteAccount(token?.token ?? '')
  remember('deletion', { uid: current.uid, session: token?.claims['auth_time'], until: deletion } satisfies RequestedDeletion)
  await leaveDevice() // the server forgets it, too
  leave(false)
  setUser({ ...current, deletion })
}

/** Takes an account back that is about to be deleted. The sign-in must be fresh. */
export async function takeBack(password?: string): Promise<void> {
  const { auth } = await firebase()
  // The request to delete ended the session of this device.
  if (password === undefined && recall('deletion')) throw Object.assign(new Error('session ended'), { code: 'not-fresh' })
  if (password !== undefined && user.value) await signIn(user.value.id, password)
  const current = auth.currentUser
  if (!current) return
  await restoreAccount(await current.getIdToken())
  remember('deletion', undefined)
  await current.getIdToken(true)
  await enter(current)
}
