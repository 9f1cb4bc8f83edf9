// Why the planner found nothing. A reason is a smallest set of wishes and rules that cannot all hold: without any one of
// them, the others can. So each of them is something that the student can change.
//
//   explain(options, exists)   the reasons; exists says whether there is any plan for some options

import type { LectureFields } from '../lecturechanges.ts'
import { commonTimes } from './clash.ts'
import type { PlannerOptions } from './planner.ts'
import type { TimeSlot } from './timeslots.ts'

/** A rule of the options: what is taken already, a limit that is required, or the range of credits. */
export type Rule = 'busy' | 'freeDays' | 'notBefore' | 'notAfter' | 'credits'

/** What cannot all hold. */
export interface Reason {
  /** Positions of wishes that must be in the plan. */
  readonly wishes: readonly number[]
  readonly rules: readonly Rule[]
  /** For two wishes that clash whatever is chosen, and nothing else: an example, and when. */
  readonly example?: { readonly a: LectureFields; readonly b: LectureFields; readonly at: readonly TimeSlot[] }
}

const allRules: readonly Rule[] = ['busy', 'freeDays', 'notBefore', 'notAfter', 'credits']

/** All single wishes at fault; or else all pairs; or else one smaller set that cannot be made smaller yet. */
export function explain(options: PlannerOptions, exists: (options: PlannerOptions) => boolean): Reason[] {
  const musts = options.wishes.flatMap((wish, i) => (wish.must ? [i] : []))
  const holds = (wishes: readonly number[], rules: readonly Rule[]): boolean => exists(only(options, wishes, rules))
  const limits = allRules.filter((rule) => rule !== 'credits' && has(options, rule))
  const alone = musts.filter((wish) => !holds([wish], limits)).map((wish) => smallest([wish], limits, holds))
  if (alone.length > 0) return alone
  const pairs: Reason[] = []
  musts.forEach((a, i) => {
    for (const b of musts.slice(i + 1)) {
      if (holds([a, b], limits)) continue
      const reason = smallest([a, b], limits, holds)
      pairs.push(reason.rules.length > 0 ? reason : { ...reason, ...exampleOf(options, a, b) })
    }
  })
  if (pairs.length > 0) return pairs
  return [smallest(musts, allRules.filter((rule) => has(options, rule)), holds)]
}

/**
 * Leaves out whatever is not needed for the contradiction, one after the other, until nothing can be left out. Once is not
 * enough: without a wish, there are fewer credits, so another wish may no longer be needed.
 */
function smallest(wishes: readonly number[], rules: readonly Rule[], holds: (wishes: readonly number[], rules: readonly Rule[]) => boolean): Reason {
  for (let before = Infinity; wishes.length + rules.length < before; ) {
    before = wishes.length + rules.length
    for (const wish of wishes) {
      const others = wishes.filter((other) => other !== wish)
      if (!holds(others, rules)) wishes = others
    }
    for (const rule of rules) {
      const others = rules.filter((other) => other !== rule)
      if (!holds(wishes, others)) rules = others
    }
  }
  return { wishes, rules }
}

function has({ busy = [], require = {}, credits }: PlannerOptions, rule: Rule): boolean {
  if (rule === 'busy') return busy.length > 0
  if (rule === 'credits') return credits !== undefined
  return rule === 'freeDays' ? (require.freeDays?.length ?? 0) > 0 : require[rule] !== undefined
}

/** The same options with these of the musts and rules. What is only wished stays, as it may be needed for the credits. */
function only(options: PlannerOptions, wishes: readonly number[], rules: readonly Rule[]): PlannerOptions {
  const { busy, credits, require = {}, ...rest } = options
  const credited = rules.includes('credits')
  return {
    ...rest,
    wishes: options.wishes.filter((wish, i) => (wish.must ? wishes.includes(i) : credited)),
    ...(busy && rules.includes('busy') && { busy }),
    ...(credits && credited && { credits }),
    require: {
      ...(require.freeDays && rules.includes('freeDays') && { freeDays: require.freeDays }),
      ...(require.notBefore !== undefined && rules.includes('notBefore') && { notBefore: require.notBefore }),
      ...(require.notAfter !== undefined && rules.includes('notAfter') && { notAfter: require.notAfter }),
    },
  }
}

function exampleOf({ wishes }: PlannerOptions, i: number, j: number): Pick<Reason, 'example'> {
  for (const a of wishes[i]!.alternatives) {
    for (const b of wishes[j]!.alternatives) {
      const at = commonTimes(a, b)
      if (at.length > 0) return { example: { a, b, at } }
    }
  }
  return {} // the same lecture without times is the only alternative of both
}
