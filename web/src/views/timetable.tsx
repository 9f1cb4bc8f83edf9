import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { conditions, narrow } from '../model/filters.ts'
import { canRedo, canUndo, credits, known, lectures, plans, redo, shownPlan, store, undo } from '../model/plans.ts'
import { preview } from '../model/preview.ts'
import { online, open, openDialog, view, wide } from '../model/screen.ts'
import type { OwnLecture } from '../model/types.ts'
import { Grid } from './grid.tsx'
import { Icon, IconButton } from './icon.tsx'

/** The plan on the screen, on a wide one with another beside it. */
export function Timetable() {
  const words = t.value
  const plan = shownPlan.value
  const [beside, setBeside] = useState<string>()
  const others = plans.value.filter((other) => other.id !== plan?.id)
  const compared = others.find((other) => other.id === beside)
  const untimed = lectures.value.filter((lecture) => lecture.times.length === 0)
  const edit = (lecture: OwnLecture): void => openDialog({ name: 'lecture', lecture })
  return (
    <section class="timetable" aria-label={words.timetable}>
      <div class="plan-bar">
        <button type="button" class="plan-name" aria-haspopup="dialog" onClick={() => openDialog({ name: 'plans' })}>
          <span>{plan?.title ?? words.planTitle(1)}</span> <Icon name="down" />
        </button>
        <span class="credits" role="status">{known.value && words.totalCredits(credits.value)}</span>
        <span class="spacer" />
        {wide.value && others.length > 0 && (
          <label class="chip select-chip compare">
            <span class="visually-hidden">{words.compare}</span>
            <select value={compared?.id ?? ''} onChange={(event) => setBeside(event.currentTarget.value)}>
              <option value="">{compared ? words.compareNone : words.compare}</option>
              {others.map((other) => <option key={other.id} value={other.id}>{other.title}</option>)}
            </select>
          </label>
        )}
        <IconButton icon="undo" class="undo" label={words.undo} disabled={!canUndo.value} onClick={undo} />
        <IconButton icon="redo" label={words.redo} disabled={!canRedo.value} onClick={redo} class="wide-only" />
        <IconButton icon="wand" label={words.planner} onClick={() => openDialog({ name: 'planner' })} />
        <IconButton icon="share" label={words.share} onClick={() => openDialog({ name: 'share' })} />
      </div>
      <div class={compared ? 'grids two' : 'grids'}>
        <Grid
          label={words.week} lectures={lectures.value} preview={preview.value} area={conditions.value.area} onOpen={edit}
          onDrag={(area) => { narrow({ area, from: undefined, to: undefined }); if (!wide.value) open('search') }}
        />
        {compared && <Beside id={compared.id} title={compared.title} />}
        {!known.value && <NotKnown />}
        {known.value && lectures.value.length === 0 && !preview.value && view.value === 'timetable' && <Empty />}
      </div>
      {untimed.length > 0 && (
        <ul class="untimed" aria-label={words.untimed}>
          {untimed.map((lecture) => <li key={lecture.id}><button type="button" class="chip" onClick={() => edit(lecture)}>{lecture.title} <small>{words.noTime}</small></button></li>)}
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

function Beside({ id, title }: { id: string; title: string }) {
  const [of, setOf] = useState<readonly OwnLecture[]>([])
  useEffect(() => { store.value.lecturesOf(id).then(setOf, (error: unknown) => console.error(error)) }, [id])
  return <div class="beside"><h2>{title}</h2><Grid label={title} lectures={of} /></div>
}
