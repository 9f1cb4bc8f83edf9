// The documents that the app writes. Generated from internal/schema: go test ./internal/schema -update

import type { FieldValue, Timestamp } from 'firebase/firestore'

type Time = Timestamp | FieldValue

/** users/{uid} */
export interface UserFields {
  username: string
  createdAt: Time
  updatedAt: Time
}

/** indices/user/usernames/{username} */
export interface UsernameFields {
  value: string
}

/** users/{uid}/timetables/{timetableId} */
export interface TimetableFields<Reference> {
  title: string
  visibility: 'public' | 'private'
  semester: Reference
  createdAt: Time
  updatedAt: Time
}

/** users/{uid}/timetables/{timetableId}/lectures/{lectureId} */
export interface LectureFields {
  identifier: string
  title: string
  professor: string
  credit: number
  times: readonly { weekday: number; timeBegin: number; timeEnd: number; room: string }[]
  category: readonly string[]
  metas: readonly { type: 'tag'; name: string }[]
  createdAt: Time
  updatedAt: Time
}

/** users/{uid}/follows/{otherUid} */
export interface FollowFields {
  uid: string
  createdAt: Time
}

/** users/{uid}/counts/following */
export interface FollowingFields {
  count: number
  uid: string
  updatedAt: Time
}

/** How long texts may be, in characters. */
export const longest = { username: 32, title: 300, professor: 500, room: 200 }

export const shortestUsername = 4

export const maxCredit = 100

export const maxTimes = 12

/** How many timetables a query may ask for. */
export const maxPage = 20

/** How many others a user may follow. */
export const maxFollows = 100

/** What a new username consists of. */
export const usernamePattern = /^[-.0-9A-Z_a-z~À-ÖØ-öø-ıĴ-ľŁ-ňŊ-žƠơƯưȘ-țẠ-ỹΆΈ-ΊΌΎ-ΡΣ-ώЀ-џҐґ々〇ぁ-ゖァ-ヺーㄱ-ㅎㅏ-ㅣ㐀-䶿一-鿿가-힣☀-➿⭐🌀-🙏🚀-🛿🤀-🧿🩰-🫿]+$/u
