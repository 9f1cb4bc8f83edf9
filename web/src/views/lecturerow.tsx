import { t } from '../i18n/index.ts'
import { clashesWith } from '../logic/clash.ts'
import type { ListedLecture } from '../logic/coursefile.ts'
import { highlight } from '../logic/search.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { query } from '../model/catalog.ts'
import { addLecture, lectures, planned, removeLecture } from '../model/plans.ts'
import { previewed } from '../model/preview.ts'
import { Icon } from './icon.tsx'
import { describeSlots, describeTimes } from './layout.ts'

/** A lecture in the search. Pointing at it or tapping it shows it in the timetable, the button adds it. */
export function LectureRow({ lecture }: { lecture: ListedLecture }) {
  const words = t.value
  const isPlanned = planned.value.has(lecture.identifier)
  const clashes = isPlanned ? [] : clashesWith(lecture, lectures.value)
  const isPreviewed = previewed.value === lecture
  const toggle = (): void => {
    if (!isPlanned) return addLecture(lecture)
    const own = lectures.value.find((one) => one.identifier === lecture.identifier)
    if (own) removeLecture(own)
  }
  const times = describeTimes(lecture.times, words.days, formatMinutes) || words.noTime
  const tags = lecture.metas.map((meta) => meta.name)
  return (
    <div class={`row ${isPreviewed ? 'previewed' : ''} ${isPlanned ? 'planned' : ''}`} onPointerEnter={(event) => { if (event.pointerType === 'mouse') previewed.value = lecture }}>
      <button
        type="button" class="row-main" aria-pressed={isPreviewed}
        onClick={() => { previewed.value = isPreviewed && matchMedia('(hover: none)').matches ? undefined : lecture }}
        onFocus={() => { previewed.value = lecture }} onDblClick={() => { if (!isPlanned) toggle() }}
      >
        <span class="row-title"><strong><Highlighted text={lecture.title} /></strong> <span class="row-credit">{words.credit(lecture.credit)}</span></span>
        <span class="row-line"><Highlighted text={lecture.professor} /> <span class="row-code"><Highlighted text={lecture.identifier} /></span> {tags.map((tag) => <span key={tag} class="tag">{tag}</span>)}</span>
        <span class="row-line"><Highlighted text={times} /></span>
        {clashes.length > 0
          ? <span class="row-line clash-line"><Icon name="alert" /> {words.clashes(clashes[0]!.b.title + (clashes.length > 1 ? words.others(clashes.length - 1) : ''), describeSlots(clashes[0]!.at, words.days, formatMinutes))}</span>
          : <span class="row-line row-category">{lecture.category.join(' › ')}</span>}
      </button>
      {lecture.url && <a class="icon-button row-link" href={lecture.url} target="_blank" rel="noopener noreferrer" aria-label={`${words.syllabus}: ${lecture.title}`} title={words.syllabus}><Icon name="link" /></a>}
      <button type="button" class={`add ${isPlanned ? 'added' : ''}`} onClick={toggle} aria-label={isPlanned ? words.removeThis(lecture.title) : words.addThis(lecture.title)}>
        <Icon name={isPlanned ? 'check' : 'plus'} />
      </button>
    </div>
  )
}

/** A text with what the search found in it. */
function Highlighted({ text }: { text: string }) {
  const shown = text.normalize('NFC')
  const parts = query.value === '' ? [] : highlight(shown, query.value)
  if (parts.length === 0) return <>{shown}</>
  const pieces = []
  let at = 0
  for (const [begin, end] of parts) {
    pieces.push(shown.slice(at, begin), <mark>{shown.slice(begin, end)}</mark>)
    at = end
  }
  return <>{pieces}{shown.slice(at)}</>
}
