// The student's account: signing up, in and out, the username, deleting the account. Loaded when it is first needed.

import {
  createUserWithEmailAndPassword, onIdTokenChanged, sendPasswordResetEmail, signInWithCustomToken, signInWithEmailAndPassword,
  signOut as endSession, updatePassword, type User as FirebaseUser,
} from 'firebase/auth'
import {
  clearIndexedDbPersistence, doc, getDoc, serverTimestamp, terminate, waitForPendingWrites, writeBatch,
  type DocumentReference,
} from 'firebase/firestore'
import { t } from '../i18n/index.ts'
import { chosen } from '../model/choice.ts'
import { deviceStore, devicePlans, forgetDevicePlan, heldBack, type DevicePlan } from '../model/deviceplans.ts'
import { followWaiting, forgetFriends } from '../model/friends.ts'
import { notify } from '../model/notice.ts'
import { leaveDevice } from '../model/notifications.ts'
import { forgetSteps, store } from '../model/plans.ts'
import { onElsewhere, recall, remember } from '../model/remembered.ts'
import { knownSchools } from '../model/schools.ts'
import { listenToSemester } from '../model/semesterwatch.ts'
import { setUser, user } from '../model/session.ts'
import { schoolOf, type PlanStore, type School } from '../model/types.ts'
import { createPlan, openAccountPlans, type AccountPlans } from './accountplans.ts'
import { codeOf, explain, stopMessageOf } from './failure.ts'
import { firebase } from './firebase.ts'
import { loadSchool } from './publicdata.ts'
import { once } from './reading.ts'
import { readSemester, semesterListener } from './semesterlistener.ts'
import { deleteAccount, idOf, login, restoreAccount } from './services.ts'

export { follow, unfollow, watchFollows } from './follows.ts'
export { loadViews } from './views.ts'

let started: Promise<void> | undefined
let opened: string | undefined
let accountStore: AccountPlans | undefined
/** Whether the student signs out in this tab. */
let leaving = false

/** Follows who is signed in, in this tab and in others. Resolves when that is known. */
export function start(): Promise<void> {
  return (started ??= firebase().then(({ auth }) => new Promise<void>((resolve) => {
    const follow = (next: FirebaseUser | null): void => {
      (next ? enter(next) : Promise.resolve(leave())).catch((error: unknown) => {
        console.error(error)
        opened = undefined
        setTimeout(followCurrent, 10_000)
      }).finally(resolve)
    }
    const followCurrent = (): void => { if (auth.currentUser) follow(auth.currentUser) }
    onIdTokenChanged(auth, follow) // not only when the account does: a token says whether it is about to be deleted
    onElsewhere('deletion', followCurrent)
  }), (error: unknown) => {
    started = undefined // try again next time
    throw error
  }))
}

async function enter(next: FirebaseUser): Promise<void> {
  const id = idOf(next.email ?? '')
  const deletion = await deletionOf(next)
  if (deletion !== undefined) {
    leave(false)
    setUser({ uid: next.uid, id, username: null, deletion })
    return
  }
  if (opened === next.uid) return
  leave(false)
  opened = next.uid
  const { db } = await firebase()
  setUser({ uid: next.uid, id, username: undefined })
  const plans = await openAccountPlans(db, next.uid)
  if (opened !== next.uid) return plans.close()
  accountStore = plans
  // What the device has is shown until the account has it, unless that takes long.
  await Promise.race([takeAlong(next.uid, plans), new Promise((resolve) => { setTimeout(resolve, 5000) })])
  if (accountStore !== plans) return
  listenToSemester.value = semesterListener(db)
  followWaiting(next.uid).catch((error: unknown) => console.error(error))
  const show = (): void => {
    // What is held back would disappear from the screen.
    const shown = heldBack.value !== undefined && plans.plans.value.length === 0 ? deviceStore : plans
    if (accountStore !== plans || store.value === shown) return
    store.value = shown
    forgetSteps()
  }
  show()
  tryAgain(next.uid, plans, show)
  void chooseSemester(plans)
  // Again: the student may have added something while the account was being opened.
  await Promise.all([heldBack.value === undefined && takeAlong(next.uid, plans).then(show), readUsername(next.uid)])
}

/** Takes along what is held back, every few minutes and when the student comes back to the app, and then shows the account. */
function tryAgain(uid: string, plans: AccountPlans, show: () => void): void {
  const again = async (): Promise<void> => {
    if (heldBack.value === undefined || document.visibilityState !== 'visible') return
    await takeAlong(uid, plans)
    if (opened !== uid || heldBack.value !== undefined) return
    notify({ kind: 'done', text: t.value.takenToAccount })
    show()
  }
  const look = (): void => {
    if (opened === uid) return void again().catch((error: unknown) => console.error(error))
    clearInterval(timer)
    document.removeEventListener('visibilitychange', look)
  }
  const timer = setInterval(look, 5 * 60_000)
  document.addEventListener('visibilitychange', look)
}

