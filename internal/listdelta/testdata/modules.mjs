// Tests the compiled web/src/pushtopics.ts and web/src/lecturechanges.ts: the folder of the compiled modules is named
// first, the vectors of topics second.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const load = (name) => import(pathToFileURL(join(process.argv[2], name)))
const { announcementsTopic, lectureTopic, schoolTopic } = await load('pushtopics.mjs')
const { compareWithChanges, compareWithList, same, takeOver } = await load('lecturechanges.mjs')

for (const v of JSON.parse(readFileSync(process.argv[3], 'utf8'))) {
  const got =
    v.kind === 'lecture'
      ? await lectureTopic(v.school, v.semester, v.lecture, v.language)
      : v.kind === 'school'
        ? await schoolTopic(v.school, v.language)
        : announcementsTopic(v.language)
  assert.equal(got, v.topic)
}

const times = (room, weekday = 0) => [{ weekday, timeBegin: 540, timeEnd: 615, room }]
const lecture = { id: '1', identifier: 'A', title: '자료구조', professor: '김가람', credit: 3, times: times('301-118'), category: [], metas: [] }
const change = (at, ...lectures) => ({ at, from: 'gs://x/1.json', complete: true, lectures })
const changed = (before, after, identifier = 'A') => ({ kind: 'changed', identifier, title: '자료구조', before, after })
const moved = (from, to) => ({ kind: 'moved', identifier: to, title: '자료구조', before: { identifier: from }, after: { identifier: to } })
const room = (from, to, identifier) => changed({ times: times(from) }, { times: times(to) }, identifier)
const only = (own, changes, seen = 0) => {
  const { proposals } = compareWithChanges([own], changes, seen)
  assert.ok(proposals.length <= 1)
  return proposals[0]
}
const names = (list) => list.map((f) => f.field)

// A change is proposed, all changes together as one, in any order, and not again once it was seen or taken over.
const toward = [change(1, room('301-118', '302-105')), change(2, changed({ professor: '김가람' }, { professor: '이나래' }))]
for (const changes of [toward, [...toward].reverse()]) {
  const p = only(lecture, changes)
  assert.deepEqual(takeOver(p), { times: times('302-105'), professor: '이나래' })
  assert.deepEqual(p.edited, [])
}
assert.deepEqual(names(only(lecture, toward, 1).fields), ['professor'])
assert.equal(only(lecture, toward, 2), undefined)
assert.equal(compareWithChanges([lecture], toward, 0).seen, 2)
assert.equal(compareWithChanges([lecture], [], 7).seen, 7)
assert.equal(only({ ...lecture, times: times('302-105'), professor: '이나래' }, toward), undefined)
assert.equal(only({ ...lecture, identifier: 'B' }, toward), undefined)

// What is undone is nothing. Who took over what was undone since is offered the way back.
const back = [change(1, room('301-118', '302-105')), change(2, room('302-105', '301-118'))]
assert.equal(only(lecture, back), undefined)
assert.deepEqual(takeOver(only({ ...lecture, times: times('302-105') }, back)), { times: times('301-118') })

// Fields that the student edited are shown, and never written, also if the school undid its change.
const mine = { ...lecture, times: times('my room'), professor: '교수님' }
const p = only(mine, toward)
assert.deepEqual(takeOver(p), {})
assert.deepEqual(names(p.edited).sort(), ['professor', 'times'])
assert.equal(only(mine, back), undefined)
assert.deepEqual(names(only({ ...lecture, professor: '교수님' }, toward).fields), ['times'])

