// Colours of lectures. They are computed, never stored: from the course, so that a lecture has its colour on every device and
// in every plan, and in the order in which lectures were added, so that lectures of a plan differ as long as there are
// colours.
//
//   coloursOf(lectures)   id → position in palette; lectures in the order of createdAt, those on their way last
//   palette[i].light      background, text, and edge (a border or a stripe) in the light theme; .dark in the dark one
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
  /** For tests and screen readers of the colour's own settings: the hue's plain name. */
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

/** The colours of a plan's lectures, by id. If there are more lectures than colours, all are used equally often. */
export function coloursOf(lectures: readonly Coloured[]): Map<string, number> {
  const uses = palette.map(() => 0)
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
  const weights = palette.map((_, colour) => hash(String(colour), seed))
  return palette.map((_, colour) => colour).sort((a, b) => weights[b]! - weights[a]! || a - b)
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
  { name: 'rose', light: { background: '#f27a93', text: onLight, edge: '#914958' }, dark: { background: '#c44867', text: onDark, edge: '#dc91a4' } },
  { name: 'apricot', light: { background: '#eaab82', text: onLight, edge: '#8c674e' }, dark: { background: '#805234', text: onDark, edge: '#b39785' } },
  { name: 'amber', light: { background: '#f0cf77', text: onLight, edge: '#907c47' }, dark: { background: '#564309', text: onDark, edge: '#9a8e6b' } },
  { name: 'lime', light: { background: '#eff663', text: onLight, edge: '#8f943b' }, dark: { background: '#747700', text: onDark, edge: '#acad66' } },
  { name: 'green', light: { background: '#6ba54a', text: onLight, edge: '#40632c' }, dark: { background: '#213417', text: onDark, edge: '#7a8574' } },
  { name: 'teal', light: { background: '#9ccbc9', text: onLight, edge: '#5e7a79' }, dark: { background: '#068281', text: onDark, edge: '#6ab4b3' } },
  { name: 'blue', light: { background: '#479afd', text: onLight, edge: '#2b5c98' }, dark: { background: '#386194', text: onDark, edge: '#88a0bf' } },
  { name: 'indigo', light: { background: '#d4d5fe', text: onLight, edge: '#7f8098' }, dark: { background: '#483a9e', text: onDark, edge: '#9189c5' } },
  { name: 'violet', light: { background: '#bc9dce', text: onLight, edge: '#715e7c' }, dark: { background: '#431059', text: onDark, edge: '#8e709b' } },
  { name: 'magenta', light: { background: '#c470b0', text: onLight, edge: '#76436a' }, dark: { background: '#772166', text: onDark, edge: '#ad7aa3' } },
]
