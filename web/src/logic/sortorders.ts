// Orders of search results.
//
//   sortHits(lectures, hits, order)   positions in the list, sorted; equal ones stay in the order of the list

import type { LectureFields } from '../lecturechanges.ts'
import { mergeSlots } from './timeslots.ts'

/** `relevance` is what search decides. `time` is by the first meeting of the week, lectures without times last. */
export type SortOrder = 'relevance' | 'title' | 'professor' | 'credit' | 'time' | 'identifier'

// Digits by value: Calculus 2 before Calculus 10.
const collator = new Intl.Collator('ko', { numeric: true })

/** Sorts positions. Ranks are computed once per list and order, as comparing Korean texts is slow. */
export function sortHits(lectures: readonly LectureFields[], hits: readonly number[], order: SortOrder): Uint32Array {
  if (order === 'relevance') return Uint32Array.from(hits)
  const ranks = ranksOf(lectures, order)
  return Uint32Array.from(hits).sort((a, b) => ranks[a]! - ranks[b]! || a - b)
}

const known = new WeakMap<readonly LectureFields[], Map<SortOrder, Float64Array>>()

function ranksOf(lectures: readonly LectureFields[], order: Exclude<SortOrder, 'relevance'>): Float64Array {
  const orders = known.get(lectures) ?? new Map<SortOrder, Float64Array>()
  known.set(lectures, orders)
  let ranks = orders.get(order)
  if (!ranks) {
    ranks = Float64Array.from(computeRanks(lectures, order))
    orders.set(order, ranks)
  }
  return ranks
}

function computeRanks(lectures: readonly LectureFields[], order: Exclude<SortOrder, 'relevance'>): number[] {
  if (order === 'credit') return lectures.map((lecture) => lecture.credit)
  if (order === 'time') {
    return lectures.map(({ times }) => {
      const first = mergeSlots(times)[0]
      return first ? first.weekday * 1440 + first.timeBegin : Infinity
    })
  }
  // Nothing known is last.
  const texts = [...new Set(lectures.map((lecture) => lecture[order]))].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : collator.compare(a, b)))
  const rank = new Map(texts.map((text, i) => [text, i]))
  return lectures.map((lecture) => rank.get(lecture[order])!)
}
