import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LectureFields } from '../../src/lecturechanges.ts'
import { compileFilter, facetsOf } from '../../src/logic/filters.ts'
import { hangulOfKeys } from '../../src/logic/keyboard.ts'
import { lettersOf, spell } from '../../src/logic/letters.ts'
import { editDistance, matchLetters, patternOf, wantedOf } from '../../src/logic/match.ts'
import { highlight, search, typosAllowed, type SearchRequest } from '../../src/logic/search.ts'
import { buildIndex } from '../../src/logic/searchindex.ts'
import { lecture, meeting, minutesOf, Random, realList, syntheticList, tries } from './support.ts'

const list = [
  lecture({ identifier: 'COSE101-01', title: '데이터베이스시스템', professor: '정연돈', times: [meeting(1, 630, 705, '정보관 202')] }),
  lecture({ identifier: 'COSE102-01', title: '자료구조', professor: '김가람', times: [meeting(0, 540, 615, '우정관 101')] }),
  lecture({ identifier: 'COSE103-01', title: '데이터 과학', professor: '이나래', times: [] }),
  lecture({ identifier: 'COSE104-01', title: 'C++ Programming', professor: 'José Ramírez' }),
  lecture({ identifier: 'COSE105-01', title: '미적분학 Ⅱ', professor: '강다솜' }),
  lecture({ identifier: 'COSE106-01', title: '가야금 연주', professor: '뎅' }),
]
const index = buildIndex(list)
const titles = (query: string, request: Partial<SearchRequest> = {}): string[] => [...search(index, { query, ...request }).hits].map((i) => list[i]!.title)

test('finds what a student types', () => {
  const cases: [string, ...string[]][] = [
    ['ㄷㅇㅌ', '데이터 과학', '데이터베이스시스템'],
    ['데잍', '데이터 과학', '데이터베이스시스템'],
    ['데이터ㅂ', '데이터베이스시스템', '데이터 과학'], // similar
    ['뎅ㅌ', '데이터 과학', '데이터베이스시스템'], // an input method makes 뎅 of 데ㅇ
    ['데ㅇㅌ', '데이터 과학', '데이터베이스시스템'],
    ['ㄷ이ㅌ', '데이터 과학', '데이터베이스시스템'],
    ['ㄷㅇㅌㅂㅇㅅ', '데이터베이스시스템'],
    ['데이터 베이스', '데이터베이스시스템'],
    ['데이터과학', '데이터 과학'],
    ['자 료 구 조', '자료구조'],
    ['정연돈', '데이터베이스시스템'],
    ['ㅈㅇㄷ', '데이터베이스시스템'],
    ['데이터 정연돈', '데이터베이스시스템'],
    ['정연돈 데이터', '데이터베이스시스템'],
    ['cose101', '데이터베이스시스템'],
    ['COSE 101-01', '데이터베이스시스템'],
    ['ＣＯＳＥ１０１', '데이터베이스시스템'],
    ['정보관202', '데이터베이스시스템'],
    ['데이타', '데이터 과학', '데이터베이스시스템'],
    ['자료구저', '자료구조'],
    ['epdlxj', '데이터 과학', '데이터베이스시스템'],
    ['wkfyrnwh', '자료구조'],
    ['c++', 'C++ Programming'],
    ['programing', 'C++ Programming'],
    ['jose', 'C++ Programming'],
    ['미적분학 II', '미적분학 Ⅱ'],
    ['미적분학2'],
    ['데시', '데이터베이스시스템'], // shortened
    ['자구', '자료구조'],
    ['챈ㄷ102', '자료구조'], // COSE102, typed with the keyboard in Korean
    ['wjdqhrhks202', '데이터베이스시스템'], // 정보관202, with the keyboard in English
    ['정연돈 교수님', '데이터베이스시스템'],
    ['정연돈교수', '데이터베이스시스템'],
    ['가야', '가야금 연주'],
    ['데이터'.normalize('NFD'), '데이터 과학', '데이터베이스시스템'],
    ['\u202e데이터\u200d', '데이터 과학', '데이터베이스시스템'],
    ['ㅁㄴㅇㄹ'],
    ['없는과목'],
  ]
  for (const [query, ...found] of cases) assert.deepEqual(titles(query), found, query)
})

