// The plans of the semester on the screen, and what a student does with them. Everything can be undone.

import { computed, effect, signal } from '@preact/signals'
import { t } from '../i18n/index.ts'
import { isOwnBlock } from '../logic/clash.ts'
import { lectureFields } from '../logic/coursefile.ts'
import { totalCredits } from '../logic/credits.ts'
import { longest } from '../schema.ts'
import { chosen } from './choice.ts'
import { deviceStore, heldBack } from './deviceplans.ts'
import { dismissNotice, notify } from './notice.ts'
import { remembered } from './remembered.ts'
import { signedIn, user } from './session.ts'
import { newId, type LectureFields, type OwnLecture, type Plan, type PlanStore } from './types.ts'

/** Where the plans are: on the device until a student has signed in. */
export const store = signal<PlanStore>(deviceStore)

/** The plans of the chosen semester, newest first. */
export const plans = computed(() => store.value.plans.value.filter((plan) => plan.semester === chosen.value?.semester.path))

/** The plan that was shown last, by semester. */
const lastShown = remembered<Record<string, string>>('shown', {})

export const shownPlan = computed<Plan | undefined>(() => {
  const last = lastShown.value[chosen.value?.semester.path ?? '']
  return plans.value.find((plan) => plan.id === last) ?? plans.value[0]
})

/** Lectures of the plan on the screen. */
export const lectures = computed<readonly OwnLecture[]>(() => (shownPlan.value ? store.value.lectures.value ?? [] : []))

/**
 * Whether the lectures on the screen are all there are. While they are not known, an empty timetable must not look like one: at first
 * nobody knows whether somebody is signed in, and then what the account has.
 */
export const known = computed(() => {
  if (store.value.kind === 'device' && (user.value === undefined || (signedIn.value && heldBack.value === undefined))) return lectures.value.length > 0
  return shownPlan.value ? store.value.lectures.value !== undefined : store.value.known.value
})

export const credits = computed(() => totalCredits(lectures.value))

/** Identifiers of the lectures on the screen. */
export const planned = computed(() => new Set(lectures.value.filter((l) => !isOwnBlock(l)).map((l) => l.identifier)))

effect(() => store.value.show(shownPlan.value?.id))
effect(() => { store.value.look(chosen.value?.semester.path).catch((error: unknown) => console.error(error)) })

export function showPlan(id: string): void {
  const semester = chosen.value?.semester.path
  if (semester) lastShown.value = { ...lastShown.value, [semester]: id }
}

// Undo. --------------------------------------------------------------------------------------------------------

interface Step {
  readonly undo: () => void
  readonly redo: () => void
  /** The plan that it changes, which is then shown. A plan that comes or goes shows itself. */
  readonly plan?: string
}

const done = signal<readonly Step[]>([])
const undone = signal<readonly Step[]>([])

export const canUndo = computed(() => done.value.length > 0)
export const canRedo = computed(() => undone.value.length > 0)

/** Does a step, remembers it, and says so. */
export function perform(text: string, step: Step): void {
  step.redo()
  done.value = [...done.value, step].slice(-100)
  undone.value = []
  notify({ text, kind: 'done', undo })
}

export function undo(): void {
  const step = done.value.at(-1)
  if (!step) return
  done.value = done.value.slice(0, -1)
  undone.value = [...undone.value, step]
  if (step.plan) showPlan(step.plan)
  step.undo()
  dismissNotice()
}

export function redo(): void {
  const step = undone.value.at(-1)
  if (!step) return
  undone.value = undone.value.slice(0, -1)
  done.value = [...done.value, step]
  if (step.plan) showPlan(step.plan)
  step.redo()
}

/** Forgets what could be undone: it belongs to another account. */
export function forgetSteps(): void {
  done.value = undone.value = []
}

// Or to another semester, whose plans are not on the screen.
const semester = computed(() => chosen.value?.semester.path)
effect(() => {
  void semester.value
  forgetSteps()
})

/** Forgets the steps in a plan that is gone, or comes back with other ids. */
function forgetStepsIn(plan: string): void {
  const others = (steps: readonly Step[]): readonly Step[] => steps.filter((step) => step.plan !== plan)
  done.value = others(done.value)
  undone.value = others(undone.value)
}

// Lectures. ----------------------------------------------------------------------------------------------------

/** The ids of lectures that were added again: a deleted document's id may still be in a write that waits. */
const nextIds = new Map<string, string>()

function newestId(id: string): string {
  const next = nextIds.get(id)
  return next === undefined ? id : newestId(next)
}

