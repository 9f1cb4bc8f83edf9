// This device's registration with Cloud Messaging, and its subscription. Loaded when a student turns notifications on, and on later
// visits with them on. docs/push.md

import { deleteToken, getMessaging, getToken, isSupported, type Messaging } from 'firebase/messaging'
import { config, pushKeyOf, type Config } from './config.ts'
import { firebase } from './firebase.ts'
import * as services from './services.ts'

/** Whether the browser has all that Firebase's SDK needs. */
export { isSupported }

/** Registers this device, and returns its token. It is the same one until the browser or the key changes. */
export async function deviceToken(): Promise<string> {
  const [project, messaging] = await Promise.all([config(), start()])
  await navigator.serviceWorker.register('/sw.js') // it may be registered already; where that is forbidden, this says so
  return getToken(messaging, { vapidKey: pushKeyOf(project), serviceWorkerRegistration: await navigator.serviceWorker.ready })
}

/** Subscribes a device to what concerns the student's lectures. Returns the ID of the subscription. */
export async function subscribe(token: string, language: string): Promise<string> {
  return services.subscribe(await idToken(), token, language)
}

/** Ends a subscription of the student. */
export async function unsubscribe(id: string): Promise<void> {
  await services.unsubscribe(await idToken(), id)
}

/** Makes this device's token invalid, without a session or even a network: nothing reaches the device any more. */
export async function forgetDevice(): Promise<void> {
  try {
    await deleteToken(await start())
  } catch {
    const registration = await navigator.serviceWorker.getRegistration()
    await (await registration?.pushManager.getSubscription())?.unsubscribe()
  }
}

let starting: Promise<Messaging> | undefined

function start(): Promise<Messaging> {
  return (starting ??= Promise.all([config(), firebase()]).then(([{ emulators }, { app }]) => {
    if (emulators?.messaging) useLocalMessaging(emulators.messaging)
    return getMessaging(app)
  }))
}

async function idToken(): Promise<string> {
  const { auth } = await firebase()
  await auth.authStateReady()
  return (await auth.currentUser?.getIdToken()) ?? ''
}

/** The SDK has no setting for the address of Cloud Messaging, as it has for the others. */
function useLocalMessaging({ hostAndPort }: NonNullable<NonNullable<Config['emulators']>['messaging']>): void {
  const google = /^https:\/\/(firebaseinstallations|fcmregistrations)\.googleapis\.com\//
  const { fetch } = window
  window.fetch = (input, init) => fetch(typeof input === 'string' ? input.replace(google, `http://${hostAndPort}/`) : input, init)
}
