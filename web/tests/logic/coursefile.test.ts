import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CourseFileError, courseOf, lectureFields, parseCourseFile } from '../../src/logic/coursefile.ts'
import { creditsByCategory, totalCredits } from '../../src/logic/credits.ts'
import { storedLecture } from '../../src/logic/storedlecture.ts'
import { lecture, meeting } from './support.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const listed = { ...lecture({ times: [meeting(1, 630, 705, '정보관 202')], category: ['정보대학'], metas: [{ type: 'tag', name: '영강' }] }), url: '' }
const without = (key: string): unknown => Object.fromEntries(Object.entries(listed).filter(([name]) => name !== key))
const time = (fields: object): unknown => [{ ...listed, times: [{ ...listed.times[0], ...fields }] }]

test('a list is read as it is', () => {
  const longest = { ...listed, identifier: 'B', title: '🧪'.repeat(300), professor: '', credit: 0.5, times: [meeting(6, 0, 1440)], category: [], metas: [] }
  assert.deepEqual(parseCourseFile(bytes([listed, longest])), [listed, longest])
  assert.deepEqual(parseCourseFile(bytes('[]')), [])
  assert.deepEqual(parseCourseFile(bytes([{ ...listed, later: 1 }])), [listed])
})

test('a damaged list is rejected, and the error names the fault', () => {
  const cases: [unknown, RegExp][] = [
    ['', /not JSON/], ['[', /not JSON/], ['null', /not an array/], ['{}', /not an array/], ['"[]"', /not an array/],
    ['\ufeff[]', /not JSON/], [[null], /lecture 0: the lecture is not an object/], [[[]], /lecture 0/], [[listed, 7], /lecture 1/],
    ...['identifier', 'title', 'professor', 'credit', 'times', 'category', 'metas', 'url'].map((key): [unknown, RegExp] => [[without(key)], new RegExp(key)]),
    ...['identifier', 'title', 'professor', 'credit', 'times', 'category', 'metas', 'url'].map((key): [unknown, RegExp] => [[{ ...listed, [key]: null }], new RegExp(key)]),
    [[listed, listed], /lecture 1: identifier A-01 is duplicated/], [[{ ...listed, identifier: '' }], /identifier is empty/],
    [[{ ...listed, title: 'x'.repeat(301) }], /title has more than 300/], [[{ ...listed, credit: '3' }], /credit/], [[{ ...listed, credit: -1 }], /credit/],
    [[{ ...listed, category: [1] }], /category\[0\]/], [[{ ...listed, metas: [{ type: 'link', name: '' }] }], /metas\[0\].type is "link"/],
    [time({ weekday: 7 }), /times\[0\]: weekday/], [time({ weekday: 1.5 }), /weekday is not an integer/], [time({ timeEnd: 630 }), /ends before it begins/],
    [time({ timeEnd: 1441 }), /timeEnd/], [time({ timeBegin: null }), /timeBegin/], [time({ room: undefined }), /room/],
    [[{ ...listed, times: Array(13).fill(listed.times[0]) }], /times is not a list of at most 12/],
  ]
  for (const [value, message] of cases) {
    assert.throws(() => parseCourseFile(bytes(value)), (error) => error instanceof CourseFileError && message.test(error.message), String(message))
  }
  assert.throws(() => parseCourseFile(Uint8Array.from([0x5b, 0x22, 0xff, 0x22, 0x5d])), CourseFileError)
})

test('a lecture is copied with every key of the contract and no other', () => {
  assert.deepEqual(Object.keys(lectureFields(listed)), ['identifier', 'title', 'professor', 'credit', 'times', 'category', 'metas'])
  const odd = { ...listed, times: [{ ...meeting(1, 2, 3), period: 1 }], createdAt: 1 }
  assert.deepEqual(lectureFields(odd).times, [meeting(1, 2, 3)])
})

test('the course is the identifier without its section', () => {
  for (const [identifier, course] of [['COSE372-02', 'COSE372'], ['49949-01', '49949'], ['A-1-2', 'A-1'], ['COSE', 'COSE'], ['', ''], ['-1', '-1']] as const) {
    assert.equal(courseOf(identifier), course)
  }
})

test('documents of any age are shown as far as they can be', () => {
  assert.deepEqual(storedLecture('x', {}), { id: 'x', ...lecture({ identifier: '', title: '', professor: '', credit: 0 }) })
  assert.deepEqual(storedLecture('x', { ...listed, id: 'y', createdAt: null }), { id: 'x', ...lectureFields(listed) })
  const odd = { title: 3, credit: '3', times: [null, meeting(0, 60, 60), { weekday: 0 }, { timeBegin: 0, timeEnd: 60 }, meeting(0, 60, 90)], category: ['a', 1, null], metas: [{}, { type: 'tag', name: '' }, { type: 'tag', name: 'b' }] }
  assert.deepEqual(storedLecture('x', odd), {
    id: 'x', ...lecture({ identifier: '', title: '', professor: '', credit: 0, times: [meeting(0, 60, 90)], category: ['a'], metas: [{ type: 'tag', name: 'b' }] }),
  })
})

test('credits add up, each lecture once', () => {
  const [a, b, block] = [lecture({ credit: 0.1, category: ['x', 'y', 'x'] }), lecture({ identifier: 'B', credit: 0.2, category: ['x'] }), lecture({ identifier: '', credit: 1 })]
  assert.equal(totalCredits([]), 0)
  assert.equal(totalCredits([a, b]), 0.3)
  assert.equal(totalCredits([a, a, block, block]), 2.1)
  assert.deepEqual(creditsByCategory([a, b, block]), [{ category: 'x', credits: 0.3 }, { category: 'y', credits: 0.1 }])
})
