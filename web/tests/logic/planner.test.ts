import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LectureFields } from '../../src/lecturechanges.ts'
import { clashesBetween, clashesWith } from '../../src/logic/clash.ts'
import { makePlans, PlanSearch, type PlannerOptions, type Wish } from '../../src/logic/planner.ts'
import type { Rule } from '../../src/logic/plannerreason.ts'
import { lecture, meeting, Random, tries } from './support.ts'

const sections = (name: string, must: boolean, ...times: LectureFields['times'][]): Wish => ({
  name, must, alternatives: times.map((t, i) => lecture({ identifier: `${name}-${i}`, title: name, times: t })),
})

type Choice = readonly (LectureFields | undefined)[]

/** All plans, by the definition. */
function bruteForce({ wishes, busy = [], credits, creditsKept = 0, require = {} }: PlannerOptions): Choice[] {
  let plans: Choice[] = [[]]
  for (const wish of wishes) plans = plans.flatMap((plan) => [...wish.alternatives, ...(wish.must ? [] : [undefined])].map((l) => [...plan, l]))
  const { freeDays = [], notBefore = 0, notAfter = 1440 } = require
  return plans.filter((plan) => {
    const chosen = plan.filter((l) => l !== undefined)
    const sum = chosen.reduce((total, l) => total + l.credit, creditsKept)
    return clashesBetween(chosen).length === 0 && new Set(chosen.map((l) => l.identifier)).size === chosen.length &&
      chosen.every((l) => clashesWith(l, [{ times: busy }]).length === 0 &&
        l.times.every((t) => !freeDays.includes(t.weekday) && t.timeBegin >= notBefore && t.timeEnd <= notAfter)) &&
      sum >= (credits?.min ?? 0) && sum <= (credits?.max ?? Infinity)
  })
}

/** The penalty that plannercost.ts describes, computed minute by minute. */
function penaltyOf(plan: Choice, { busy = [], prefer = {} }: PlannerOptions): number {
  const chosen = plan.filter((l) => l !== undefined)
  let penalty = 300 * (plan.length - chosen.length)
  for (let day = 0; day < 7; day++) {
    const slots = [...chosen.flatMap((l) => l.times), ...busy].filter((t) => t.weekday === day).sort((a, b) => a.timeBegin - b.timeBegin)
    if (slots.length > 0) penalty += 30 + (prefer.freeDays?.includes(day) ? 180 : 0)
    let end = slots[0]?.timeEnd ?? 0
    for (const slot of slots) {
      penalty += Math.max(0, slot.timeBegin - end - 20) * (prefer.noGaps ? 1 : 0.1)
      end = Math.max(end, slot.timeEnd)
    }
    for (const t of chosen.flatMap((l) => l.times).filter((x) => x.weekday === day)) {
      for (let m = t.timeBegin; m < t.timeEnd; m++) penalty += (m < (prefer.notBefore ?? 0) ? 2 : 0) + (m >= (prefer.notAfter ?? 1440) ? 2 : 0)
    }
  }
  return penalty
}

function randomOptions(random: Random): PlannerOptions {
  const shared = lecture({ identifier: 'S-1', times: [{ ...random.slot(30, 5), room: '' }] })
  const wishes = random.times(1 + random.below(5), (w): Wish => ({
    name: `W${w}`, must: random.below(3) > 0,
    alternatives: [
      ...random.times(random.below(5), (i) => lecture({ identifier: `W${w}-${i}`, credit: random.pick([1, 2, 3, 0.5]), times: random.times(random.below(3), () => ({ ...random.slot(30, 5), room: '' })) })),
      ...(random.below(5) === 0 ? [shared] : []),
    ],
  }))
  return {
    wishes,
    ...(random.below(2) && { busy: [random.slot(30, 5)] }),
    ...(random.below(2) && { credits: { min: random.below(6), max: 4 + random.below(9) }, creditsKept: random.below(3) }),
    ...(random.below(2) && { require: { freeDays: [random.below(5)], notBefore: random.pick([0, 540]), notAfter: random.pick([1440, 1200]) } }),
    ...(random.below(2) && { prefer: { freeDays: [random.below(5)], notBefore: 600, notAfter: 1080, noGaps: random.below(2) > 0 } }),
  }
}

