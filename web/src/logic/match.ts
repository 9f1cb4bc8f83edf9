// Compares the letters of a query with those of a text: as they are, with initial consonants for syllables (ㄷㅇㅌ and 뎅ㅌ
// for 데이터), and with typos. search.ts decides what is compared with what.
//
//   matchLetters(wanted, text)     how well a text contains wantedOf(query), and where; undefined if it does not
//   shortens(query, text)          whether a query has syllables of a text: 확통 of 확률과통계
//   editDistance(query, letters)   how many letters differ from the most similar part of a text
//   letterMask(letters)            a set of letters, to exclude most texts before either

import { isConsonant, isHangul, type Spelling } from './letters.ts'

/** Where a query was found. */
export interface Match {
  /** 0 is best: 0 the whole text, 1 its begin, 2 the begin of a word, 3 within a word; 1 more if it ends within a
   * syllable, and 4 more if a consonant stands for a syllable. */
  readonly cost: number
  /** Positions in the letters of the text. */
  readonly begin: number
  readonly end: number
}

/** The cost of the worst match. */
export const maxCost = 8

/** A query: its letters, and whether a consonant of it may stand for a syllable, which the search decides once. */
export interface Wanted {
  readonly letters: string
  readonly abbreviates: boolean
}

/** Prepares letters for matchLetters. */
export function wantedOf(letters: string): Wanted {
  return { letters, abbreviates: mayAbbreviate(letters) }
}

/** Finds a query in a text, where it costs least. Matches begin at syllables and characters. */
export function matchLetters(wanted: Wanted, text: Spelling): Match | undefined {
  const query = wanted.letters
  if (query === '') return undefined
  const { letters, starts } = text
  let cost = Infinity
  let begin = 0
  let end = 0
  // The first place costs no more than later ones once it begins a word.
  for (let i = letters.indexOf(query); i >= 0 && cost > 2; i = letters.indexOf(query, i + 1)) {
    const here = starts[i] ? costOf(text, i, i + query.length) : Infinity
    if (here < cost) [cost, begin, end] = [here, i, i + query.length]
  }
  if (cost < Infinity) return { cost, begin, end }
  if (!wanted.abbreviates) return undefined
  const first = query[0]!
  for (let i = letters.indexOf(first); i >= 0; i = letters.indexOf(first, i + 1)) {
    const after = starts[i] ? abbreviated(query, 0, text, i) : -1
    const here = after < 0 ? Infinity : costOf(text, i, after) + 4
    if (here < cost) [cost, begin, end] = [here, i, after]
  }
  return cost < Infinity ? { cost, begin, end } : undefined
}

function costOf({ letters, starts }: Spelling, begin: number, end: number): number {
  const whole = begin === 0 && end === letters.length
  const place = whole ? 0 : begin === 0 ? 1 : starts[begin] === 3 ? 2 : 3
  return place + (starts[end] ? 0 : 1)
}

/** Whether a query has a consonant that may stand for a syllable: one that another consonant follows. */
function mayAbbreviate(query: string): boolean {
  for (let i = 0; i + 1 < query.length; i++) {
    if (isConsonant(query.charCodeAt(i)) && !isVowel(query.charCodeAt(i + 1))) return true
  }
  return false
}

function isVowel(letter: number): boolean {
  return isHangul(letter) && !isConsonant(letter)
}

/**
 * Where the match of query from q ends that begins at text position t, -1 if there is none. A consonant at the start of
 * a syllable may stand for all of it, unless a vowel follows it in the query: that is why 뎅ㅌ, which an input method makes
 * of 데ㅇㅌ, finds 데이터.
 */
function abbreviated(query: string, q: number, text: Spelling, t: number): number {
  const { letters, starts } = text
  for (; q < query.length; q++, t++) {
    const letter = query.charCodeAt(q)
    if (letters.charCodeAt(t) !== letter) return -1
    if (q + 1 === query.length) return t + 1
    if (!starts[t] || !isConsonant(letter) || isVowel(query.charCodeAt(q + 1))) continue
    let next = t + 1
    while (!starts[next]) next++
    if (next === t + 1) continue
    const end = abbreviated(query, q + 1, text, next)
    if (end >= 0) return end
  }
  return t
}

/** The syllables of letters. Undefined if there are others. */
export function syllablesOf(letters: string): string[] | undefined {
  return /^([ㄱ-ㅎ][ㅏ-ㅣ]+[ㄱ-ㅎ]*)+$/.test(letters) ? letters.split(/(?=[ㄱ-ㅎ][ㅏ-ㅣ])/) : undefined
}

/** Whether a text has these syllables in their order, the first where a word begins: students say 확통 for 확률과통계. The last may be typed in part. */
export function shortens(syllables: readonly string[], { letters, starts }: Spelling): boolean {
  let at = 0
  return syllables.every((syllable, n) => {
    for (; at < letters.length; at++) {
      if (!(n === 0 ? starts[at] === 3 : starts[at]) || !letters.startsWith(syllable, at)) continue
      if (n + 1 < syllables.length && !starts[at + syllable.length]) continue
      at += syllable.length
      return true
    }
    return false
  })
}

/** A set of up to 32 kinds of letters, as bits: letters that share a bit are told apart by the comparison itself. */
export function letterMask(letters: string): number {
  let mask = 0
  for (let i = 0; i < letters.length; i++) mask |= 1 << (letters.charCodeAt(i) & 31)
  return mask
}

/** How many bits are set. */
export function bitCount(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The longest pattern of editDistance, in letters. */
export const maxPattern = 31

/** A query prepared for editDistance: for each letter, where it is in the query, as bits. */
export type Pattern = ReadonlyMap<number, number>

/** Prepares the first 31 letters of a query. */
export function patternOf(query: string): Pattern {
  const pattern = new Map<number, number>()
  for (let i = 0; i < Math.min(query.length, maxPattern); i++) {
    const letter = query.charCodeAt(i)
    pattern.set(letter, (pattern.get(letter) ?? 0) | (1 << i))
  }
  return pattern
}

/**
 * The least number of letters to insert, delete or replace that makes the query a part of the text. Myers' bit-parallel
 * algorithm: https://doi.org/10.1145/316542.316550 (A fast bit-vector algorithm for approximate string matching, 1999).
 * length is that of the pattern, at most 31.
 */
export function editDistance(pattern: Pattern, length: number, letters: string): number {
  const last = 1 << (length - 1)
  let plus = -1
  let minus = 0
  let distance = length
  let least = length
  for (let i = 0; i < letters.length; i++) {
    const equal = pattern.get(letters.charCodeAt(i)) ?? 0
    const vertical = equal | minus
    const horizontal = (((equal & plus) + plus) ^ plus) | equal
    let up = minus | ~(horizontal | plus)
    let down = plus & horizontal
    if (up & last) distance++
    else if (down & last) distance--
    if (distance < least) least = distance
    up <<= 1 // a match may begin anywhere: nothing is carried in
    down <<= 1
    plus = down | ~(vertical | up)
    minus = up & vertical
  }
  return least
}
