import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { isOwnBlock } from '../logic/clash.ts'
import type { ListedLecture } from '../logic/coursefile.ts'
import type { FoundPlan, PlannerResult, Wish } from '../logic/planner.ts'
import { PlannerClient } from '../logic/plannerclient.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { catalog, listState, retryList, searchList, wanted } from '../model/catalog.ts'
import { createPlan, lectures } from '../model/plans.ts'
import { closeDialog } from '../model/screen.ts'
import { maxCredit } from '../schema.ts'
import { Dialog } from './dialog.tsx'
import { Choices } from './filters.tsx'
import { Icon, IconButton } from './icon.tsx'
import { toggled } from '../model/filters.ts'
import { PlanOption, Reasons } from './planneroptions.tsx'
import { leaveRow } from './leaverow.ts'

let worker: PlannerClient | undefined
const client = (): PlannerClient =>
  (worker ??= new PlannerClient(new Worker(new URL('../logic/worker.ts', import.meta.url), { type: 'module', name: 'planner' })))

/** A course, or what one professor teaches of it. */
interface Course {
  readonly title: string
  readonly professor?: string
}

/** What is wanted, in every plan or if it fits: any section of any of these courses. */
interface Wanted {
  readonly courses: readonly Course[]
  readonly must: boolean
}

const nameOf = ({ title, professor }: Course): string => (professor === undefined ? title : `${title} (${professor})`)

/** Makes plans of courses that the student wants, with any section of each. */
export function Planner() {
  const words = t.value
  const own = lectures.value
  const [wishes, setWishes] = useState<readonly Wanted[]>(() => [...new Set(own.filter((l) => !isOwnBlock(l)).map((l) => l.title))].map((title) => ({ courses: [{ title }], must: true })))
  const [freeDays, setFreeDays] = useState<readonly number[]>([])
  const [notBefore, setNotBefore] = useState<number>()
  const [noGaps, setNoGaps] = useState(true)
  const [least, setLeast] = useState<number>()
  const [most, setMost] = useState<number>()
  const [found, setFound] = useState<{ readonly result: PlannerResult; readonly names: readonly string[] }>()
  const [failed, setFailed] = useState(false)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    wanted.value = true
    return () => { worker?.cancel().catch(console.error) }
  }, [])
  const blocks = own.filter(isOwnBlock)
  const named = ({ courses }: Wanted): string => courses.map(nameOf).join(words.or)
  const hasList = listState.value === 'ready'
  useEffect(() => {
    setFailed(false)
    if (wishes.length === 0 || !hasList) return setFound(undefined)
    const names = wishes.map(named)
    client().plan({
      wishes: wishes.map(({ courses, must }, i): Wish => ({
        name: names[i]!, must,
        alternatives: catalog.value.filter((l) => courses.some(({ title, professor }) => l.title === title && (professor ?? l.professor) === l.professor)),
      })),
      busy: blocks.flatMap((l) => l.times), require: { freeDays, ...(notBefore !== undefined && { notBefore }) }, prefer: { noGaps },
      ...((least !== undefined || most !== undefined) && { credits: { min: least ?? 0, max: most ?? Infinity } }),
    }).then((result) => { if (result) setFound({ result, names }) }, (error: unknown) => {
      console.error(error)
      worker = undefined // offline, its file could not be loaded; another one may work
      setFailed(true)
    })
  }, [attempt, wishes, freeDays, notBefore, noGaps, least, most, catalog.value, hasList])
  const change = (wish: Wanted, to?: Wanted): void => setWishes(wishes.flatMap((other) => (other === wish ? to ?? [] : other)))
  const use = (plan: FoundPlan): void => {
    createPlan(undefined, [...plan.lectures.filter((l) => l !== undefined), ...blocks])
    closeDialog()
  }
  const last = wishes.at(-1)
  return (
    <Dialog title={words.planner} wide>
      <div class="form">
        <p class="hint">{words.plannerHint}</p>
        {hasList
          ? (
            <CourseBox
              chosen={wishes.flatMap(({ courses }) => courses)} add={(course) => setWishes([...wishes, { courses: [course], must: true }])}
              instead={last && { of: named(last), add: (course) => change(last, { ...last, courses: [...last.courses, course] }) }}
            />
          )
          : (
            <div class="actions" role="status">
              {listState.value === 'loading' ? words.listLoading : listState.value === 'missing' ? words.listMissing : words.listUnreachable}
              {listState.value !== 'loading' && <button type="button" onClick={() => void retryList()}>{words.retry}</button>}
            </div>
          )}
        <ul class="wishes" aria-label={words.wanted}>
          {wishes.map((wish) => (
            <li key={named(wish)} class="chip">
              <span>{named(wish)}</span>
              <button type="button" class="wish" aria-label={`${wish.must ? words.required : words.optional}: ${named(wish)}`} onClick={() => change(wish, { ...wish, must: !wish.must })}>{wish.must ? words.required : words.optional}</button>
              <IconButton icon="close" label={words.removeThis(named(wish))} onClick={(event) => { leaveRow(event); change(wish) }} />
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
      {found && <Reasons reasons={found.result.reasons} names={found.names} />}
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

/** Finds courses as the search does. Once few are left, what each professor teaches of them can be chosen, too. */
function CourseBox({ chosen, add, instead }: {
  chosen: readonly Course[]; add: (course: Course) => void; instead: { readonly of: string; readonly add: (course: Course) => void } | undefined
}) {
  const words = t.value
  const [text, setText] = useState('')
  const [shown, setShown] = useState<readonly Course[]>([])
  useEffect(() => {
    if (text.trim() === '') return setShown([])
    let isOld = false
    searchList(text).then((found) => { if (!isOld && found) setShown(coursesOf(found)) }, console.error)
    return () => { isOld = true }
  }, [text])
  const offered = shown.filter((course) => !chosen.some((other) => nameOf(other) === nameOf(course))).slice(0, 8)
  const pick = (course: Course, how = add): void => { how(course); setText('') }
  return (
    <div class="course-box">
      <label class="field">{words.wanted}
        <input type="search" value={text} placeholder={words.addWanted} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === 'Enter' && offered[0]) { event.preventDefault(); pick(offered[0]) } }} />
      </label>
      <ul class="suggestions">
        {offered.map((course) => (
          <li key={nameOf(course)}>
            <button type="button" class="choice" onClick={() => pick(course)}><span>{nameOf(course)}</span><Icon name="plus" /></button>
            {instead && <button type="button" class="plain" aria-label={`${words.insteadOf(instead.of)}: ${nameOf(course)}`} onClick={() => pick(course, instead.add)}>{words.or.trim()}</button>}
          </li>
        ))}
      </ul>
      {text.trim() !== '' && offered.length === 0 && <p class="hint" role="status">{words.nothingFound}</p>}
    </div>
  )
}

/** The courses of what was found, the best first, and if there are at most two, their professors. */
function coursesOf(found: readonly ListedLecture[]): Course[] {
  const titles = [...new Set(found.map(({ title }) => title))]
  if (titles.length > 2) return titles.map((title) => ({ title }))
  return titles.flatMap((title): Course[] => {
    const professors = [...new Set(catalog.value.filter((l) => l.title === title).map(({ professor }) => professor))].filter((name) => name !== '')
    return [{ title }, ...(professors.length > 1 ? professors.map((professor) => ({ title, professor })) : [])]
  })
}
