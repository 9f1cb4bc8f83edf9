// Totals of credits.
//
//   totalCredits(lectures)        of a plan
//   creditsByCategory(lectures)   of each category of its lectures, most first

import type { LectureFields } from '../lecturechanges.ts'

/** The fields that totals need. */
type Credited = Pick<LectureFields, 'identifier' | 'credit' | 'category'>

/** The sum of credits. A lecture that is in the plan twice counts once; own blocks, without identifier, count as they are. */
export function totalCredits(lectures: readonly Credited[]): number {
  return sum(distinct(lectures).map((lecture) => lecture.credit))
}

/** A category, and the credits of its lectures. */
export interface CategoryCredits {
  readonly category: string
  readonly credits: number
}

/** Credits by category, most first. A lecture counts in each of its categories, so these do not add up to the total. */
export function creditsByCategory(lectures: readonly Credited[]): CategoryCredits[] {
  const byCategory = new Map<string, number[]>()
  for (const { category, credit } of distinct(lectures)) {
    for (const name of new Set(category)) byCategory.set(name, [...(byCategory.get(name) ?? []), credit])
  }
  return [...byCategory]
    .map(([category, credits]) => ({ category, credits: sum(credits) }))
    .sort((a, b) => b.credits - a.credits || (a.category < b.category ? -1 : 1))
}

function distinct<L extends Credited>(lectures: readonly L[]): L[] {
  const seen = new Set<string>()
  return lectures.filter(({ identifier }) => identifier === '' || (!seen.has(identifier) && seen.add(identifier)))
}

/** Adds in thousandths: 0.1 + 0.2 is 0.3. */
function sum(credits: readonly number[]): number {
  return credits.reduce((total, credit) => total + Math.round(credit * 1000), 0) / 1000
}
