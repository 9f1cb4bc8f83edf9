// Search as you type over title, code, professor and room; words may be in different fields and in any order. Spaces mean
// nothing within a field, initial consonants and half-typed syllables are found (letters.ts, match.ts), and if little is
// found, also what students shorten (확통 for 확률과통계), what differs by a typo, and what was typed with the keyboard in the
// other language (epdlxj for 데이터, 챈ㄷ101 for COSE101) or ends as one speaks of a professor (김가람 교수님).
//
//   search(index, { query, filter, order })   positions in the list, best first
//   highlight(text, query)                    parts of a shown text to emphasize, only for rows on the screen
//
// Why no library: MiniSearch and FlexSearch index words and fail at initials, spaces and parts of words, Fuse.js compares
// syllables, where 데잍 and 데이터 differ, and takes 40 times as long (tests/logic/search.bench.ts), uFuzzy makes expressions for Latin.

import { compileFilter, type LectureFilter } from './filters.ts'
import { lettersOf, spell } from './letters.ts'
import { hangulOfKeys, keysOfHangul } from './keyboard.ts'
import { bitCount, editDistance, letterMask, matchLetters, maxCost, maxPattern, patternOf, shortens, syllablesOf, wantedOf } from './match.ts'
import type { SearchIndex } from './searchindex.ts'
import { sortHits, type SortOrder } from './sortorders.ts'

export interface SearchRequest {
  /** What the student typed, also in the middle of a syllable. Everything matches the empty query. */
  readonly query: string
  readonly filter?: LectureFilter
  /** By default best match first, and the order of the list, by identifier, without a query. */
  readonly order?: SortOrder
}

export interface SearchResult {
  /** Positions in the list. */
  readonly hits: Uint32Array
  /** How many of the hits, the last in the order "relevance", are not what was typed but similar. */
  readonly similar: number
}

/** Fewer hits than this, and similar lectures are added. */
const fewHits = 8
/** A text that a word does not match. */
const noMatch = 255
/** Costs of a match by field: title, code, professor, room. */
const fieldCosts = [0, 1, 1, 9]
/** Whether typos are forgiven, by field. */
const forgiving = [true, false, true, false]
/** What a shortened title costs, and what a typo costs: more than any match without. */
const shortCost = 20
const typoCost = 40

/** Searches. */
export function search(index: SearchIndex, { query, filter, order = 'relevance' }: SearchRequest): SearchResult {
  const accepts = compileFilter(filter)
  const words = wordsOf(query)
  const costs = new Uint16Array(index.lectures.length).fill(0xffff)
  const found: number[] = []
  const collect = (one: readonly string[], costOf: (word: string) => Uint8Array, extra: number): void => {
    if (one.length === 0) return
    const byWord = one.map(costOf)
    index.lectures.forEach((lecture, i) => {
      if (costs[i] !== 0xffff) return
      const cost = lectureCost(index, i, byWord)
      if (cost < 0 || !accepts(lecture)) return
      costs[i] = cost + extra
      found.push(i)
    })
  }
  if (words.length === 0) {
    index.lectures.forEach((lecture, i) => {
      if (accepts(lecture)) found.push(i)
    })
    return { hits: sortHits(index.lectures, found, order), similar: 0 }
  }
  const exactly = (word: string): Uint8Array => exactCosts(index, word)
  collect([words.join('')], exactly, 0)
  if (words.length > 1) collect(words, exactly, 1)
  const exact = found.length
  if (exact < fewHits) {
    collect(words, (word) => similarCosts(index, word), 0)
    if (exact === 0) {
      collect(wordsOf(query.replace(/(?<=\S)\s*교수님?\s*$/u, '')), exactly, shortCost)
      collect(wordsOf(hangulOfKeys(query) ?? keysOfHangul(words.join(' ')) ?? ''), exactly, typoCost)
    }
  }
  const hits = order === 'relevance' ? byRelevance(index, found, costs) : sortHits(index.lectures, found, order)
  return { hits, similar: found.length - exact }
}

/** The words of a query as letters. */
function wordsOf(query: string): string[] {
  return query.slice(0, 300).split(/\s+/u).map(lettersOf).filter((word) => word !== '')
}

