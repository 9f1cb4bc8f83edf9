import { useMemo, useRef, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { coloursOf } from '../logic/colours.ts'
import { draggedArea, formatMinutes, type GridPoint, type TimeSlot } from '../logic/timeslots.ts'
import type { OwnLecture } from '../model/types.ts'
import { blocksOf, weekOf, type Block, type Week } from './layout.ts'

interface Props {
  readonly lectures: readonly OwnLecture[]
  /** A lecture that would be added. */
  readonly preview?: OwnLecture | undefined
  /** The area that the search is limited to. */
  readonly area?: readonly TimeSlot[] | undefined
  readonly onOpen?: (lecture: OwnLecture) => void
  readonly onDrag?: (area: readonly TimeSlot[]) => void
  readonly label: string
}

const percent = (week: Week, minutes: number): string => `${((minutes - week.begin) / (week.end - week.begin)) * 100}%`

/** The week. Each day is a list, so that a screen reader goes through it as through a diary. */
export function Grid({ lectures, preview, area, onOpen, onDrag, label }: Props) {
  const words = t.value
  const all = preview ? [...lectures, preview] : lectures
  const week = useMemo(() => weekOf([...all.flatMap((lecture) => lecture.times), ...(area ?? [])]), [lectures, preview, area])
  const colours = useMemo(() => coloursOf(lectures), [lectures])
  const [drag, setDrag] = useState<readonly TimeSlot[]>()
  const hours = Array.from({ length: (week.end - week.begin) / 60 }, (_, i) => week.begin + 60 * i)
  const handlers = useDrag(week, setDrag, onDrag)
  const shownArea = drag ?? area ?? []
  return (
    <section class="grid" aria-label={label} style={{ '--days': week.days, '--hours': hours.length }}>
      <div class="grid-head" aria-hidden="true">
        <span />
        {words.days.slice(0, week.days).map((day) => <span key={day}>{day}</span>)}
      </div>
      <div class="grid-body">
        <div class="grid-hours" aria-hidden="true">
          {hours.map((hour) => <span key={hour}>{hour / 60}</span>)}
        </div>
        <div class="grid-days" {...handlers}>
          {words.longDays.slice(0, week.days).map((day, weekday) => {
            const blocks = blocksOf(all, weekday)
            return (
              <ol key={day} class="day" aria-label={words.lecturesOn(day, blocks.length)}>
                {blocks.map((block) => (
                  <li key={`${block.lecture.id} ${block.slot.timeBegin}`} style={placeOf(week, block)} class="day-slot">
                    <BlockButton block={block} day={day} colour={colours.get(block.lecture.id)} isPreview={block.lecture === preview} onOpen={onOpen} />
                  </li>
                ))}
                {shownArea.filter((slot) => slot.weekday === weekday).map((slot) => (
                  <li key={`area ${slot.timeBegin}`} class="area" aria-hidden="true" style={{ top: percent(week, slot.timeBegin), bottom: `calc(100% - ${percent(week, slot.timeEnd)})` }} />
                ))}
              </ol>
            )
          })}
        </div>
      </div>
    </section>
  )
}

function placeOf(week: Week, { slot, lane, lanes }: Block) {
  return {
    top: percent(week, slot.timeBegin), bottom: `calc(100% - ${percent(week, slot.timeEnd)})`,
    left: `${(lane / lanes) * 100}%`, width: `${100 / lanes}%`,
  }
}

function BlockButton({ block: { lecture, slot, lanes }, day, colour, isPreview, onOpen }: {
  block: Block; day: string; colour: number | undefined; isPreview: boolean; onOpen: Props['onOpen']
}) {
  const words = t.value
  const when = words.at(day, formatMinutes(slot.timeBegin), formatMinutes(slot.timeEnd))
  return (
    <button
      type="button" class={`block ${isPreview ? 'preview' : `colour-${colour}`} ${lanes > 1 ? 'clashing' : ''}`}
      title={[lecture.title, when, slot.room, lecture.professor].filter(Boolean).join('\n')}
      tabIndex={isPreview || !onOpen ? -1 : 0} onClick={() => { if (!isPreview) onOpen?.(lecture) }}
    >
      <span class="block-text">
        <strong>{lecture.title}</strong>
        <span class="visually-hidden">, {when}{lanes > 1 && `, ${words.clash}`}{isPreview && `, ${words.preview}`},</span>
        {slot.room && <small>{slot.room}</small>}
        {lecture.professor && <small class="block-professor">{lecture.professor}</small>}
      </span>
    </button>
  )
}

/** Dragging over free time selects an area. A finger must rest first, because it scrolls otherwise. */
function useDrag(week: Week, show: (area: readonly TimeSlot[] | undefined) => void, onDrag: Props['onDrag']) {
  const from = useRef<GridPoint | undefined>(undefined)
  const area = useRef<readonly TimeSlot[] | undefined>(undefined)
  const hold = useRef(0)
  const pointOf = (event: PointerEvent, element: HTMLElement): GridPoint => {
    const box = element.getBoundingClientRect()
    const within = (share: number): number => Math.min(Math.max(share, 0), 0.9999) // a drag may end outside
    return {
      weekday: Math.floor(within((event.clientX - box.left) / box.width) * week.days),
      minutes: week.begin + within((event.clientY - box.top) / box.height) * (week.end - week.begin),
    }
  }
  const select = (to: GridPoint): void => {
    if (!from.current) return
    area.current = draggedArea(from.current, to)
    show(area.current)
  }
  const end = (use: boolean): void => {
    clearTimeout(hold.current)
    const selected = area.current
    const dragged = from.current
    from.current = area.current = undefined
    show(undefined)
    if (use && dragged && selected && selected.some((slot) => slot.timeEnd - slot.timeBegin > 30 || selected.length > 1)) onDrag?.(selected)
  }
  if (!onDrag) return {}
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest('.block')) return
      const element = event.currentTarget as HTMLElement
      const point = pointOf(event, element)
      const begin = (): void => {
        from.current = point
        element.setPointerCapture(event.pointerId)
        select(point)
      }
      if (event.pointerType === 'touch') hold.current = setTimeout(begin, 350) as unknown as number
      else begin()
    },
    onPointerMove: (event: PointerEvent) => { if (from.current) select(pointOf(event, event.currentTarget as HTMLElement)) },
    onPointerUp: () => end(true),
    onPointerCancel: () => end(false),
    onTouchMove: (event: TouchEvent) => { if (from.current) event.preventDefault(); else clearTimeout(hold.current) },
  }
}
