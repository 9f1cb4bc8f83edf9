// A student's plans (timetables) and what can be done with them, as pure functions with undo. Nothing here knows Firebase:
// the app performs an action (planhistory.ts), shows the result, and sends what planwrites.ts finds to be different.
//
//   apply(plans, action)             the plans after an action, and the action that undoes it
//   ownBlock(title, times)           the fields of a block: work, a commute
//   newId(length)                    an id for a plan (10 characters) or a lecture (20)
//
// Lectures keep every key they have, also those that this code does not know.

import type { LectureFields, LectureTime, OwnLecture } from '../lecturechanges.ts'
import { lectureFields } from './coursefile.ts'

/** A lecture in a plan: the document, with its id. Timestamps are the SDK's, null while a write is on its way. */
export interface PlanLecture extends OwnLecture {
  readonly createdAt?: unknown
  readonly updatedAt?: unknown
}

/** A plan: the document of a timetable, with its id and lectures. */
export interface Plan {
  readonly id: string
  readonly title: string
  readonly visibility: 'public' | 'private'
  /** The path of the semester: schools/{schoolId}/semesters/{semesterId}. */
  readonly semester: string
  readonly lectures: readonly PlanLecture[]
  readonly createdAt?: unknown
  readonly updatedAt?: unknown
}

/** What a student does. Ids of new documents come with the action, so that it can be repeated. */
export type PlanAction =
  | { readonly kind: 'addPlan'; readonly plan: Plan }
  | { readonly kind: 'removePlan'; readonly planId: string }
  | { readonly kind: 'renamePlan'; readonly planId: string; readonly title: string }
  | { readonly kind: 'showPlan'; readonly planId: string; readonly visibility: 'public' | 'private' }
  | { readonly kind: 'duplicatePlan'; readonly planId: string; readonly newId: string; readonly title: string }
  | { readonly kind: 'addLecture'; readonly planId: string; readonly lecture: PlanLecture }
  | { readonly kind: 'removeLecture'; readonly planId: string; readonly lectureId: string }
  | { readonly kind: 'editLecture'; readonly planId: string; readonly lectureId: string; readonly fields: Partial<LectureFields> }
  /** Several as one: replacing a lecture by another section. */
  | { readonly kind: 'together'; readonly actions: readonly PlanAction[] }

/** The plans after an action, and how to undo it. */
export interface Applied {
  readonly plans: readonly Plan[]
  readonly undo: PlanAction
}

/** Applies an action. Undefined if it changes nothing: its plan or lecture is gone, or there already. */
export function apply(plans: readonly Plan[], action: PlanAction): Applied | undefined {
  if (action.kind === 'together') return applyTogether(plans, action.actions)
  if (action.kind === 'addPlan') {
    if (plans.some((plan) => plan.id === action.plan.id)) return undefined
    return { plans: [...plans, action.plan], undo: { kind: 'removePlan', planId: action.plan.id } }
  }
  const plan = plans.find((p) => p.id === action.planId)
  if (!plan) return undefined
  if (action.kind === 'removePlan') return { plans: plans.filter((p) => p !== plan), undo: { kind: 'addPlan', plan } }
  if (action.kind === 'duplicatePlan') return apply(plans, { kind: 'addPlan', plan: copyOf(plan, action.newId, action.title) })
  const change = changeOf(plan, action)
  return change && { plans: plans.map((p) => (p === plan ? change.plan : p)), undo: change.undo }
}

type ChangeOfPlan = Extract<PlanAction, { kind: 'renamePlan' | 'showPlan' | 'addLecture' | 'removeLecture' | 'editLecture' }>

function changeOf(plan: Plan, action: ChangeOfPlan): { plan: Plan; undo: PlanAction } | undefined {
  const planId = plan.id
  switch (action.kind) {
    case 'renamePlan':
      if (action.title === plan.title) return undefined
      return { plan: { ...plan, title: action.title }, undo: { kind: 'renamePlan', planId, title: plan.title } }
    case 'showPlan':
      if (action.visibility === plan.visibility) return undefined
      return { plan: { ...plan, visibility: action.visibility }, undo: { kind: 'showPlan', planId, visibility: plan.visibility } }
    case 'addLecture':
      if (plan.lectures.some((lecture) => lecture.id === action.lecture.id)) return undefined
      return { plan: { ...plan, lectures: [...plan.lectures, action.lecture] }, undo: { kind: 'removeLecture', planId, lectureId: action.lecture.id } }
  }
  const lecture = plan.lectures.find((l) => l.id === action.lectureId)
  if (!lecture) return undefined
  if (action.kind === 'removeLecture') {
    return { plan: { ...plan, lectures: plan.lectures.filter((l) => l !== lecture) }, undo: { kind: 'addLecture', planId, lecture } }
  }
  const fields = changedFields(lecture, action.fields)
  if (Object.keys(fields).length === 0) return undefined
  const before = Object.fromEntries(Object.keys(fields).map((key) => [key, lecture[key as keyof LectureFields]]))
  return {
    plan: { ...plan, lectures: plan.lectures.map((l) => (l === lecture ? { ...l, ...fields } : l)) },
    undo: { kind: 'editLecture', planId, lectureId: lecture.id, fields: before },
  }
}

function applyTogether(plans: readonly Plan[], actions: readonly PlanAction[]): Applied | undefined {
  const undos: PlanAction[] = []
  for (const action of actions) {
    const applied = apply(plans, action)
    if (!applied) continue
    plans = applied.plans
    undos.unshift(applied.undo)
  }
  return undos.length > 0 ? { plans, undo: { kind: 'together', actions: undos } } : undefined
}

/** The given fields that differ from the lecture's. Only what differs is written: Firestore bills each write. */
export function changedFields(lecture: LectureFields, fields: Partial<LectureFields>): Partial<LectureFields> {
  const [before, after] = [lectureFields(lecture), lectureFields({ ...lecture, ...fields })] // the same order of keys
  const keys = Object.keys(after) as (keyof LectureFields)[]
  return Object.fromEntries(keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key])).map((key) => [key, after[key]]))
}

/** A private copy. Its lectures have the same ids, below another plan, and all their keys but timestamps. */
function copyOf(plan: Plan, id: string, title: string): Plan {
  const lectures = plan.lectures.map(({ createdAt, updatedAt, ...lecture }) => lecture)
  return { id, title, visibility: 'private', semester: plan.semester, lectures }
}

/** The fields of a block that the student types: a lecture without identifier. */
export function ownBlock(title: string, times: readonly LectureTime[]): LectureFields {
  return lectureFields({ identifier: '', title, professor: '', credit: 0, times, category: [], metas: [] })
}

/** A random id of ASCII letters and digits: 10 for a plan, as the contract says, 20 for a lecture. */
export function newId(length: 10 | 20): string {
  const characters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  let id = ''
  while (id.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      if (byte < 248 && id.length < length) id += characters[byte % 62]! // 248 = 4 × 62: each is as likely
    }
  }
  return id
}