/** On a fresh device, shows the semester of the newest plan. */
async function chooseSemester(plans: PlanStore): Promise<void> {
  if (chosen.value) return
  try {
    await plans.look(undefined)
    const path = plans.plans.value[0]?.semester
    if (chosen.value || !path || store.value !== plans) return
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
  const wasOpen = opened !== undefined
  opened = undefined
  heldBack.value = undefined
  listenToSemester.value = undefined
  accountStore?.close()
  accountStore = undefined
  if (store.value !== deviceStore) {
    store.value = deviceStore
    forgetSteps()
  }
  if (!signedOut) return
  // Another tab has signed out, and has removed the database from under this tab's SDK, or the session has ended.
  if (wasOpen && !leaving) return location.reload()
  if (user.value !== null && !leaving) notify({ kind: 'failed', text: t.value.sessionEnded })
  setUser(null)
}

/** A deletion that this device requested. The session's token is older and has no claim, until it expires. */
interface RequestedDeletion {
  readonly uid: string
  /** When it began, in seconds. */
  readonly session: number
  readonly until: number
}

/** Until when an account that is about to be deleted can be taken back. */
async function deletionOf(next: FirebaseUser): Promise<number | undefined> {
  try {
    const { claims } = await next.getIdTokenResult()
    if (typeof claims['deletion'] === 'number') return claims['deletion'] * 1000
    const requested = recall<RequestedDeletion>('deletion')
    return requested?.uid === next.uid && Number(claims['auth_time']) <= requested.session ? requested.until : undefined
  } catch {
    return undefined // offline
  }
}

/** Finds the username. All devices but a fresh one have it. */
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
async function takeAlong(uid: string, plans: AccountPlans): Promise<void> {
  if (devicePlans().length === 0) {
    heldBack.value = undefined
    return
  }
  const { db } = await firebase()
  const exists = (of: DocumentReference): Promise<boolean> => getDoc(of).then((found) => found.exists(), () => false) // offline
  await navigator.locks.request('heektime.take-along', async () => {
    for (const plan of recall<DevicePlan[]>('plans') ?? []) {
      try {
        // The app may have ended before the server answered, or before the device forgot the plan.
        const taken = doc(db, `users/${uid}/timetables`, plan.id)
        const isTaken = await exists(taken)
        if (isTaken) await waitForPendingWrites(db)
        if (!isTaken || !await exists(taken)) {
          const written = createPlan(db, uid, plan, plan.lectures)
          await Promise.all([written, plans.refresh()])
        }
        forgetDevicePlan(plan.id)
      } catch (error) {
        console.error(error)
        const [stopped] = await Promise.all([stopMessageOf(error), plans.refresh().catch(() => {})])
        if (opened === uid) heldBack.value = stopped ?? explain(error)
        return
      }
    }
    heldBack.value = undefined
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
  leaving = true
  await leaveDevice(false)
  await endSession(auth)
  remember('syncs', undefined)
  remember('deletion', undefined)
  remember('shown', undefined)
  remember('username', undefined)
  forgetFriends()
  await terminate(db)
  await clearIndexedDbPersistence(db).catch(() => {}) // private windows
  // What the SDK leaves behind: which listeners are up to date, by numbers that the next database gives to others.
  for (const key of Object.keys(localStorage)) if (key.startsWith('firestore_')) localStorage.removeItem(key)
  location.assign('/')
}

/** Claims a username, or changes it. */
export async function chooseUsername(name: string): Promise<void> {
  const { db } = await firebase()
  const current = user.value
  if (!current || name === current.username) return
  const usernames = (of: string) => doc(db, 'indices/user/usernames', of)
  const own = doc(db, 'users', current.uid)
  const taken = async (): Promise<boolean> => (await getDoc(usernames(name))).exists()
  const failure = (): Error => Object.assign(new Error(name), { code: 'username-taken' })
  if (await taken()) throw failure()
  const batch = writeBatch(db)
  if (current.username) batch.update(own, { username: name, updatedAt: serverTimestamp() }).delete(usernames(current.username))
  else batch.set(own, { username: name, createdAt: serverTimestamp(), updatedAt: serverTimestamp() })
  try {
    await batch.set(usernames(name), { value: current.uid }).commit()
  } catch (error) {
    throw await taken() ? failure() : error
  }
  setUser({ ...current, username: name })
  remember('username', name) // other tabs follow
}

/** Deletes the account; it can be taken back for some days. Needs the password once more. */
export async function remove(password: string): Promise<void> {
  const { auth } = await firebase()
  const current = user.value
  if (!current) return
  await signIn(current.id, password)
  const token = await auth.currentUser?.getIdTokenResult()
  const deletion = await deleteAccount(token?.token ?? '')
  remember('deletion', { uid: current.uid, session: Number(token?.claims['auth_time']), until: deletion } satisfies RequestedDeletion)
  await leaveDevice(true) // the server forgets it, too
  leave(false)
  setUser({ ...current, deletion })
}

/** Takes an account back that is about to be deleted. The sign-in must be fresh. */
export async function takeBack(password?: string): Promise<void> {
  const { auth } = await firebase()
  if (password !== undefined && user.value) await signIn(user.value.id, password)
  const current = auth.currentUser
  if (!current) return
  // Without the claim, the session is one that the request to delete has ended.
  const { claims } = await current.getIdTokenResult()
  if (claims['deletion'] === undefined) throw Object.assign(new Error('session ended'), { code: 'not-fresh' })
  await restoreAccount(await current.getIdToken())
  remember('deletion', undefined)
  await current.getIdToken(true)
  await enter(current)
}