test('initials begin at syllables', () => {
  assert.deepEqual(titles('ㅇㅌ'), ['데이터 과학', '데이터베이스시스템'])
  assert.equal(matchLetters(wantedOf(lettersOf('ㅇㅌ')), spell('강타')), undefined)
  assert.equal(matchLetters(wantedOf(lettersOf('각')), spell('악기')), undefined)
})

test('every way to stop typing finds what was meant', () => {
  for (const { title } of list) {
    const { letters } = spell(title)
    for (let n = 1; n <= letters.length; n++) assert.ok(titles(letters.slice(0, n)).includes(title), letters.slice(0, n))
    const initials = Array.from(title, (c) => (/[가-힣]/.test(c) ? spell(c).letters[0]! : c)).join('')
    assert.ok(titles(initials).includes(title), initials)
  }
})

test('the best match is first, and similar ones are last', () => {
  const ranked = buildIndex(['고급 수학', '수학', '미분수학', '수학사', '수한'].map((title, i) => lecture({ identifier: `A-${i}`, title })))
  const { hits, similar } = search(ranked, { query: '수학' })
  assert.deepEqual([...hits].map((i) => ranked.lectures[i]!.title), ['수학', '수학사', '고급 수학', '미분수학', '수한'])
  assert.equal(similar, 1)
})

