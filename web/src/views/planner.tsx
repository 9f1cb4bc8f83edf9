import { useEffect, useMemo, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { isOwnBlock } from '../logic/clash.ts'
import type { FoundPlan, PlannerResult } from '../logic/planner.ts'
import { PlannerClient } from '../logic/plannerclient.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { catalog, wanted } from '../model/catalog.ts'
import { createPlan, lectures } from '../model/plans.ts'
import { closeDialog } from '../model/screen.ts'
import type { LectureFields, OwnLecture } from '../model/types.ts'
import { Dialog } from './dialog.tsx'
import { Choices } from './filters.tsx'
import { Grid } from './grid.tsx'
import { Icon, IconButton } from './icon.tsx'
import { toggled } from '../model/filters.ts'

let worker: PlannerClient | undefined
const client = (): PlannerClient =>
  (worker ??= new PlannerClient(new Worker(new URL('../logic/plannerworker.ts', import.meta.url), { type: 'module' })))

/** Makes plans of courses that the student wants, with any section of each. */
export function Planner() {
  const words = t.value
  const own = lectures.value
  const [titles, setTitles] = useState<readonly string[]>(() => [...new Set(own.filter((l) => !isOwnBlock(l)).map((l) => l.title))])
  const [freeDays, setFreeDays] = useState<readonly number[]>([])
  const [notBefore, setNotBefore] = useState<number>()
  const [found, setFound] = useState<PlannerResult>()
  useEffect(() => { wanted.value = true }, [])
  const blocks = own.filter(isOwnBlock)
  useEffect(() => {
    if (titles.length === 0) return setFound(undefined)
    const wishes = titles.map((name) => ({ name, must: true, alternatives: catalog.value.filter((l) => l.title === name) }))
    const require = { freeDays, ...(notBefore === undefined ? {} : { notBefore }) }
    client().plan({ wishes, busy: blocks.flatMap((l) => l.times), require, prefer: { noGaps: true }, count: 12 }).then((result) => { if (result) setFound(result) }, console.error)
  }, [titles, freeDays, notBefore, catalog.value])
  const use = (plan: FoundPlan): void => {
    createPlan(undefined, [...plan.lectures.filter((l) => l !== undefined), ...blocks])
    closeDialog()
  }
  return (
    <Dialog title={words.planner} wide>
      <div class="form">
        <p class="hint">{words.plannerHint}</p>
        <CourseBox chosen={titles} add={(title) => setTitles([...titles, title])} />
        <ul class="wishes" aria-label={words.wanted}>
          {titles.map((title) => (
            <li key={title} class="chip">{title} <IconButton icon="close" label={words.removeThis(title)} onClick={() => setTitles(titles.filter((other) => other !== title))} /></li>
          ))}
        </ul>
        <Choices label={words.freeDays} values={[0, 1, 2, 3, 4]} chosen={freeDays} name={(day) => words.days[day]!} choose={(day) => setFreeDays(toggled(freeDays, day))} />
        <Choices label={words.notBefore} values={[600, 660, 720, 780]} chosen={notBefore === undefined ? [] : [notBefore]} name={formatMinutes} choose={(minutes) => setNotBefore(minutes === notBefore ? undefined : minutes)} />
      </div>
      <p class="count" role="status">{found && (found.plans.length > 0 ? words.combinations(found.found, found.counted) : words.noCombination)}</p>
      <ul class="reasons">
        {found?.reasons.filter(({ wishes }) => wishes.length > 1).map(({ wishes }) => {
          const names = wishes.map((i) => titles[i]).join(', ')
          return <li key={names} class="clash-line"><Icon name="alert" /> {words.together(names)}</li>
        })}
      </ul>
      <ul class="options">
        {found?.plans.map((plan, i) => (
          <li key={i} class="option">
            <Grid label={words.option(i + 1)} lectures={[...plan.lectures.filter((l) => l !== undefined), ...blocks].map((l, id) => asOwn(l, id))} />
            <button type="button" class="primary" onClick={() => use(plan)}>{words.useThis}</button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

const asOwn = (lecture: LectureFields, id: number): OwnLecture => ({ ...lecture, id: String(id) })

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
