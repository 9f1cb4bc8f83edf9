import { useEffect, useMemo, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { isOwnBlock } from '../logic/clash.ts'
import type { FoundPlan, PlannerResult, Wish } from '../logic/planner.ts'
import { PlannerClient } from '../logic/plannerclient.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { catalog, wanted } from '../model/catalog.ts'
import { createPlan, lectures } from '../model/plans.ts'
import { closeDialog } from '../model/screen.ts'
import { maxCredit } from '../schema.ts'
import { Dialog } from './dialog.tsx'
import { Choices } from './filters.tsx'
import { Icon, IconButton } from './icon.tsx'
import { toggled } from '../model/filters.ts'
import { PlanOption, Reasons } from './planneroptions.tsx'

let worker: PlannerClient | undefined
const client = (): PlannerClient =>
  (worker ??= new PlannerClient(new Worker(new URL('../logic/plannerworker.ts', import.meta.url), { type: 'module' })))

/** A course that is wanted: in every plan, or if it fits. */
interface Wanted {
  readonly title: string
  readonly must: boolean
}

/** Makes plans of courses that the student wants, with any section of each. */
export function Planner() {
  const words = t.value
  const own = lectures.value
  const [courses, setCourses] = useState<readonly Wanted[]>(() => [...new Set(own.filter((l) => !isOwnBlock(l)).map((l) => l.title))].map((title) => ({ title, must: true })))
  const [freeDays, setFreeDays] = useState<readonly number[]>([])
  const [notBefore, setNotBefore] = useState<number>()
  const [noGaps, setNoGaps] = useState(true)
  const [least, setLeast] = useState<number>()
  const [most, setMost] = useState<number>()
  const [found, setFound] = useState<{ readonly result: PlannerResult; readonly titles: readonly string[] }>()
  const [failed, setFailed] = useState(false)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    wanted.value = true
    return () => { worker?.cancel().catch(console.error) }
  }, [])
  const blocks = own.filter(isOwnBlock)
  useEffect(() => {
    setFailed(false)
    if (courses.length === 0) return setFound(undefined)
    const wishes: Wish[] = courses.map(({ title, must }) => ({ name: title, must, alternatives: catalog.value.filter((l) => l.title === title) }))
    client().plan({
      wishes, busy: blocks.flatMap((l) => l.times), require: { freeDays, ...(notBefore !== undefined && { notBefore }) }, prefer: { noGaps },
      ...((least !== undefined || most !== undefined) && { credits: { min: least ?? 0, max: most ?? Infinity } }),
    }).then((result) => { if (result) setFound({ result, titles: wishes.map(({ name }) => name) }) }, (error: unknown) => {
      console.error(error)
      worker = undefined // offline, its file could not be loaded; another one may work
      setFailed(true)
    })
  }, [attempt, courses, freeDays, notBefore, noGaps, least, most, catalog.value])
  const toggle = (course: Wanted): void => setCourses(courses.map((other) => (other === course ? { ...course, must: !course.must } : other)))
  const use = (plan: FoundPlan): void => {
    createPlan(undefined, [...plan.lectures.filter((l) => l !== undefined), ...blocks])
    closeDialog()
  }
  return (
    <Dialog title={words.planner} wide>
      <div class="form">
        <p class="hint">{words.plannerHint}</p>
        <CourseBox chosen={courses.map(({ title }) => title)} add={(title) => setCourses([...courses, { title, must: true }])} />
        <ul class="wishes" aria-label={words.wanted}>
          {courses.map((course) => (
            <li key={course.title} class="chip">
              {course.title}
              <button type="button" class="wish" aria-label={`${course.must ? words.required : words.optional}: ${course.title}`} onClick={() => toggle(course)}>{course.must ? words.required : words.optional}</button>
              <IconButton icon="close" label={words.removeThis(course.title)} onClick={() => setCourses(courses.filter((other) => other !== course))} />
            </li>
          ))}
        </ul>
        <Choices label={words.freeDays} values={[0, 1, 2, 3, 4]} chosen={freeDays} name={(day) => words.days[day]!} choose={(day) => setFreeDays(toggled(freeDays, day))} />
        <Choices label={words.notBefore} values={[600, 660, 720, 780]} chosen={notBefore === undefined ? [] : [notBefore]} name={formatMinutes} choose={(minutes) => setNotBefore(minutes === notBefore ? undefined : minutes)} />
        <div class="field-pair">
          <CreditField label={words.leastCredits} value={least} change={setLeast} />
          <CreditField label={words.mostCredits} value={most} change={setMost} />
        </div>
        <label class="switch">
          <span>{words.noGaps}</span>
          <input type="checkbox" role="switch" checked={noGaps} onChange={() => setNoGaps(!noGaps)} />
        </label>
      </div>
      <p class="count" role="status">{found && (found.result.plans.length > 0 ? words.combinations(found.result.found, found.result.counted) : !found.result.complete ? '' : words.noCombination)}</p>
      {failed && <div class="blank" role="alert"><strong>{words.plannerFailed}</strong><div class="actions"><button type="button" onClick={() => setAttempt(attempt + 1)}>{words.retry}</button></div></div>}
      {found && !found.result.complete && <p class="hint" role="status">{words.unfinished}</p>}
      {found && <Reasons reasons={found.result.reasons} titles={found.titles} />}
      <ul class="options">
        {found?.result.plans.map((plan, i) => <PlanOption key={i} plan={plan} label={words.option(i + 1)} blocks={blocks} use={() => use(plan)} />)}
      </ul>
    </Dialog>
  )
}

function CreditField({ label, value, change }: { label: string; value: number | undefined; change: (credits: number | undefined) => void }) {
  return (
    <label class="field">{label}
      <input type="number" inputMode="numeric" min={0} max={maxCredit} value={value ?? ''} onInput={(event) => change(event.currentTarget.value === '' ? undefined : event.currentTarget.valueAsNumber)} />
    </label>
  )
}

/** Finds a course by its title. */
function CourseBox({ chosen, add }: { chosen: readonly string[]; add: (title: string) => void }) {
  const words = t.value
  const [text, setText] = useState('')
  const all = useMemo(() => [...new Set(catalog.value.map((l) => l.title))], [catalog.value])
  const typed = text.replaceAll(' ', '').toLowerCase()
  const shown = typed === '' ? [] : all.filter((title) => !chosen.includes(title) && title.replaceAll(' ', '').toLowerCase().includes(typed)).sort((a, b) => a.length - b.length).slice(0, 6)
  const pick = (title: string): void => { add(title); setText('') }
  return (
    <div class="course-box">
      <label class="field">{words.wanted}
        <input type="search" value={text} placeholder={words.addWanted} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === 'Enter' && shown[0]) { event.preventDefault(); pick(shown[0]) } }} />
      </label>
      <ul class="suggestions">
        {shown.map((title) => <li key={title}><button type="button" class="choice" onClick={() => pick(title)}><span>{title}</span><Icon name="plus" /></button></li>)}
      </ul>
    </div>
  )
}