/** The sum, over all words, of the least cost among the lecture's texts. -1 if a word matches none. */
function lectureCost({ textsOf, first }: SearchIndex, lecture: number, byWord: readonly Uint8Array[]): number {
  let sum = 0
  for (const costs of byWord) {
    let least = noMatch
    for (let k = first[lecture]!; k < first[lecture + 1]!; k++) least = Math.min(least, costs[textsOf[k]!]!)
    if (least === noMatch) return -1
    sum += least
  }
  return Math.min(sum, 0xfffe)
}

function exactCosts({ texts, masks, fields }: SearchIndex, word: string): Uint8Array {
  const wanted = wantedOf(word)
  const mask = letterMask(word)
  const costs = new Uint8Array(texts.length).fill(noMatch)
  for (let id = 0; id < costs.length; id++) {
    if (mask & ~masks[id]!) continue
    const match = matchLetters(wanted, texts[id]!)
    if (match) costs[id] = match.cost + fieldCosts[fields[id]!]!
  }
  return costs
}

/** How many letters may differ: a syllable has two or three letters. None in words with digits: 101 is not 102. */
export function typosAllowed(word: string): number {
  return word.length < 5 || /\d/.test(word) ? 0 : word.length < 9 ? 1 : 2
}

/** Costs of matches that are shortened or have typos, in titles and names. Exact matches are among them, for the other words of the query. */
function similarCosts(index: SearchIndex, word: string): Uint8Array {
  const costs = exactCosts(index, word)
  const syllables = syllablesOf(word)
  if (syllables && syllables.length > 1) {
    const mask = letterMask(word)
    index.texts.forEach((text, id) => {
      if (index.fields[id] === 0 && costs[id] === noMatch && !(mask & ~index.masks[id]!) && shortens(syllables, text)) costs[id] = shortCost
    })
  }
  const allowed = typosAllowed(word)
  if (allowed === 0) return costs
  const part = word.slice(0, maxPattern)
  const pattern = patternOf(part)
  const mask = letterMask(part)
  const { texts, masks, fields } = index
  for (let id = 0; id < costs.length; id++) {
    const field = fields[id]!
    if (costs[id] !== noMatch || !forgiving[field] || bitCount(mask & ~masks[id]!) > allowed) continue
    const distance = editDistance(pattern, part.length, texts[id]!.letters)
    if (distance <= allowed) costs[id] = typoCost * distance + maxCost + fieldCosts[field]!
  }
  return costs
}

/** Best first: by cost, then shorter titles, then the order of the list. All three are in one number, as lists are long. */
function byRelevance({ texts, textsOf, first }: SearchIndex, found: readonly number[], costs: Uint16Array): Uint32Array {
  const keys = Float64Array.from(found, (i) => {
    const title = Math.min(texts[textsOf[first[i]!]!]!.letters.length, 0xfff)
    return (costs[i]! * 0x1000 + title) * 2 ** 24 + i
  })
  return Uint32Array.from(keys.sort(), (key) => key % 2 ** 24)
}

/** Parts [begin, end) of text.normalize('NFC') that the words of a query match, sorted and disjoint. */
export function highlight(text: string, query: string): [begin: number, end: number][] {
  const composed = text.normalize('NFC')
  const spelling = spell(composed)
  const words = wordsOf(query)
  const whole = matchLetters(wantedOf(words.join('')), spelling)
  const matches = whole ? [whole] : words.map((word) => matchLetters(wantedOf(word), spelling)).filter((match) => match !== undefined)
  const parts: [number, number][] = []
  for (const { begin, end } of matches.sort((a, b) => a.begin - b.begin)) {
    const lastCharacter = spelling.source[end - 1]! // all of it, if only a part is typed yet
    const part: [number, number] = [spelling.source[begin]!, lastCharacter + (composed.codePointAt(lastCharacter)! > 0xffff ? 2 : 1)]
    const last = parts[parts.length - 1]
    if (last && part[0] <= last[1]) last[1] = Math.max(last[1], part[1])
    else parts.push(part)
  }
  return parts
}
