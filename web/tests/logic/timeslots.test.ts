import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clashesBetween, clashesWith, commonTimes, isOwnBlock, WeekMap } from '../../src/logic/clash.ts'
import { commonFreeTime, freeTimeOfEach } from '../../src/logic/freetime.ts'
import { draggedArea, formatMinutes, intersectSlots, mergeSlots, overlap, parseMinutes, slotMinutes, subtractSlots, type TimeSlot } from '../../src/logic/timeslots.ts'
import { lecture, meeting, minutesOf, Random, tries } from './support.ts'

const same = (slots: readonly TimeSlot[], minutes: ReadonlySet<number>): void => {
  assert.deepEqual([...minutesOf(slots)].sort((a, b) => a - b), [...minutes].sort((a, b) => a - b))
}

test('touching slots do not overlap, and neither do slots of two days', () => {
  assert.equal(overlap(meeting(0, 540, 615), meeting(0, 615, 690)), undefined)
  assert.equal(overlap(meeting(0, 1380, 1440), meeting(1, 0, 60)), undefined)
  assert.deepEqual(overlap(meeting(0, 540, 616), meeting(0, 615, 690)), { weekday: 0, timeBegin: 615, timeEnd: 616 })
  assert.deepEqual(mergeSlots([meeting(0, 1380, 1440), meeting(1, 0, 60)]).length, 2)
})

test('slots that take no time clash with nothing', () => {
  const whole = meeting(0, 0, 1440)
  for (const odd of [meeting(0, 600, 600), meeting(0, 700, 600), meeting(7, 600, 700), meeting(-1, 600, 700), meeting(0, 600, 1500), meeting(0, NaN, NaN)]) {
    assert.equal(overlap(odd, whole), undefined)
    assert.deepEqual(mergeSlots([odd]), [])
    assert.equal(new WeekMap([odd]).isFree([whole]), true)
    assert.equal(new WeekMap([whole]).isFree([odd]), true)
    assert.equal(new WeekMap([whole]).covers([odd]), false)
  }
})

test('sets of slots are sets of minutes', () => {
  const random = new Random(1)
  for (let n = 0; n < tries(300); n++) {
    const a = random.times(random.below(8), () => random.slot(7, 3))
    const b = random.times(random.below(8), () => random.slot(7, 3))
    const [x, y] = [minutesOf(a), minutesOf(b)]
    const common = new Set([...x].filter((m) => y.has(m)))
    same(mergeSlots(a), x)
    same(intersectSlots(a, b), common)
    same(subtractSlots(a, b), new Set([...x].filter((m) => !y.has(m))))
    assert.equal(slotMinutes(a), x.size)
    same(commonTimes({ times: a }, { times: b }), common)
    const week = new WeekMap(a)
    assert.equal(week.isFree(b), common.size === 0)
    assert.equal(week.covers(b), b.length > 0 && common.size === y.size)
    for (const slot of b) assert.equal(week.minutesOf(slot), [...minutesOf([slot])].filter((m) => x.has(m)).length)
    const merged = mergeSlots(a)
    merged.slice(1).forEach((slot, i) => assert.ok(slot.weekday > merged[i]!.weekday || slot.timeBegin > merged[i]!.timeEnd))
  }
})

test('clashes of a plan are the pairs that share a minute', () => {
  const random = new Random(2)
  for (let n = 0; n < tries(100); n++) {
    const plan = random.times(random.below(9), (i) => lecture({ identifier: i % 3 ? `A-${i}` : '', times: random.times(random.below(4), () => ({ ...random.slot(5, 4), room: '' })) }))
    const pairs = plan.flatMap((a, i) => plan.slice(i + 1).filter((b) => [...minutesOf(a.times)].some((m) => minutesOf(b.times).has(m))).map((b) => [a, b]))
    const clashes = clashesBetween(plan)
    assert.deepEqual(clashes.map(({ a, b }) => [a, b]), pairs)
    for (const { a, b, at } of clashes) same(at, new Set([...minutesOf(a.times)].filter((m) => minutesOf(b.times).has(m))))
    for (const one of plan) assert.equal(clashesWith(one, plan).length, clashes.filter(({ a, b }) => a === one || b === one).length)
  }
  assert.equal(isOwnBlock(lecture({ identifier: '' })), true)
  assert.equal(isOwnBlock(lecture()), false)
})

test('a drag in any direction selects whole steps', () => {
  const area = [0, 1, 2].map((weekday) => ({ weekday, timeBegin: 600, timeEnd: 720 }))
  assert.deepEqual(draggedArea({ weekday: 2, minutes: 700 }, { weekday: 0, minutes: 601 }), area)
  assert.deepEqual(draggedArea({ weekday: 0, minutes: 720 }, { weekday: 2, minutes: 600 }), area)
  assert.deepEqual(draggedArea({ weekday: 1, minutes: 605 }, { weekday: 1, minutes: 605 }), [{ weekday: 1, timeBegin: 600, timeEnd: 630 }])
  assert.deepEqual(draggedArea({ weekday: 6, minutes: 1440 }, { weekday: 9, minutes: 2000 }), [{ weekday: 6, timeBegin: 1410, timeEnd: 1440 }])
  assert.deepEqual(draggedArea({ weekday: -2, minutes: -50 }, { weekday: 0, minutes: 10 }), [{ weekday: 0, timeBegin: 0, timeEnd: 30 }])
})

test('times of day are written and read', () => {
  for (let minutes = 0; minutes <= 1440; minutes++) assert.equal(parseMinutes(formatMinutes(minutes)), minutes)
  assert.equal(parseMinutes(' 9:05 '), 545)
  for (const text of ['', '9', '9:5', '24:01', '9:60', '25:00', '-1:00', 'x', '9:05 pm']) assert.equal(parseMinutes(text), undefined, text)
})

test('common free time is what nobody takes', () => {
  const random = new Random(3)
  for (let n = 0; n < tries(12); n++) {
    const timetables = random.times(random.below(6), () => random.times(random.below(6), () => random.slot(10)))
    const window = { weekdays: [0, 2, 3], timeBegin: 480, timeEnd: 1200, atLeast: 10 * random.below(12) }
    const free = minutesOf(window.weekdays.map((weekday) => ({ ...window, weekday })))
    for (const m of minutesOf(timetables.flat())) free.delete(m)
    const found = commonFreeTime(timetables, window)
    const everything = commonFreeTime(timetables, { ...window, atLeast: 0 })
    same(everything, free)
    assert.deepEqual(found, everything.filter((slot) => slot.timeEnd - slot.timeBegin >= window.atLeast))
    const pieces = freeTimeOfEach(timetables, window)
    assert.equal(slotMinutes(pieces), 3 * 720)
    for (const piece of pieces) {
      const who = timetables.flatMap((slots, i) => ([...minutesOf([piece])].some((m) => minutesOf(slots).has(m)) ? [] : [i]))
      assert.deepEqual(piece.free, who)
    }
  }
  assert.throws(() => commonFreeTime([[], [], [], [], [], []]), RangeError)
  assert.equal(slotMinutes(commonFreeTime([])), 5 * 720)
})
