// What to write to Firestore so that it has what the student sees.
//
//   writesBetween(before, after)   the writes, in an order that security rules accept
//
// The app adds serverTimestamp(): createdAt and updatedAt to what is created, updatedAt to what is updated. It converts
// `semester` to a reference. All writes of one action fit into one batch of at most 500.

import type { LectureFields } from '../lecturechanges.ts'
import { lectureFields } from './coursefile.ts'
import { changedFields, type Plan } from './plans.ts'

/** One write. Created lectures have every key of the contract and no other. */
export type PlanWrite =
  | { readonly kind: 'createPlan'; readonly planId: string; readonly fields: Pick<Plan, 'title' | 'visibility' | 'semester'> }
  | { readonly kind: 'updatePlan'; readonly planId: string; readonly fields: Partial<Pick<Plan, 'title' | 'visibility'>> }
  | { readonly kind: 'deletePlan'; readonly planId: string }
  | { readonly kind: 'createLecture'; readonly planId: string; readonly lectureId: string; readonly fields: LectureFields }
  | { readonly kind: 'updateLecture'; readonly planId: string; readonly lectureId: string; readonly fields: Partial<LectureFields> }
  | { readonly kind: 'deleteLecture'; readonly planId: string; readonly lectureId: string }

/**
 * The differences. Lectures of a deleted plan are left to the backend, which removes them; a plan that is there again,
 * because the student undid the deletion, is written with all its lectures.
 */
export function writesBetween(before: readonly Plan[], after: readonly Plan[]): PlanWrite[] {
  const writes: PlanWrite[] = []
  const old = new Map(before.map((plan) => [plan.id, plan]))
  for (const plan of after) {
    const was = old.get(plan.id)
    old.delete(plan.id)
    if (was === plan) continue
    const { id: planId, title, visibility, semester } = plan
    if (!was) {
      writes.push({ kind: 'createPlan', planId, fields: { title, visibility, semester } })
    } else {
      const fields = { ...(was.title !== title && { title }), ...(was.visibility !== visibility && { visibility }) }
      if (Object.keys(fields).length > 0) writes.push({ kind: 'updatePlan', planId, fields })
    }
    writes.push(...lectureWrites(planId, was?.lectures ?? [], plan.lectures))
  }
  for (const planId of old.keys()) writes.push({ kind: 'deletePlan', planId })
  return writes
}

function lectureWrites(planId: string, before: Plan['lectures'], after: Plan['lectures']): PlanWrite[] {
  const writes: PlanWrite[] = []
  const old = new Map(before.map((lecture) => [lecture.id, lecture]))
  for (const lecture of after) {
    const was = old.get(lecture.id)
    old.delete(lecture.id)
    if (!was) {
      writes.push({ kind: 'createLecture', planId, lectureId: lecture.id, fields: lectureFields(lecture) })
    } else if (was !== lecture) {
      const fields = changedFields(was, lectureFields(lecture))
      if (Object.keys(fields).length > 0) writes.push({ kind: 'updateLecture', planId, lectureId: lecture.id, fields })
    }
  }
  for (const lectureId of old.keys()) writes.push({ kind: 'deleteLecture', planId, lectureId })
  return writes
}
