import assert from 'node:assert/strict'
import { test } from 'node:test'
import { colourCount, coloursOf, palette, preferences } from '../../src/logic/colours.ts'
import { Random, tries } from './support.ts'

type Rgb = readonly [number, number, number]

/** Linear light of #rrggbb: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
const linear = (hex: string): Rgb => {
  assert.match(hex, /^#[0-9a-f]{6}$/)
  const channel = (i: number): number => {
    const value = parseInt(hex.slice(i, i + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

const contrast = (a: string, b: string): number => {
  const [x, y] = [a, b].map((hex) => {
    const [red, green, blue] = linear(hex)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
  }) as [number, number]
  return Math.max(x, y) / Math.min(x, y)
}

/**
 * How people see colours whose cones for red, green or blue are missing: matrices for linear RGB at severity 1.0 of Machado,
 * Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009):
 * https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
 */
const visions: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}

const seen = (matrix: readonly Rgb[], [r, g, b]: Rgb): Rgb =>
  matrix.map((row) => Math.min(1, Math.max(0, row[0] * r + row[1] * g + row[2] * b))) as unknown as Rgb

/** OKLab, in which equal distances look equal: https://bottosson.github.io/posts/oklab/ */
const oklab = ([r, g, b]: Rgb): Rgb => {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

/** As far apart as two greys whose lightness differs by 6 %; a just noticeable difference is about 0.02. */
const leastDistance = 0.06

for (const theme of ['light', 'dark'] as const) {
  test(`texts on the ${theme} palette have a contrast of 4.5 or more`, () => {
    for (const colour of palette) {
      const { background, text } = colour[theme]
      assert.ok(contrast(background, text) >= 4.5, `${colour.name}: ${contrast(background, text).toFixed(2)}`)
    }
  })

  for (const [vision, matrix] of Object.entries(visions)) {
    test(`colours of the ${theme} palette differ with ${vision} vision`, () => {
      palette.forEach((one, i) => {
        for (const other of palette.slice(i + 1)) {
          const [a, b] = [one, other].map((colour) => oklab(seen(matrix, linear(colour[theme].background)))) as [Rgb, Rgb]
          const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
          assert.ok(distance >= leastDistance, `${one.name} and ${other.name}: ${distance.toFixed(3)}`)
        }
      })
    })
  }
}

const coloured = (identifier: string, i: number) => ({ id: `id${i}`, identifier, title: '제목' })

test('lectures of a plan differ as long as there are colours, and then share them equally', () => {
  assert.equal(palette.length, colourCount)
  const random = new Random(1)
  for (let n = 0; n < tries(50); n++) {
    const plan = random.times(palette.length * 2, (i) => coloured(`C${random.below(10_000)}-01`, i))
    const colours = coloursOf(plan)
    for (let size = 1; size <= plan.length; size++) {
      const counts = new Map<number, number>()
      for (const { id } of plan.slice(0, size)) counts.set(colours.get(id)!, (counts.get(colours.get(id)!) ?? 0) + 1)
      assert.ok(Math.max(...counts.values()) <= Math.ceil(size / palette.length))
    }
  }
})

test('a colour stays when others are added later, and does not depend on the section or the composition', () => {
  const random = new Random(2)
  const plan = random.times(8, (i) => coloured(`COSE${100 + i}-01`, i))
  const all = coloursOf(plan)
  for (let n = 1; n < plan.length; n++) for (const [id, colour] of coloursOf(plan.slice(0, n))) assert.equal(all.get(id), colour)
  assert.deepEqual(coloursOf([coloured('COSE100-02', 0)]), coloursOf([coloured('COSE100-01', 0)]))
  assert.deepEqual(preferences('가온'.normalize('NFD')), preferences('가온'))
  // Recorded: a change would change the colours of everybody's plans.
  assert.deepEqual(preferences('COSE372'), [6, 0, 1, 5, 7, 9, 3, 8, 2, 4])
})

test('each colour is the first choice of about as many courses', () => {
  const counts = palette.map(() => 0)
  for (let i = 0; i < 10_000; i++) counts[preferences(`COSE${i}`)[0]!]!++
  for (const count of counts) assert.ok(Math.abs(count - 10_000 / palette.length) < 1500 / palette.length, String(counts))
})

// The pages service chooses the same colours, in Go: TestPalette in internal/pages/picture reads these lines.
const chosen: Readonly<Record<string, readonly number[]>> = {
  'CS201': [4, 6, 1, 5, 8, 9, 0, 3, 7, 2],
  'COSE372': [6, 0, 1, 5, 7, 9, 3, 8, 2, 4],
  '교양한국어': [4, 7, 6, 2, 3, 0, 9, 1, 5, 8],
  'GE1/2 가': [7, 6, 9, 2, 3, 8, 1, 4, 5, 0],
  '': [1, 5, 8, 9, 6, 0, 4, 3, 7, 2],
  'a': [0, 5, 9, 4, 8, 2, 3, 7, 1, 6],
  '한': [6, 7, 9, 1, 3, 2, 8, 5, 4, 0],
  '🌸🌸': [5, 3, 9, 4, 0, 2, 6, 8, 1, 7],
  'Academic English Ⅱ': [1, 8, 2, 3, 5, 9, 0, 6, 7, 4],
  'AR115': [8, 3, 1, 2, 7, 0, 6, 9, 4, 5],
}

test('a course has the same colours in every version, and on shared pages', () => {
  for (const [course, colours] of Object.entries(chosen)) assert.deepEqual(preferences(course), colours, course)
})
