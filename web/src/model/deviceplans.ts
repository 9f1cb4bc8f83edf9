// Plans of a student who has not signed in. They live in localStorage, and other tabs follow.

import { computed, signal } from '@preact/signals'
import { lectureFields } from '../logic/coursefile.ts'
import { remembered } from './remembered.ts'
import { newId, type OwnLecture, type Plan, type PlanStore } from './types.ts'

export interface DevicePlan extends Plan {
  readonly lectures: readonly OwnLecture[]
}

const all = remembered<readonly DevicePlan[]>('plans', [])
const shown = signal<string | undefined>(undefined)

/** Why the account does not have the plans of this device yet, in words for the student. */
export const heldBack = signal<string | undefined>(undefined)

/** Plans that wait to be taken along at the next sign-in. */
export function devicePlans(): readonly DevicePlan[] {
  return all.value
}

/** Forgets a plan, after an account has it. */
export function forgetDevicePlan(id: string): void {
  all.value = all.value.filter((plan) => plan.id !== id)
}

const change = (id: string, edit: (plan: DevicePlan) => DevicePlan): void => {
  all.value = all.value.map((plan) => (plan.id === id ? edit(plan) : plan))
}

const changeLectures = (id: string, edit: (lectures: readonly OwnLecture[]) => readonly OwnLecture[]): void =>
  change(id, (plan) => ({ ...plan, lectures: edit(plan.lectures) }))

export const deviceStore: PlanStore = {
  kind: 'device',
  plans: computed(() => [...all.value].sort((a, b) => b.createdAt - a.createdAt)),
  known: signal(true),
  lectures: computed(() => all.value.find((plan) => plan.id === shown.value)?.lectures ?? []),
  unsaved: signal(false),
  look: async () => {},
  show: (id) => { shown.value = id },
  listAll: async () => {},
  lecturesOf: async (id) => all.value.find((plan) => plan.id === id)?.lectures ?? [],
  create: (plan, lectures) => {
    const own = lectures.map((lecture) => ({ id: newId(20), ...lectureFields(lecture) }))
    all.value = [...all.value, { ...plan, createdAt: Date.now(), lectures: own }]
  },
  rename: (id, title) => change(id, (plan) => ({ ...plan, title })),
  setVisibility: () => {}, // nobody else can see them
  remove: (id) => forgetDevicePlan(id),
  addLecture: (plan, lecture) => changeLectures(plan, (lectures) => [...lectures, lecture]),
  updateLecture: (plan, id, fields) =>
    changeLectures(plan, (lectures) => lectures.map((l) => (l.id === id ? { ...l, ...fields, untouched: false } : l))),
  removeLecture: (plan, id) => changeLectures(plan, (lectures) => lectures.filter((l) => l.id !== id)),
  close: () => {},
}
