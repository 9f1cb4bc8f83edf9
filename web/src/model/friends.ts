// Friends whose timetables are compared: usernames, which this device remembers, and what was read of them.

import { effect, signal } from '@preact/signals'
import { loadFriendTimetable, type FriendTimetable } from '../cloud/friends.ts'
import { maxTimetables } from '../logic/freetime.ts'
import { chosen } from './choice.ts'
import { remembered } from './remembered.ts'

/** How many friends fit next to one's own timetable. */
export const maxFriends = maxTimetables - 1

export const friends = remembered<readonly string[]>('friends', [])

/** What is known of a friend: no such user, nothing public this semester, could not be read, or the timetable. */
export type FriendState = 'loading' | 'unknown' | 'private' | 'failed' | FriendTimetable

/** By username. */
export const friendStates = signal<Readonly<Record<string, FriendState>>>({})

/** Reads the timetables of all friends. Others change theirs: this is done each time they are shown. */
export async function loadFriends(): Promise<void> {
  friendStates.value = {}
  await Promise.all(friends.peek().map(load))
}

export async function addFriend(username: string): Promise<void> {
  if (username === '' || friends.peek().includes(username) || friends.peek().length >= maxFriends) return
  friends.value = [...friends.peek(), username]
  await load(username)
}

export function removeFriend(username: string): void {
  friends.value = friends.peek().filter((other) => other !== username)
}

async function load(username: string): Promise<void> {
  const semester = chosen.peek()?.semester.path
  if (!semester) return
  const set = (state: FriendState): void => {
    if (chosen.peek()?.semester.path === semester) friendStates.value = { ...friendStates.peek(), [username]: state }
  }
  set('loading')
  try {
    const timetable = await loadFriendTimetable(username, semester)
    set(timetable ?? (timetable === null ? 'unknown' : 'private'))
  } catch (error) {
    console.error(error)
    set('failed')
  }
}

// Timetables are of one semester.
effect(() => {
  void chosen.value?.semester.path
  friendStates.value = {}
})