test('the best plans are those of all plans, tried one by one', () => {
  const random = new Random(11)
  let some = 0
  for (let n = 0; n < tries(300); n++) {
    const options = randomOptions(random)
    const all = bruteForce(options)
    const { plans, found, counted, complete } = makePlans({ ...options, count: 5 })
    assert.ok(counted && complete)
    assert.equal(found > 0, all.length > 0)
    some += found
    // Plans that differ only in who teaches are one.
    const best = new Map<string, number>()
    for (const plan of all) best.set(JSON.stringify(plan.map((l) => l && [l.times.map((t) => [t.weekday, t.timeBegin, t.timeEnd]), l.credit])), penaltyOf(plan, options))
    const penalties = plans.map((plan) => plan.penalty)
    for (const plan of plans) {
      assert.ok(Math.abs(plan.penalty - penaltyOf(plan.lectures, options)) < 1e-6)
      assert.ok(all.some((other) => other.every((l, i) => l === plan.lectures[i])), 'a plan that is none')
      plan.sameTime.forEach((others, i) => {
        for (const other of others) assert.ok(all.some((choice) => choice.every((l, j) => l === (j === i ? other : plan.lectures[j]))))
      })
    }
    const least = [...best.values()].sort((a, b) => a - b)
    penalties.forEach((penalty, i) => assert.ok(penalty - (least[i] ?? Infinity) < 1e-6 && penalty >= (penalties[i - 1] ?? 0) - 1e-6, `${penalties} of ${least.slice(0, 5)}`))
  }
  assert.ok(some > 1000)
})

test('sections at the same time are one plan', () => {
  const { plans, found } = makePlans({ wishes: [sections('A', true, [meeting(0, 540, 600)], [meeting(0, 540, 600, 'elsewhere')], [meeting(1, 540, 600)])] })
  assert.equal(found, 2)
  assert.deepEqual(plans.map((plan) => [plan.lectures[0]!.identifier, plan.sameTime[0]!.map((l) => l.identifier)]), [['A-0', ['A-1']], ['A-2', []]])
})

test('measures are of the whole plan', () => {
  const { plans } = makePlans({ wishes: [sections('A', true, [meeting(0, 540, 600)])], busy: [meeting(0, 720, 780)], creditsKept: 2 })
  assert.deepEqual(plans[0]!.measures, { credits: 5, freeDays: [1, 2, 3, 4, 5, 6], gapMinutes: 100, earliest: 540, latest: 780 })
  assert.deepEqual(makePlans({ wishes: [] }).plans[0]!.measures, { credits: 0, freeDays: [0, 1, 2, 3, 4, 5, 6], gapMinutes: 0, earliest: undefined, latest: undefined })
})

test('a reason names what the student can change, and no more', () => {
  const a = sections('A', true, [meeting(0, 540, 600)], [meeting(0, 560, 620)])
  const b = sections('B', true, [meeting(0, 570, 630)])
  const c = sections('C', true, [meeting(1, 570, 630)])
  const reasons = (options: PlannerOptions): [readonly number[], readonly Rule[]][] => makePlans(options).reasons.map((r) => [r.wishes, r.rules])
  const [pair] = makePlans({ wishes: [c, a, b] }).reasons
  assert.deepEqual([pair!.wishes, pair!.rules, pair!.example!.at], [[1, 2], [], [{ weekday: 0, timeBegin: 570, timeEnd: 600 }]])
  assert.deepEqual(reasons({ wishes: [c, a] }), [])
  assert.deepEqual(reasons({ wishes: [c, { name: 'D', must: true, alternatives: [] }] }), [[[1], []]])
  assert.deepEqual(reasons({ wishes: [a, c], busy: [meeting(0, 590, 595), meeting(3, 0, 60)] }), [[[0], ['busy']]])
  assert.deepEqual(reasons({ wishes: [a, c], require: { freeDays: [1, 2], notBefore: 300 } }), [[[1], ['freeDays']]])
  assert.deepEqual(reasons({ wishes: [a, c], require: { notBefore: 570 } }), [[[0], ['notBefore']]])
  assert.deepEqual(reasons({ wishes: [a, c], credits: { min: 9, max: 12 } }), [[[], ['credits']]])
  assert.deepEqual(reasons({ wishes: [a, c], credits: { min: 0, max: 5 } }), [[[0, 1], ['credits']]])
  // Three that fit in pairs only.
  const two = (name: string): Wish => sections(name, true, [meeting(0, 540, 600)], [meeting(0, 600, 660)])
  assert.deepEqual(reasons({ wishes: [two('X'), c, two('Y'), two('Z')] }), [[[0, 2, 3], []]])
  // What is only wished never stands in the way.
  assert.deepEqual(reasons({ wishes: [a, { ...b, must: false }] }), [])
  assert.equal(makePlans({ wishes: [a, { ...b, must: false }] }).plans.length, 2)
})

