import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { totalCredits } from '../logic/credits.ts'
import { conditions, narrow } from '../model/filters.ts'
import { canRedo, canUndo, credits, known, lectures, plans, redo, showPlan, shownPlan, store, undo } from '../model/plans.ts'
import { preview } from '../model/preview.ts'
import { online, open, openDialog, sideBySide, view, wide } from '../model/screen.ts'
import type { OwnLecture, Plan } from '../model/types.ts'
import { Grid } from './grid.tsx'
import { Icon, IconButton } from './icon.tsx'

/** The plan on the screen, and if the student compares them, the others of the semester next to it. */
export function Timetable() {
  const words = t.value
  const plan = shownPlan.value
  const others = plans.value.filter((other) => other.id !== plan?.id)
  const compares = sideBySide.value && others.length > 0 && (wide.value || view.value === 'timetable')
  const untimed = lectures.value.filter((lecture) => lecture.times.length === 0)
  const edit = (lecture: OwnLecture): void => openDialog({ name: 'lecture', lecture })
  const grid = (
    <Grid
      label={words.week} lectures={lectures.value} preview={preview.value} area={conditions.value.area} onOpen={edit}
      onDrag={(area) => { narrow({ area, from: undefined, to: undefined }); if (!wide.value) open('search') }}
    />
  )
  return (
    <section class="timetable" aria-label={words.timetable}>
      <div class="plan-bar">
        <button type="button" class="plan-name" aria-haspopup="dialog" onClick={() => openDialog({ name: 'plans' })}>
          <span>{plan?.title ?? words.planTitle(1)}</span> <Icon name="down" />
        </button>
        <span class="credits" role="status">{known.value && words.totalCredits(credits.value)}</span>
        <span class="spacer" />
        {others.length > 0 && (wide.value || compares) && <button type="button" class="chip compare" aria-pressed={compares} onClick={() => { sideBySide.value = !compares }}>{words.compare}</button>}
        <IconButton icon="undo" class="undo" label={words.undo} disabled={!canUndo.value} onClick={undo} />
        <IconButton icon="redo" label={words.redo} disabled={!canRedo.value} onClick={redo} class="wide-only" />
        <IconButton icon="wand" label={words.planner} onClick={() => openDialog({ name: 'planner' })} />
        <IconButton icon="share" label={words.share} onClick={() => openDialog({ name: 'share' })} />
      </div>
      <div class={compares ? 'grids many' : 'grids'}>
        {compares ? <div class="beside current"><p class="plan-name"><PlanName title={plan?.title} of={known.value ? lectures.value : undefined} /></p>{grid}</div> : grid}
        {compares && others.map((other) => <Beside key={other.id} plan={other} />)}
        {!known.value && <NotKnown />}
        {known.value && lectures.value.length === 0 && !preview.value && !compares && view.value === 'timetable' && <Empty />}
      </div>
      {untimed.length > 0 && (
        <ul class="untimed" aria-label={words.untimed}>
          {untimed.map((lecture) => <li key={lecture.id}><button type="button" class="chip" onClick={() => edit(lecture)}><span>{lecture.title}</span> <small>{words.noTime}</small></button></li>)}
        </ul>
      )}
    </section>
  )
}

/** Says that the lectures are not there yet, unless they come at once. */
export function NotKnown() {
  const words = t.value
  return <div class="empty waiting" role="status"><strong>{words.loading}</strong>{!online.value && <p>{words.loadsOnline}</p>}</div>
}

function Empty() {
  const words = t.value
  return (
    <div class="empty">
      <strong>{words.empty}</strong>
      <p>{words.emptyHint}</p>
      {!wide.value && <button type="button" class="primary" onClick={() => open('search')}>{words.findLectures}</button>}
    </div>
  )
}

/** Another plan. Its name shows it instead. */
function Beside({ plan: { id, title } }: { plan: Plan }) {
  const [of, setOf] = useState<readonly OwnLecture[]>()
  useEffect(() => { store.value.lecturesOf(id).then(setOf, (error: unknown) => console.error(error)) }, [id])
  return (
    <div class="beside">
      <button type="button" class="plan-name" onClick={() => showPlan(id)}><PlanName title={title} of={of} /></button>
      <Grid label={title} lectures={of ?? []} />
    </div>
  )
}

/** A plan's title, and its credits once its lectures are known. */
function PlanName({ title, of }: { title: string | undefined; of: readonly OwnLecture[] | undefined }) {
  return <><span>{title}</span> {of && <small class="credits">{t.value.credit(totalCredits(of))}</small>}</>
}
