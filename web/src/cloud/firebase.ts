// Firebase's SDKs, as the app uses them.

import { initializeApp, type FirebaseApp } from 'firebase/app'
import { browserLocalPersistence, connectAuthEmulator, indexedDBLocalPersistence, initializeAuth, type Auth } from 'firebase/auth'
import {
  connectFirestoreEmulator, initializeFirestore, persistentLocalCache, persistentMultipleTabManager, type Firestore,
} from 'firebase/firestore'
import { startAppCheck } from './appcheck.ts'
import { recall, remember } from '../model/remembered.ts'
import { config } from './config.ts'

export interface Firebase {
  readonly app: FirebaseApp
  readonly auth: Auth
  readonly db: Firestore
}

let starting: Promise<Firebase> | undefined

export function firebase(): Promise<Firebase> {
  return (starting ??= start().catch((error: unknown) => {
    starting = undefined // try again next time
    throw error
  }))
}

/** After such an error, Firestore's SDK answers nothing any more, until the app is opened again. What waits to be saved is kept. */
function openAgainIfBroken(text: string): void {
  if (!text.includes('INTERNAL ASSERTION FAILED') || Date.now() - (recall<number>('broken') ?? 0) < 60_000) return
  remember('broken', Date.now())
  location.reload()
}

async function start(): Promise<Firebase> {
  addEventListener('error', ({ message }) => openAgainIfBroken(message))
  addEventListener('unhandledrejection', ({ reason }) => openAgainIfBroken(String(reason)))
  const { emulators, ...options } = await config()
  const app = initializeApp(options)
  await startAppCheck(app)
  // Without a resolver for popups and redirects, which nobody needs here, the SDK is a third smaller and loads no frame.
  const auth = initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] })
  const db = initializeFirestore(app, { localCache: persistentLocalCache({ tabManager: persistentMultipleTabManager() }) })
  if (emulators?.auth) connectAuthEmulator(auth, `http://${emulators.auth.hostAndPort}`, { disableWarnings: true })
  if (emulators?.firestore) connectFirestoreEmulator(db, emulators.firestore.host, emulators.firestore.port)
  return { app, auth, db }
}
