// Friends whose timetables are compared. Before signing in, and until there is a network, the device remembers usernames; an
// account follows users, whatever their names become.

import { computed, effect, signal } from '@preact/signals'
import { loadFriendTimetable, loadUsername, uidOf, type FriendTimetable } from '../cloud/friends.ts'
import { maxTimetables } from '../logic/freetime.ts'
import { maxFollows } from '../schema.ts'
import { chosen } from './choice.ts'
import { recall, remember, remembered } from './remembered.ts'
import { account, signedIn, user } from './session.ts'

/** How many friends fit next to one's own timetable. */
export const maxCompared = maxTimetables - 1

export interface Friend {
  /** The uid of someone whom the account follows, the username of another. */
  readonly key: string
  readonly uid?: string
  readonly name: string | undefined
}

/** Usernames that no account has yet. */
const waiting = remembered<readonly string[]>('friends', [])
/** Usernames by uid, as they were last read. */
const usernames = remembered<Readonly<Record<string, string>>>('friendNames', {})
const followed = signal<readonly string[]>([])
/** Keys of friends whom the student does not compare at present. */
const leftOut = remembered<readonly string[]>('friendsLeftOut', [])

export const followers = signal<number | undefined>(undefined)

export const friends = computed<readonly Friend[]>(() => [
  ...followed.value.map((uid) => ({ key: uid, uid, name: usernames.value[uid] })).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '', 'ko')),
  ...waiting.value.map((name) => ({ key: name, name })),
])

export const mayAddFriend = computed(() => friends.value.length < (signedIn.value ? maxFollows : maxCompared))

/** Those whose timetables are compared: the first few whom the student has not left out. */
export const compared = computed(() => friends.value.filter(({ key }) => !leftOut.value.includes(key)).slice(0, maxCompared))

/** What is known of a friend: no such user, oneself, nothing public this semester, could not be read, or the timetable. */
export type FriendState = 'loading' | 'unknown' | 'self' | 'private' | 'failed' | 'waiting' | FriendTimetable

/** By key. */
export const friendStates = signal<Readonly<Record<string, FriendState>>>({})

/** Reads whom the account follows, until the returned function is called. Others change their timetables: those are read again. */
export function showFriends(): () => void {
  friendStates.value = {}
  let closed = false
  const stops: (() => void)[] = []
  const uid = signedIn.peek() ? user.peek()?.uid : undefined
  if (uid !== undefined) {
    account().then(({ watchFollows }) => watchFollows(uid, (uids) => { followed.value = uids }, (n) => { followers.value = n }))
      .then((stop) => { if (closed) stop(); else stops.push(stop) }, (error: unknown) => console.error(error))
    const again = (): void => { void followWaiting(uid) }
    addEventListener('online', again)
    stops.push(() => removeEventListener('online', again))
    again()
  }
  stops.push(effect(() => {
    for (const friend of compared.value) if (friendStates.peek()[friend.key] === undefined) void load(friend)
  }))
  return () => {
    closed = true
    for (const stop of stops) stop()
  }
}

export async function addFriend(username: string): Promise<void> {
  if (username === '' || friends.peek().some(({ name }) => name === username) || !mayAddFriend.peek()) return
  waiting.value = [...waiting.peek(), username]
  const uid = user.peek()?.uid
  if (signedIn.peek() && uid !== undefined) await followWaiting(uid)
}

export function removeFriend({ key, uid: other }: Friend): void {
  leftOut.value = leftOut.peek().filter((one) => one !== key)
  waiting.value = waiting.peek().filter((name) => name !== key)
  const uid = user.peek()?.uid
  if (uid === undefined || other === undefined) return
  account().then(({ unfollow }) => unfollow(uid, other)).catch((error: unknown) => console.error(error))
}

export function compareFriend({ key }: Friend, compare: boolean): void {
  leftOut.value = compare ? leftOut.peek().filter((other) => other !== key) : [...leftOut.peek(), key]
}

/** Follows those who were added before the student signed in, or without a network. Only one tab does. */
export async function followWaiting(uid: string): Promise<void> {
  if (waiting.peek().length === 0) return
  await navigator.locks.request('heektime.follow', async () => {
    for (const name of recall<string[]>('friends') ?? []) {
      try {
        const other = await uidOf(name)
        if (other === undefined) continue // the student sees it
        if (other !== uid) {
          usernames.value = { ...usernames.peek(), [other]: name }
          await (await account()).follow(uid, other)
        }
        waiting.value = waiting.peek().filter((one) => one !== name)
      } catch {
        set(name, 'waiting')
      }
    }
  })
}

/** Forgets what belongs to an account. */
export function forgetFriends(): void {
  followed.value = []
  followers.value = undefined
  for (const key of ['friends', 'friendNames', 'friendsLeftOut']) remember(key, undefined)
}

function set(key: string, state: FriendState): void {
  friendStates.value = { ...friendStates.peek(), [key]: state }
}

async function load({ key, uid, name }: Friend): Promise<void> {
  const semester = chosen.peek()?.semester.path
  if (!semester) return
  const known = (state: FriendState): void => { if (chosen.peek()?.semester.path === semester) set(key, state) }
  known('loading')
  try {
    if (uid !== undefined) {
      const current = await loadUsername(uid)
      if (current !== undefined && current !== name) usernames.value = { ...usernames.peek(), [uid]: current }
      known(current === undefined ? 'unknown' : await loadFriendTimetable(uid, semester) ?? 'private')
      return
    }
    const other = await uidOf(key)
    known(other === undefined ? 'unknown' : other === user.peek()?.uid ? 'self' : await loadFriendTimetable(other, semester) ?? 'private')
  } catch (error) {
    console.error(error)
    known(uid === undefined && signedIn.peek() ? 'waiting' : 'failed')
  }
}

// Timetables are of one semester.
effect(() => {
  void chosen.value?.semester.path
  friendStates.value = {}
})
