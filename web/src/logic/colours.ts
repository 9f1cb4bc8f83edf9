// Colours of lectures. They are computed, never stored: from the course, so that a lecture has its colour on every device and
// in every plan, and in the order in which lectures were added, so that lectures of a plan differ as long as there are
// colours.
//
//   coloursOf(lectures)   id → position in palette; lectures in the order of createdAt, those on their way last
//   palette[i].light      background, text, and edge (a border or a stripe) in the light theme; .dark in the dark one. The app has
//                         them in styles/palette.css
//
// The palette was computed to be as far apart as it can be for all of normal vision, protanopia, deuteranopia and
// tritanopia, with text at 4.5:1 or more (WCAG 1.4.3); colours.test.ts measures both. Colour is never the only sign:
// blocks have their titles.

import { courseOf } from './coursefile.ts'

/** Colours of a block, as #rrggbb. */
export interface BlockColours {
  readonly background: string
  readonly text: string
  readonly edge: string
}

/** One colour, in both themes. */
export interface LectureColour {
  /** What tests call it. */
  readonly name: string
  readonly light: BlockColours
  readonly dark: BlockColours
}

/** What is coloured. */
export interface Coloured {
  readonly id: string
  readonly identifier: string
  readonly title: string
}

/** How many colours the palette has. */
export const colourCount = 10

/** The colours of a plan's lectures, by id. If there are more lectures than colours, all are used equally often. */
export function coloursOf(lectures: readonly Coloured[]): Map<string, number> {
  const uses = new Array<number>(colourCount).fill(0)
  const colours = new Map<string, number>()
  for (const { id, identifier, title } of lectures) {
    const least = Math.min(...uses)
    const colour = preferences(identifier === '' ? title : courseOf(identifier)).find((c) => uses[c] === least)!
    uses[colour]!++
    colours.set(id, colour)
  }
  return colours
}

/** All colours, the first choice of a key first: the order is random, but always the same for a key. */
export function preferences(key: string): number[] {
  const seed = hash(key.normalize('NFC'), 0x811c9dc5)
  const weights = Array.from({ length: colourCount }, (_, colour) => hash(String(colour), seed))
  return [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b)
}

/** FNV-1a over UTF-16, mixed at the end as MurmurHash3 does: https://en.wikipedia.org/wiki/Fowler–Noll–Vo_hash_function */
function hash(text: string, seed: number): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const onLight = '#1c1b1f'
const onDark = '#ffffff'

/** The colours. Their order is part of what devices agree on: append, and never reorder. */
export const palette: readonly LectureColour[] = [
  { name: 'blush', light: { background: '#ebd1d7', text: onLight, edge: '#8d7d81' }, dark: { background: '#4a353a', text: onDark, edge: '#928689' } },
  { name: 'coral', light: { background: '#f4a398', text: onLight, edge: '#92625b' }, dark: { background: '#530203', text: onDark, edge: '#986768' } },
  { name: 'clay', light: { background: '#d69462', text: onLight, edge: '#80593b' }, dark: { background: '#6b3705', text: onDark, edge: '#a68769' } },
  { name: 'apricot', light: { background: '#efc37c', text: onLight, edge: '#8f754a' }, dark: { background: '#9a6c0b', text: onDark, edge: '#c2a76d' } },
  { name: 'lemon', light: { background: '#faf2a7', text: onLight, edge: '#969164' }, dark: { background: '#6a6647', text: onDark, edge: '#a6a391' } },
  { name: 'mint', light: { background: '#d0fae5', text: onLight, edge: '#7d9689' }, dark: { background: '#3f554b', text: onDark, edge: '#8c9993' } },
  { name: 'slate', light: { background: '#8ba9bc', text: onLight, edge: '#536571' }, dark: { background: '#3a6c89', text: onDark, edge: '#89a7b8' } },
  { name: 'sky', light: { background: '#abc9ff', text: onLight, edge: '#677999' }, dark: { background: '#17326a', text: onDark, edge: '#7484a6' } },
  { name: 'lavender', light: { background: '#b5a7f1', text: onLight, edge: '#6d6491' }, dark: { background: '#7a69b6', text: onDark, edge: '#afa5d3' } },
  { name: 'mauve', light: { background: '#d2b6d0', text: onLight, edge: '#7e6d7d' }, dark: { background: '#3a1b3a', text: onDark, edge: '#897689' } },
]