test('nothing is lost that contains the query, and the order of filters and sorting does not matter', () => {
  const fold = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s|(?![+#])\p{P}/gu, '')
  const real = realList()
  if (!real) console.log('no real course lists: set HEEKTIME_SHARED to the folder that has catalogs/')
  for (const lectures of [syntheticList(1000), ...(real ? [real] : [])]) {
    const searched = buildIndex(lectures)
    const random = new Random(5)
    for (let n = 0; n < tries(50); n++) {
      const from = random.pick(lectures)
      const text = [...random.pick([from.title, from.professor, from.identifier, from.times[0]?.room ?? from.title])]
      const begin = random.below(text.length)
      const query = text.slice(begin, begin + 1 + random.below(6)).join('')
      if (fold(query) === '') continue
      const found = new Set(search(searched, { query }).hits)
      lectures.forEach((l, i) => {
        const texts = [l.title, l.identifier, l.professor, ...l.times.map((t) => t.room)]
        if (texts.some((t) => fold(t).includes(fold(query)))) assert.ok(found.has(i), `${query} does not find ${texts.join(' | ')}`)
      })
      const filter = { credits: [from.credit], weekdays: [0, 1, 2] }
      const accepts = compileFilter(filter)
      for (const order of ['title', 'professor', 'credit', 'time', 'identifier', 'relevance'] as const) {
        const sorted = [...search(searched, { query, filter, order }).hits]
        const expected = [...found].filter((i) => accepts(lectures[i]!))
        if (expected.length >= 8) assert.deepEqual([...sorted].sort((a, b) => a - b), expected.sort((a, b) => a - b))
      }
    }
  }
})

test('a typo anywhere is forgiven', () => {
  const random = new Random(6)
  const lectures = syntheticList(400)
  const searched = buildIndex(lectures)
  for (let n = 0; n < tries(100); n++) {
    const i = random.below(lectures.length)
    const letters = lettersOf(lectures[i]!.title)
    if (letters.length < 8 || /\d/.test(letters)) continue
    const at = random.below(letters.length)
    const typo = random.pick(['ㅋ', 'ㅗ', 'ㄹ', ''])
    const query = letters.slice(0, at) + typo + letters.slice(at + random.below(2))
    const { hits, similar } = search(searched, { query })
    const exact = hits.length - similar
    assert.ok(exact >= 8 || hits.includes(i), `${query} does not find ${lectures[i]!.title}`)
  }
  assert.deepEqual(['ㄱㅏㄴ', 'ㄱㅏㄴㅏ', 'ㄱㅏㄴㅏㄷㅏㄹㅏ'].map(typosAllowed), [0, 0, 1])
  assert.deepEqual(['수학', '데이터', '데이터베이스', 'cose101'].map(lettersOf).map(typosAllowed), [1, 1, 2, 0])
})

test('the edit distance is that of the textbook', () => {
  const naive = (a: string, b: string): number => {
    let row = new Array<number>(a.length + 1).fill(0).map((_, i) => i)
    let least = a.length
    for (const c of b) {
      const next = [0]
      for (let i = 1; i <= a.length; i++) next[i] = Math.min(row[i]! + 1, next[i - 1]! + 1, row[i - 1]! + (a[i - 1] === c ? 0 : 1))
      row = next
      least = Math.min(least, row[a.length]!)
    }
    return least
  }
  const random = new Random(7)
  for (let n = 0; n < tries(3000); n++) {
    const word = (most: number): string => random.times(1 + random.below(most), () => random.pick([...'ㄱㄴㅏㅓ'])).join('')
    const [a, b] = [word(31), word(40)]
    assert.equal(editDistance(patternOf(a), a.length, b), naive(a, b), `${a} in ${b}`)
  }
})

test('what is abbreviated is what a naive reading of the rule finds', () => {
  // Each consonant before another consonant, at the start of a syllable, may stand for the syllable.
  const naive = (query: string, syllables: readonly string[]): boolean => {
    const from = (q: string, rest: readonly string[]): boolean => {
      if (q === '') return true
      const [syllable, ...others] = rest
      if (syllable === undefined) return false
      if (syllable.startsWith(q)) return true
      if (q.startsWith(syllable) && from(q.slice(syllable.length), others)) return true
      return q[0] === syllable[0] && !/^[ㅏ-ㅣ]/.test(q.slice(1)) && from(q.slice(1), others)
    }
    return syllables.some((_, i) => from(query, syllables.slice(i)))
  }
  const random = new Random(8)
  for (let n = 0; n < tries(3000); n++) {
    const text = random.times(1 + random.below(5), () => random.pick([...'가각나낙악아'])).join('')
    const query = random.times(1 + random.below(5), () => random.pick([...'ㄱㄴㅏㅇ'])).join('')
    if (/^[ㅏ-ㅣ]/.test(query)) continue
    assert.equal(matchLetters(wantedOf(query), spell(text)) !== undefined, naive(query, Array.from(text, lettersOf)), `${query} in ${text}`)
  }
})

test('composition, case and width mean nothing', () => {
  const random = new Random(9)
  for (let n = 0; n < tries(2000); n++) {
    const text = random.times(1 + random.below(4), () => random.syllable()).join('')
    assert.equal(lettersOf(text.normalize('NFD')), lettersOf(text))
    const { letters, starts, source } = spell(text)
    assert.equal(starts.length, letters.length + 1)
    assert.deepEqual([...letters].filter((_, i) => starts[i]).length, text.length)
    assert.equal(source[letters.length], text.length)
  }
  assert.equal(lettersOf('ＡＢｃ　É ﾡ'), 'abceㄱ')
  assert.equal(lettersOf('ㄳ 값'), 'ㄱㅅㄱㅏㅂㅅ')
  assert.equal(hangulOfKeys('Rk'), 'ㄲㅏ')
  assert.equal(hangulOfKeys('abc1'), 'ㅁㅠㅊ1')
})

test('nasty texts are indexed, searched and highlighted', () => {
  const nasty = ['', ' ', '🧪👩‍🔬 실험', 'שלום עולם', 'العربية', '\u202e뒤집힌', 'x'.repeat(300), '긴'.repeat(300), '가'.normalize('NFD').repeat(100), '\ud800', 'ﷺ', '<b>&amp;', '%_*.[', 'ㅏㅏㅏ', '１２３', '\u0000']
  const lectures = nasty.map((title, i) => lecture({ identifier: `N-${i}`, title, professor: title, times: [meeting(0, 0, 60, title)] }))
  const searched = buildIndex(lectures)
  nasty.forEach((title, i) => {
    const query = title.slice(0, 100)
    const { hits } = search(searched, { query })
    if (lettersOf(query) !== '') assert.ok(hits.includes(i), JSON.stringify(title))
    else assert.equal(hits.length, nasty.length)
    for (const [begin, end] of highlight(title, query)) assert.ok(begin < end && end <= title.normalize('NFC').length)
  })
  search(searched, { query: 'ㄱ'.repeat(10_000) })
  search(searched, { query: 'ㄱ '.repeat(10_000) })
  search(buildIndex([lecture({ title: '각'.repeat(300) })]), { query: 'ㄱ'.repeat(300) })
})

test('the parts that match are emphasized', () => {
  const parts = (text: string, query: string): string[] => highlight(text, query).map(([begin, end]) => text.normalize('NFC').slice(begin, end))
  assert.deepEqual(parts('데이터 과학', '데이터과'), ['데이터 과'])
  assert.deepEqual(parts('데이터베이스', '데잍'), ['데이터'])
  assert.deepEqual(parts('데이터베이스', 'ㅂㅇㅅ'), ['베이스'])
  assert.deepEqual(parts('데이터 과학', '과학 데이터'), ['데이터', '과학'])
  assert.deepEqual(parts('데이터', '없음'), [])
  assert.deepEqual(parts('🧪 실험', '실'), ['실'])
  assert.deepEqual(parts('데이터', ''), [])
})

test('filters hold together, and lectures without times are not in a dragged area', () => {
  const random = new Random(10)
  const lectures = syntheticList(300)
  for (let n = 0; n < tries(15); n++) {
    const within = random.times(1 + random.below(3), () => random.slot(30, 5))
    const notDuring = random.times(1 + random.below(3), () => random.slot(30, 5))
    const [area, taken] = [minutesOf(within), minutesOf(notDuring)]
    const filter = { within: [...within, meeting(0, 480, 1200), meeting(1, 480, 1200)], notDuring, tags: n % 2 ? ['영강'] : [], categories: [['정보대학', '이과대학'], [], ['수학과', '컴퓨터학과']] }
    for (const m of minutesOf(filter.within)) area.add(m)
    const expected = (l: LectureFields): boolean => {
      const minutes = [...minutesOf(l.times)]
      return minutes.length > 0 && minutes.every((m) => area.has(m) && !taken.has(m)) && (n % 2 === 0 || l.metas.length > 0) &&
        l.category.some((c) => ['정보대학', '이과대학'].includes(c)) && l.category.some((c) => ['수학과', '컴퓨터학과'].includes(c))
    }
    const accepts = compileFilter(filter)
    assert.deepEqual(lectures.filter(accepts), lectures.filter(expected))
  }
  const untimed = lecture()
  assert.equal(compileFilter({ weekdays: [0] })(untimed), false)
  assert.equal(compileFilter({ notDuring: [meeting(0, 0, 1440)] })(untimed), true)
  assert.equal(compileFilter()(untimed), true)
})

test('facets count lectures', () => {
  const facets = facetsOf([
    lecture({ category: ['정보대학', '컴퓨터학과', '2학년', '전공필수', '정보대학'], metas: [{ type: 'tag', name: '영강' }] }),
    lecture({ category: ['정보대학', '', '1학년'], credit: 1 }),
  ])
  assert.deepEqual(facets.categories.college, [{ value: '정보대학', lectures: 2 }])
  assert.deepEqual(facets.categories.year.map((f) => f.value), ['1학년', '2학년'])
  assert.deepEqual(facets.categories.department, [{ value: '컴퓨터학과', lectures: 1 }])
  assert.deepEqual(facets.categories.other, [{ value: '전공필수', lectures: 1 }])
  assert.deepEqual(facets.credits.map((f) => f.value), [1, 3])
  assert.deepEqual(facets.tags, [{ value: '영강', lectures: 1 }])
})
