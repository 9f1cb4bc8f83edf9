// Whether this device is notified when a lecture of the student changes. docs/push.md

import { computed, effect, signal } from '@preact/signals'
import { config, pushKeyOf } from '../cloud/config.ts'
import { explain } from '../cloud/failure.ts'
import type * as Push from '../cloud/push.ts'
import { ServiceError } from '../cloud/services.ts'
import { language, t } from '../i18n/index.ts'
import { notify } from './notice.ts'
import { recall, remembered } from './remembered.ts'
import { signedIn, user } from './session.ts'

/** Why this device cannot be notified. */
export type Obstacle = 'notSetUp' | 'install' | 'unsupported' | 'denied'

/** What the server knows of this device. */
interface Subscription {
  readonly uid: string
  readonly id: string
  readonly token: string
  readonly language: string
  /** When the server last heard of it, in milliseconds. */
  readonly at: number
}

const subscription = remembered<Subscription | null>('subscription', null)

/** Who has turned notifications on here: they are on again when the student comes back after their session has ended. */
const wantedBy = remembered<string | null>('notify', null)

/** Whether notifications are on for the student who is signed in. */
export const notified = computed(() => subscription.value !== null && subscription.value.uid === user.value?.uid)

export const obstacle = signal<Obstacle | undefined>(undefined)

/** Whether a change of the switch is under way. */
export const switching = signal(false)

const push = (): Promise<typeof Push> => import('../cloud/push.ts')

/** Finds out whether the browser can notify, without asking the student anything. */
export async function examine(): Promise<void> {
  obstacle.value = await findObstacle()
}

async function findObstacle(): Promise<Obstacle | undefined> {
  const hasKey = await config().then((project) => pushKeyOf(project) !== '', () => true) // offline: unknown
  if (!hasKey || import.meta.env.DEV) return 'notSetUp' // Vite's server has no service worker
  const isInstalled = matchMedia('(display-mode: standalone)').matches
  // On iPhones and iPads only web apps on the home screen have these.
  if (!('PushManager' in window && 'Notification' in window && 'serviceWorker' in navigator)) return isApple() && !isInstalled ? 'install' : 'unsupported'
  return Notification.permission === 'denied' ? 'denied' : undefined
}

/** iPhones and iPads. The latter say that they are a Mac, which has no touch screen. */
const isApple = (): boolean => /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)

/** Turns notifications on. Called by a tap, without which browsers do not ask the student for permission. */
export async function turnOn(): Promise<void> {
  const asked = Notification.requestPermission()
  await change(async () => {
    const permission = await asked
    await examine()
    if (permission !== 'granted') return
    const module = await push()
    if (!await module.isSupported()) obstacle.value = 'unsupported'
    else await subscribe(module)
  })
}

export async function turnOff(): Promise<void> {
  await change(async () => {
    const module = await push()
    if (subscription.value) await module.unsubscribe(subscription.value.id)
    await module.forgetDevice()
    subscription.value = wantedBy.value = null
  })
}

let turn: Promise<unknown> = Promise.resolve()

/** Waits for what was begun before: a renewal must not overtake the end of the subscription. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const done = turn.then(work)
  turn = done.catch(() => {})
  return done
}

/** Changes the switch, and says why that failed. */
async function change(work: () => Promise<void>): Promise<void> {
  if (switching.value) return
  switching.value = true
  try {
    await inTurn(work)
  } catch (error) {
    console.error(error)
    notify({ kind: 'failed', text: error instanceof ServiceError ? explain(error) : t.value.notifications.failed })
  } finally {
    switching.value = false
  }
}

/** The server need not hear of a device more often, if nothing has changed. */
const seenEvery = 24 * 60 * 60 * 1000

/** Subscribes this device, or renews its subscription if something has changed. */
async function subscribe(module: typeof Push): Promise<void> {
  const uid = user.value?.uid
  if (uid === undefined) return
  const known = subscription.value
  const [token, words] = [await module.deviceToken(), language.value]
  if (known?.uid === uid && known.token === token && known.language === words && Date.now() - known.at < seenEvery) return
  const id = await module.subscribe(token, words)
  subscription.value = { uid, id, token, language: words, at: Date.now() }
  wantedBy.value = uid
  if (known && known.uid === uid && known.id !== id) await module.unsubscribe(known.id).catch(() => {}) // it expires
}

/**
 * Ends the subscription, before the student signs out or, only until they come back, after they deleted the account. Takes five seconds
 * at most.
 */
export async function leaveDevice(untilBack: boolean): Promise<void> {
  if (!untilBack) wantedBy.value = null
  const known = subscription.value
  if (!known) return
  const patience = new Promise((resolve) => { setTimeout(resolve, 5000) })
  const leave = inTurn(async () => {
    const module = await push()
    await module.unsubscribe(known.id).catch(() => {}) // there may be no session any more
    await module.forgetDevice()
  })
  await Promise.race([leave.catch((error: unknown) => console.error(error)), patience])
  subscription.value = null
}

/** Who is signed in: null is nobody, undefined is not known yet. */
const session = computed(() => (user.value === null ? null : signedIn.value ? user.value?.uid : undefined))

// On each visit, and when the language changes.
effect(() => {
  const [uid, known] = [session.value, language.value && subscription.peek()]
  if (switching.peek()) return
  if (!known) {
    if (uid && uid === wantedBy.peek()) inTurn(() => subscribeAgain(uid)).catch((error: unknown) => console.error(error)) // next time
    return
  }
  if (uid === null) {
    // The session ended elsewhere, when the password changed, for example.
    subscription.value = null
    inTurn(async () => (await push()).forgetDevice()).catch((error: unknown) => console.error(error))
  } else if (uid === known.uid) {
    inTurn(() => renew(known)).catch((error: unknown) => console.error(error)) // offline, for example: next time
  }
})

/** Subscribes after another session. Only one tab does. */
async function subscribeAgain(uid: string): Promise<void> {
  await navigator.locks.request('heektime.notify', async () => {
    if (recall('subscription') || wantedBy.value !== uid || user.value?.uid !== uid) return
    if (Notification.permission === 'granted') await subscribe(await push())
    else wantedBy.value = null
  })
}

async function renew(known: Subscription): Promise<void> {
  if (subscription.value?.id !== known.id) return // it has ended in the meantime
  if (Notification.permission === 'granted') return subscribe(await push())
  // The student has taken the permission away in the browser.
  subscription.value = null
  await (await push()).unsubscribe(known.id)
}
