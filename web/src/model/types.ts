// What the app works with, wherever it is kept: on this device or in Firestore.

import type { LectureFields, OwnLecture } from '../lecturechanges.ts'
import type { ReadonlySignal } from '@preact/signals'

export type { LectureFields, LectureTime, OwnLecture } from '../lecturechanges.ts'

export interface School {
  readonly id: string
  readonly name: string
}

export interface Period {
  readonly period: number
  readonly timeBegin: number
  readonly timeEnd: number
}

/** A semester's document. Times are milliseconds. */
export interface Semester {
  /** The document's path, `schools/{schoolId}/semesters/{semesterId}`. It identifies the semester everywhere. */
  readonly path: string
  readonly year: number
  readonly term: string
  readonly periods: readonly Period[]
  readonly lecturesUrl?: string
  readonly listChangedAt?: number
  readonly listCheckedAt?: number
}

export type Visibility = 'public' | 'private'

export interface Plan {
  readonly id: string
  readonly title: string
  readonly visibility: Visibility
  /** The path of its semester. */
  readonly semester: string
  readonly createdAt: number
}

/** Lectures of a new plan, or of a copy. */
export type NewLecture = LectureFields

/** Where plans are kept. Writes show immediately; a store reports those that fail later, and takes them back. */
export interface PlanStore {
  readonly kind: 'device' | 'account'
  /** The plans that are known without asking a server, newest first. */
  readonly plans: ReadonlySignal<readonly Plan[]>
  /** Whether they have a plan of the semester that was looked for, or there is none. */
  readonly known: ReadonlySignal<boolean>
  /** Lectures of the plan that is shown. Undefined until they are known. */
  readonly lectures: ReadonlySignal<readonly OwnLecture[] | undefined>
  /** Whether something that the student did has not reached the server. */
  readonly unsaved: ReadonlySignal<boolean>
  /** Looks for a plan of a semester, undefined: of any. Resolves when that is known, which may be never. */
  look(semester: string | undefined): Promise<void>
  /** Shows a plan; undefined shows none. */
  show(id: string | undefined): void
  /** Asks the server for all plans: the student has opened the list. */
  listAll(): Promise<void>
  /** Lectures of any plan. Fails if they are not on the device and cannot be read. */
  lecturesOf(id: string): Promise<readonly OwnLecture[]>
  create(plan: Omit<Plan, 'createdAt'>, lectures: readonly NewLecture[]): void
  rename(id: string, title: string): void
  setVisibility(id: string, visibility: Visibility): void
  remove(id: string): void
  addLecture(plan: string, lecture: OwnLecture): void
  updateLecture(plan: string, id: string, fields: Partial<LectureFields>): void
  removeLecture(plan: string, id: string): void
  close(): void
}

/** The school of a semester's path. */
export function schoolOf(semester: string): string {
  return semester.split('/')[1] ?? ''
}

/** An id that clients may choose: 10 letters and digits for a timetable, 20 for a lecture, as Firestore's own. */
export function newId(length: 10 | 20): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  let id = ''
  while (id.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(2 * length))) {
      if (byte < 4 * letters.length && id.length < length) id += letters[byte % letters.length]
    }
  }
  return id
}
