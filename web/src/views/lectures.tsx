import { t } from '../i18n/index.ts'
import { clashesWith } from '../logic/clash.ts'
import { coloursOf } from '../logic/colours.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { credits, known, lectures, removeLecture } from '../model/plans.ts'
import { news } from '../model/news.ts'
import { open, openDialog } from '../model/screen.ts'
import { Icon, IconButton } from './icon.tsx'
import { describeSlots, describeTimes } from './layout.ts'
import { leaveRow } from './leaverow.ts'
import { NotKnown } from './timetable.tsx'

/** The lectures of the plan as a list, with what changed at the school. */
export function Lectures() {
  const words = t.value
  const all = lectures.value
  const colours = coloursOf(all)
  return (
    <div class="own-lectures">
      {news.value.length > 0 && (
        <button type="button" class="banner" onClick={() => openDialog({ name: 'news' })}><Icon name="alert" /> {words.newsOf(news.value.length)}</button>
      )}
      <div class="own-head">
        <span class="count">{known.value && words.totalCredits(credits.value)}</span>
        <button type="button" class="chip" onClick={() => openDialog({ name: 'lecture' })}><Icon name="plus" /> {words.addOwn}</button>
      </div>
      {!known.value && <NotKnown />}
      {known.value && all.length === 0 && (
        <div class="blank">
          <strong>{words.noLectures}</strong>
          <p>{words.emptyHint}</p>
          <div class="actions"><button type="button" class="primary" onClick={() => open('search')}>{words.findLectures}</button></div>
        </div>
      )}
      <ul class="cards">
        {all.map((lecture) => {
          const clashes = clashesWith(lecture, all)
          return (
            <li key={lecture.id} class={`card colour-${colours.get(lecture.id)}`}>
              <button type="button" class="card-main" onClick={() => openDialog({ name: 'lecture', lecture })}>
                <span class="row-title"><strong>{lecture.title}</strong> <span class="row-credit">{lecture.identifier === '' ? words.own : words.credit(lecture.credit)}</span>{lecture.waiting && <span class="unsaved"><Icon name="offline" /><span class="visually-hidden">{words.unsaved}</span></span>}</span>
                {lecture.professor && <span class="row-line">{lecture.professor} <span class="row-code">{lecture.identifier}</span></span>}
                <span class="row-line">{describeTimes(lecture.times, words.days, formatMinutes) || words.noTime}</span>
                {clashes.map(({ b, at }) => <span key={b.id} class="row-line clash-line"><Icon name="alert" /> {words.clashes(b.title, describeSlots(at, words.days, formatMinutes))}</span>)}
              </button>
              <IconButton icon="trash" label={words.removeThis(lecture.title)} onClick={(event) => { leaveRow(event); removeLecture(lecture) }} />
            </li>
          )
        })}
      </ul>
    </div>
  )
}