// Lectures that are removed, return, and move; two exchange their codes.
const removed = { kind: 'removed', identifier: 'A', title: '자료구조', before: { ...lecture }, after: {} }
const added = { kind: 'added', identifier: 'A', title: '자료구조', before: {}, after: { ...lecture, times: times('302-105') } }
assert.equal(only(lecture, [change(1, removed)]).kind, 'removed')
assert.deepEqual(takeOver(only(lecture, [change(1, removed), change(2, added)])), { times: times('302-105') })
assert.deepEqual(takeOver(only(lecture, [change(1, moved('A', 'B')), change(2, room('301-118', '302-105', 'B'))])), {
  identifier: 'B',
  times: times('302-105'),
})
assert.equal(only(lecture, [change(1, moved('A', 'B')), change(2, moved('B', 'A'))]), undefined)
const exchanged = [change(1, moved('A', 'B'), moved('B', 'A')), change(2, room('101', '102', 'B'))]
const two = compareWithChanges([{ ...lecture, times: times('101') }, { ...lecture, id: '2', identifier: 'B' }], exchanged, 0).proposals
assert.deepEqual(two.map((q) => takeOver(q).identifier), ['B', 'A'])
assert.deepEqual(takeOver(two[0]).times, times('102'))

// The first list says nothing.
assert.equal(only(lecture, [{ ...change(1, removed), from: undefined }]), undefined)

// Where changes are not known, nothing is said to be edited: untouched lectures have what the list had, of others it is unsure.
const untouched = { ...mine, untouched: true }
const truncated = (own, changes) => compareWithChanges([own], changes, 0, true)
assert.equal(truncated(lecture, toward).incomplete, true)
for (const changes of [toward, [...toward, { ...change(3), complete: false }]]) {
  const [known] = truncated(untouched, changes).proposals
  assert.deepEqual([names(known.fields).sort(), known.edited, known.unsure], [['professor', 'times'], [], []])
  const [unknown] = truncated(mine, changes).proposals
  assert.deepEqual([unknown.fields, unknown.edited, names(unknown.unsure).sort()], [[], [], ['professor', 'times']])
  assert.deepEqual(takeOver(unknown), { times: times('302-105'), professor: '이나래' })
}
assert.deepEqual(takeOver(truncated(lecture, toward).proposals[0]), { times: times('302-105'), professor: '이나래' })
assert.deepEqual(takeOver(truncated(untouched, back).proposals[0]), { times: times('301-118') }) // an older change
assert.equal(compareWithChanges([lecture], [{ ...change(1), complete: false }], 0).incomplete, true)

// Then the list says what differs, and the changes that are known which values it had.
const list = [{ ...lecture, professor: '이나래' }]
const compared = compareWithList([lecture, { ...lecture, id: '2', identifier: 'C' }, { ...lecture, id: '3', identifier: '' }, { ...lecture, id: '4', untouched: true }], list)
assert.deepEqual(compared.map((q) => [q.kind, names(q.fields), names(q.edited), names(q.unsure)]), [
  ['update', [], [], ['professor']], ['removed', [], [], []], ['update', ['professor'], [], []],
])
assert.deepEqual(names(compareWithList([lecture], list, toward)[0].fields), ['professor'])
const [followed] = compareWithList([lecture], [{ ...lecture, identifier: 'B', title: '알고리즘' }], [change(1, moved('A', 'B'))])
assert.deepEqual([takeOver(followed).identifier, names(followed.unsure)], ['B', ['title']])

// Wording is no change.
for (const [field, a, b, want] of [
  ['title', '자료구조 (영강)', '자료구조  （영강） ', true],
  ['title', '\uac00', '\u1100\u1161', true],
  ['title', '미적분 II', '미적분 Ⅱ', false],
  ['times', [...times('a'), ...times('b', 2)], [...times('b', 2), ...times('a')], true],
  ['metas', [{ type: 'tag', name: 'a' }], [{ name: 'a', type: 'tag' }], true],
  ['category', ['a', 'b'], ['b', 'a'], false],
  ['identifier', 'A 1', 'A  1', false],
  ['credit', 3, 3.0, true],
]) {
  assert.equal(same(field, a, b), want, `${field} ${JSON.stringify(a)} ${JSON.stringify(b)}`)
}