test('reasons are right and as small as can be, whatever the options', () => {
  const random = new Random(12)
  let none = 0
  for (let n = 0; n < tries(300); n++) {
    const options = randomOptions(random)
    const { found, reasons } = makePlans(options)
    assert.equal(reasons.length > 0, found === 0)
    if (found === 0) none++
    for (const { wishes, rules } of reasons) {
      const left = (w: readonly number[], r: readonly Rule[]): number => bruteForce({
        wishes: options.wishes.filter((wish, i) => (wish.must ? w.includes(i) : r.includes('credits'))),
        ...(options.creditsKept !== undefined && { creditsKept: options.creditsKept }),
        ...(options.busy && r.includes('busy') && { busy: options.busy }),
        ...(options.credits && r.includes('credits') && { credits: options.credits }),
        require: Object.fromEntries(Object.entries(options.require ?? {}).filter(([rule]) => r.includes(rule as Rule))),
      }).length
      assert.equal(left(wishes, rules), 0)
      for (const wish of wishes) assert.ok(left(wishes.filter((w) => w !== wish), rules) > 0)
      for (const rule of rules) assert.ok(left(wishes, rules.filter((r) => r !== rule)) > 0)
    }
  }
  assert.ok(none > 20)
})

test('a million combinations are all counted, and the search can pause', () => {
  const wishes = Array.from({ length: 10 }, (_, w) => sections(`W${w}`, true, ...[0, 1, 2, 3].map((i) => [meeting((w + i) % 5, 480 + 60 * w, 530 + 60 * w)])))
  const search = new PlanSearch({ wishes })
  assert.equal(search.combinations, 4 ** 10)
  let pauses = 0
  while (!search.run(10_000)) pauses++
  assert.ok(pauses > 50)
  const result = search.result()
  assert.equal(result.found, 4 ** 10)
  assert.equal(result.plans.length, 12)
  const begun = process.cpuUsage()
  assert.deepEqual(makePlans({ wishes }), result)
  console.log(`a million combinations: ${Math.round(process.cpuUsage(begun).user / 1000)} ms of processor time`)
})

test('with more combinations than are counted, the best are still the best', () => {
  const random = new Random(13)
  const wishes = random.times(7, (w): Wish => ({
    name: `W${w}`, must: true,
    alternatives: random.times(9, (i) => lecture({ identifier: `W${w}-${i}`, times: [{ ...random.slot(90, 5), room: '' }] })),
  }))
  const options = { wishes, prefer: { notBefore: 720, noGaps: true } }
  const result = makePlans(options)
  assert.equal(result.counted, false)
  // One alternative of the first wish at a time, there are few enough to count.
  const parts = wishes[0]!.alternatives.map((only) => makePlans({ ...options, wishes: [{ ...wishes[0]!, alternatives: [only] }, ...wishes.slice(1)] }))
  assert.ok(parts.every((part) => part.counted))
  const penalties = parts.flatMap((part) => part.plans.map((plan) => plan.penalty)).sort((a, b) => a - b)
  assert.deepEqual(result.plans.map((plan) => plan.penalty), penalties.slice(0, 12))
})