/** Adds a lecture, for the first time or again. */
function put(plan: string, lecture: OwnLecture): void {
  const id = newId(20)
  nextIds.set(newestId(lecture.id), id)
  store.value.addLecture(plan, { ...lecture, id })
}

/** Adds a lecture to the plan on the screen, and makes a plan first if there is none. */
export function addLecture(fields: LectureFields): void {
  const plan = shownPlan.value?.id ?? makePlan()
  if (!plan) return
  const lecture: OwnLecture = { id: newId(20), ...lectureFields(fields), untouched: true }
  perform(t.value.added(fields.title), {
    plan,
    redo: () => put(plan, lecture),
    undo: () => store.value.removeLecture(plan, newestId(lecture.id)),
  })
}

export function removeLecture(lecture: OwnLecture): void {
  const plan = shownPlan.value?.id
  if (!plan) return
  perform(t.value.removed(lecture.title), {
    plan,
    redo: () => store.value.removeLecture(plan, newestId(lecture.id)),
    undo: () => put(plan, lecture),
  })
}

/** Edits the student's copy. Only fields that differ are written. */
export function updateLecture(lecture: OwnLecture, fields: Partial<LectureFields>): void {
  const plan = shownPlan.value?.id
  const keys = (Object.keys(fields) as (keyof LectureFields)[]).filter((k) => JSON.stringify(fields[k]) !== JSON.stringify(lecture[k]))
  if (!plan || keys.length === 0) return
  const pick = (from: Partial<LectureFields>): Partial<LectureFields> => Object.fromEntries(keys.map((k) => [k, from[k]]))
  perform(t.value.changed(fields.title ?? lecture.title), {
    plan,
    redo: () => store.value.updateLecture(plan, newestId(lecture.id), pick(fields)),
    undo: () => store.value.updateLecture(plan, newestId(lecture.id), pick(lecture)),
  })
}

// Plans. -------------------------------------------------------------------------------------------------------

/** The next free title: 시간표 1, 시간표 2, … */
function freeTitle(title = t.value.planTitle): string {
  const taken = new Set(plans.value.map((plan) => plan.title))
  let n = 1
  while (taken.has(title(n))) n++
  return title(n)
}

/** Makes a plan and shows it. Returns its id, undefined if no semester is chosen. */
function makePlan(title = freeTitle(), of: readonly LectureFields[] = []): string | undefined {
  const semester = chosen.value?.semester.path
  if (!semester) return undefined
  const id = newId(10)
  store.value.create({ id, title, visibility: 'private', semester }, of)
  showPlan(id)
  return id
}

/** Makes a plan, with lectures or without. */
export function createPlan(title = freeTitle(), of: readonly LectureFields[] = []): void {
  const before = shownPlan.value?.id
  let id: string | undefined
  perform(t.value.created(title), {
    redo: () => { id = makePlan(title, of) },
    undo: () => {
      if (!id) return
      store.value.remove(id)
      forgetStepsIn(id)
      if (before) showPlan(before)
    },
  })
}

export function renamePlan(plan: Plan, title: string): void {
  if (title === plan.title || title.trim() === '') return
  perform(t.value.changed(title), {
    plan: plan.id,
    redo: () => store.value.rename(plan.id, title),
    undo: () => store.value.rename(plan.id, plan.title),
  })
}

/** Lectures of a plan, to copy them. Undefined if the device does not have them, which the student is told. */
async function copyOf(plan: Plan): Promise<readonly OwnLecture[] | undefined> {
  try {
    return await store.value.lecturesOf(plan.id)
  } catch (error) {
    console.error(error)
    notify({ kind: 'failed', text: t.value.failures.network })
    return undefined
  }
}

export async function duplicatePlan(plan: Plan): Promise<void> {
  const of = await copyOf(plan)
  if (!of) return
  const { ofCopy: copy } = t.value
  const original = plan.title.replace(new RegExp(` ${copy}( \\d+)?$`), '').slice(0, longest.title / 2)
  createPlan(freeTitle((n) => `${original} ${copy}${n > 1 ? ` ${n}` : ''}`), of)
}

/** Removes a plan. Undoing makes it again, under another id: the server may still be deleting the old one's lectures. */
export async function removePlan(plan: Plan): Promise<void> {
  const of = await copyOf(plan)
  if (!of) return
  let id = plan.id
  perform(t.value.removed(plan.title), {
    redo: () => store.value.remove(id),
    undo: () => {
      forgetStepsIn(id)
      id = newId(10)
      store.value.create({ ...plan, id }, of)
      showPlan(id)
    },
  })
}
