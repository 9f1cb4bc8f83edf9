// What the tests share: random lectures from a seed, and real course lists where there are some.

import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { LectureFields, LectureTime } from '../../src/lecturechanges.ts'
import type { TimeSlot } from '../../src/logic/timeslots.ts'

/** Random numbers, always the same for a seed: mulberry32. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 up to n, without n. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  times<T>(n: number, make: (i: number) => T): T[] {
    return Array.from({ length: n }, (_, i) => make(i))
  }

  /** A slot on one of the first days, at multiples of step minutes. */
  slot(step = 15, days = 7): TimeSlot {
    const steps = Math.floor(1440 / step)
    const begin = this.below(steps)
    const length = 1 + this.below(Math.min(12, steps - begin))
    return { weekday: this.below(days), timeBegin: begin * step, timeEnd: (begin + length) * step }
  }

  /** A syllable of modern Hangul. */
  syllable(): string {
    return String.fromCharCode(0xac00 + this.below(11172))
  }
}

/** LONG_TESTS multiplies how much is tried. */
export function tries(n: number): number {
  return process.env['LONG_TESTS'] ? 10 * n : n
}

/** A lecture with some of its fields. */
export function lecture(fields: Partial<LectureFields> = {}): LectureFields {
  return { identifier: 'A-01', title: '자료구조', professor: '김가람', credit: 3, times: [], category: [], metas: [], ...fields }
}

/** A meeting. */
export function meeting(weekday: number, timeBegin: number, timeEnd: number, room = ''): LectureTime {
  return { weekday, timeBegin, timeEnd, room }
}

/** The minutes of a week that slots take: what slots mean, without any cleverness. */
export function minutesOf(slots: readonly TimeSlot[]): Set<number> {
  const minutes = new Set<number>()
  for (const { weekday, timeBegin, timeEnd } of slots) for (let m = timeBegin; m < timeEnd; m++) minutes.add(weekday * 1440 + m)
  return minutes
}

const subjects = '데이터 컴퓨터 미적분학 일반물리 한국사 경영 통계 심리 영어 프로그래밍 인공지능 선형대수 사회 철학 화학 생물 디자인 마케팅 회계 언어'.split(' ')
const kinds = '개론 실험 특강 세미나 연구 이해 입문 응용 분석 시스템 구조 이론'.split(' ')
const names = '김이박최정강조윤장임한오서신권황안송전홍'
const given = '가람 나래 다솜 라온 마루 바다 사랑 아라 자람 차오름 하늘 연돈 민준 서연 도윤 지우'.split(' ')

/** A course list like a university's: about two sections of each course, some without times. */
export function syntheticList(size: number, seed = 1): LectureFields[] {
  const random = new Random(seed)
  return random.times(size, (i) => {
    const course = i >> 1
    const ofCourse = new Random(course)
    const title = `${ofCourse.pick(subjects)}${ofCourse.pick(['', ' '])}${ofCourse.pick(kinds)}${ofCourse.pick(['', ' I', ' II', '1', ''])}`
    const slot = (): LectureTime => ({ weekday: random.below(5), timeBegin: 540 + 90 * random.below(7), timeEnd: 540 + 90 * random.below(7), room: `${random.pick(['정보관', '우정관', '과학도서관'])} ${100 + random.below(500)}` })
    return lecture({
      identifier: `${ofCourse.pick(['COSE', 'MATH', 'PHYS', 'HIST'])}${100 + course}-0${1 + (i & 1)}`,
      title,
      professor: random.pick([...names]) + random.pick(given),
      credit: 1 + random.below(3),
      times: i % 20 === 0 ? [] : [slot(), slot()].map((time) => ({ ...time, timeEnd: time.timeBegin + 75 })),
      category: [random.pick(['정보대학', '문과대학', '이과대학']), random.pick(['컴퓨터학과', '국어국문학과', '수학과'])],
      metas: i % 7 === 0 ? [{ type: 'tag', name: '영강' }] : [],
    })
  })
}

/** The lectures of a real school, undefined if there are none on this machine: they are not part of the project. */
export function realList(): LectureFields[] | undefined {
  const folder = process.env['HEEKTIME_SHARED']
  const file = `${folder}/catalogs/mju-json/lectures-2025-20.json.gz`
  if (!folder || !existsSync(file)) return undefined
  const rows = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Record<string, string | null>[]
  return rows.map((row) => lecture({
    identifier: `${row['curinum']}-${row['coursecls']}`,
    title: row['curinm'] ?? '',
    professor: row['profnm'] ?? '',
    credit: Number(row['cdtnum'] ?? 0),
    times: [...(row['lecttime'] ?? '').matchAll(/([월화수목금토일])(\d\d):(\d\d)~(\d\d):(\d\d)\(([^)]*)\)/g)].map(
      ([, day, h1, m1, h2, m2, room]) => meeting('월화수목금토일'.indexOf(day!), Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2), room!)),
    category: [row['deptnm'] ?? ''],
  }))
}
