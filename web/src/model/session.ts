// Who is signed in. Firebase's SDKs are loaded only for students who are, or are about to be.

import { computed, signal } from '@preact/signals'
import type * as Account from '../cloud/account.ts'
import { loadUsername } from '../cloud/friends.ts'
import { onElsewhere, recall, remember } from './remembered.ts'

export interface User {
  readonly uid: string
  /** The id that the student signs in with: an e-mail address, or the name of an old account. */
  readonly id: string
  /** Null if the student has not chosen one; undefined until that is known. */
  readonly username: string | null | undefined
  /** The account is about to be deleted at this time, in milliseconds, and can be taken back. */
  readonly deletion?: number
}

/** Undefined until it is known, null if nobody is signed in. */
export const user = signal<User | null | undefined>(recall('signedIn') ? undefined : null)

export const signedIn = computed(() => !!user.value && user.value.deletion === undefined)

/** Called by the account's module whenever it knows better. */
export function setUser(next: User | null): void {
  user.value = next
  remember('signedIn', next ? true : undefined)
}

/** Firebase, and what needs it. */
export function account(): Promise<typeof Account> {
  return import('../cloud/account.ts')
}

/** Continues the session of the last visit, as soon as Firebase can be loaded. */
export async function resume(wait = 2000): Promise<void> {
  if (user.value !== undefined) return
  try {
    await (await account()).start()
  } catch (error) {
    console.error(error)
    setTimeout(() => void resume(Math.min(2 * wait, 60_000)), wait)
  }
}

// Another tab has signed in.
onElsewhere('signedIn', () => {
  if (user.value !== null || !recall('signedIn')) return
  user.value = undefined
  void resume()
})

/** Reads the username again where it matters: another device may have changed it. */
export function refreshUsername(): void {
  const uid = signedIn.value && user.value?.uid
  if (!uid) return
  loadUsername(uid).then((username) => {
    if (username !== undefined && user.value?.uid === uid) setUser({ ...user.value, username })
  }, () => {}) // offline, the last one is shown
}
onElsewhere('username', refreshUsername)
