// The project that the app talks to. Firebase Hosting serves its configuration at a reserved address; the local cloud's
// Hosting adds where the emulators are. https://firebase.google.com/docs/hosting/reserved-urls

import { recall, remember } from '../model/remembered.ts'

interface Emulator {
  readonly host: string
  readonly port: number
  readonly hostAndPort: string
}

export interface Config {
  readonly projectId: string
  readonly apiKey: string
  readonly storageBucket: string
  readonly emulators?: { readonly auth?: Emulator; readonly firestore?: Emulator; readonly messaging?: Emulator; readonly storage?: Emulator }
}

/** The project's public key for web push; docs/push.md says where it comes from. Without one, there are no notifications. */
const pushKey: string = ''

/** A key for the local cloud, which accepts every one. Its private half was thrown away. */
const localPushKey = 'BH-qTcyzNj6bLPf3n72Bl90T1AO6X4D3U-mK0pFMPK4tXz7muWv4wbB1UrIoJDbQKwDGPCedPUd8OJmVyrDGJsw'

/** The public key for web push, '' if the project has none. */
export const pushKeyOf = ({ emulators }: Config): string => pushKey || (emulators?.messaging ? localPushKey : '')

let loading: Promise<Config> | undefined

/** The configuration. Offline it is the last one. */
export function config(): Promise<Config> {
  return (loading ??= load().catch((error: unknown) => {
    loading = undefined // try again next time
    throw error
  }))
}

async function load(): Promise<Config> {
  const known = recall<Config>('config')
  try {
    const response = await fetch('/__/firebase/init.json')
    if (!response.ok) throw new Error(`init.json: ${response.status}`)
    const fresh = (await response.json()) as Config
    remember('config', fresh)
    return fresh
  } catch (error) {
    if (known) return known
    throw error
  }
}

/** The origin of Firestore's REST API. */
export const firestoreOrigin = ({ emulators }: Config): string =>
  emulators?.firestore ? `http://${emulators.firestore.hostAndPort}` : 'https://firestore.googleapis.com'

/** The origin of Cloud Storage for Firebase. */
export const storageOrigin = ({ emulators }: Config): string =>
  emulators?.storage ? `http://${emulators.storage.hostAndPort}` : 'https://firebasestorage.googleapis.com'
