import { useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { formatMinutes, parseMinutes } from '../logic/timeslots.ts'
import { addLecture, removeLecture, updateLecture } from '../model/plans.ts'
import { news } from '../model/news.ts'
import { closeDialog } from '../model/screen.ts'
import type { LectureTime, OwnLecture } from '../model/types.ts'
import { longest, maxCredit, maxTimes } from '../schema.ts'
import { Dialog } from './dialog.tsx'
import { Icon, IconButton } from './icon.tsx'
import { NewsOf } from './newsdialog.tsx'

const noon: LectureTime = { weekday: 0, timeBegin: 12 * 60, timeEnd: 13 * 60, room: '' }

/** Edits the student's copy of a lecture, or makes a block of their own. */
export function LectureDialog({ lecture, times }: { lecture?: OwnLecture | undefined; times?: OwnLecture['times'] | undefined }) {
  const words = t.value
  const [fields, setFields] = useState({
    title: lecture?.title ?? '', professor: lecture?.professor ?? '', credit: lecture?.credit ?? 0, times: lecture?.times ?? times ?? [noon],
  })
  const [problem, setProblem] = useState('')
  const isOwn = !lecture || lecture.identifier === ''
  const save = (event: Event): void => {
    event.preventDefault()
    if (fields.title.trim() === '') return setProblem(words.titleNeeded)
    if (fields.times.some((time) => time.timeBegin >= time.timeEnd)) return setProblem(words.timeOrder)
    if (lecture) updateLecture(lecture, fields)
    else addLecture({ identifier: '', category: [], metas: [], ...fields })
    closeDialog()
  }
  const setTime = (index: number, change: Partial<LectureTime>): void =>
    setFields({ ...fields, times: fields.times.map((time, i) => (i === index ? { ...time, ...change } : time)) })
  const proposal = news.value.find(({ id }) => id === lecture?.id)
  return (
    <Dialog title={lecture ? words.editLecture : words.newOwn}>
      <form class="form" onSubmit={save} noValidate>
        {proposal && <section class="card news" aria-label={words.news}><NewsOf proposal={proposal} decided={closeDialog} /></section>}
        <label class="field">{words.lectureTitle}
          <input value={fields.title} maxLength={longest.title} required aria-invalid={problem === words.titleNeeded} onInput={(event) => setFields({ ...fields, title: event.currentTarget.value })} />
        </label>
        {!isOwn && (
          <div class="field-pair">
            <label class="field">{words.professor}
              <input value={fields.professor} maxLength={longest.professor} onInput={(event) => setFields({ ...fields, professor: event.currentTarget.value })} />
            </label>
            <label class="field">{words.credits}
              <input type="number" min={0} max={maxCredit} step="0.5" value={fields.credit} onInput={(event) => setFields({ ...fields, credit: Math.min(maxCredit, Math.max(0, Number(event.currentTarget.value) || 0)) })} />
            </label>
          </div>
        )}
        {fields.times.map((time, index) => (
          <fieldset key={index} class="time">
            <legend>{words.time} {fields.times.length > 1 ? index + 1 : ''}</legend>
            <div class="time-row">
              <select aria-label={words.weekday} value={time.weekday} onChange={(event) => setTime(index, { weekday: Number(event.currentTarget.value) })}>
                {words.longDays.map((day, weekday) => <option key={day} value={weekday}>{day}</option>)}
              </select>
              <TimeInput label={words.begins} value={time.timeBegin} change={(timeBegin) => setTime(index, { timeBegin })} />
              <span aria-hidden="true">–</span>
              <TimeInput label={words.ends} value={time.timeEnd} change={(timeEnd) => setTime(index, { timeEnd })} />
              <IconButton icon="close" label={words.removeTime} onClick={() => setFields({ ...fields, times: fields.times.filter((_, i) => i !== index) })} />
            </div>
            <label class="field">{words.room}<input value={time.room} maxLength={longest.room} onInput={(event) => setTime(index, { room: event.currentTarget.value })} /></label>
          </fieldset>
        ))}
        {fields.times.length < maxTimes && <button type="button" class="plain" onClick={() => setFields({ ...fields, times: [...fields.times, fields.times.at(-1) ?? noon] })}><Icon name="plus" /> {words.addTime}</button>}
        {lecture && lecture.identifier !== '' && <p class="hint">{lecture.identifier}{lecture.category.length > 0 && ` · ${lecture.category.join(' › ')}`}</p>}
        <p class="problem" role="alert">{problem}</p>
        <div class="dialog-foot">
          {lecture && <button type="button" class="danger" onClick={() => { removeLecture(lecture); closeDialog() }}>{words.remove}</button>}
          <button type="submit" class="primary">{lecture ? words.save : words.add}</button>
        </div>
      </form>
    </Dialog>
  )
}

function TimeInput({ label, value, change }: { label: string; value: number; change: (minutes: number) => void }) {
  return <input type="time" aria-label={label} required value={formatMinutes(Math.min(value, 1439))} onInput={(event) => { const minutes = parseMinutes(event.currentTarget.value); if (minutes !== undefined) change(minutes) }} />
}
