// The search index of a course list: every distinct text once, spelled (letters.ts), and which lectures have it in which
// field. Sections of a course share their title, and a professor's lectures their name, so this halves the work of a key.
//
//   buildIndex(lectures)   about 40 ms for 5,000 lectures on a fast computer: in the worker, see searchworker.ts

import type { LectureFields } from '../lecturechanges.ts'
import { spell, type Spelling } from './letters.ts'
import { letterMask } from './match.ts'

/** The fields that are searched, in the order of their weight. */
export const searchedFields = ['title', 'identifier', 'professor', 'room'] as const

/** An index. Lectures are known by their positions in the list. */
export interface SearchIndex {
  readonly lectures: readonly LectureFields[]
  /** Distinct texts. Equal texts of two fields are two. */
  readonly texts: readonly Spelling[]
  /** For each text, the letterMask of its letters, and the position of its field in searchedFields. */
  readonly masks: Int32Array
  readonly fields: Uint8Array
  /** The texts of lecture i are textsOf[first[i]] up to textsOf[first[i + 1]], as positions in texts, the title first. */
  readonly textsOf: Uint32Array
  readonly first: Uint32Array
}

/** Indexes a list. */
export function buildIndex(lectures: readonly LectureFields[]): SearchIndex {
  const texts: Spelling[] = []
  const fields: number[] = []
  const known = searchedFields.map(() => new Map<string, number>())
  const textsOf: number[] = []
  const first = new Uint32Array(lectures.length + 1)
  const add = (field: number, text: string): void => {
    let id = known[field]!.get(text)
    if (id === undefined) {
      id = texts.push(spell(text)) - 1
      fields.push(field)
      known[field]!.set(text, id)
    }
    textsOf.push(id)
  }
  lectures.forEach((lecture, i) => {
    first[i] = textsOf.length
    add(0, lecture.title)
    add(1, lecture.identifier)
    if (lecture.professor !== '') add(2, lecture.professor)
    for (const room of new Set(lecture.times.map((time) => time.room))) if (room !== '') add(3, room)
  })
  first[lectures.length] = textsOf.length
  const masks = Int32Array.from(texts, (text) => letterMask(text.letters))
  return { lectures, texts, masks, fields: Uint8Array.from(fields), textsOf: Uint32Array.from(textsOf), first }
}
