import { useEffect, useState } from 'preact/hooks'
import { formatTime, t } from '../i18n/index.ts'
import type { SortOrder } from '../logic/sortorders.ts'
import { describeSlots } from './layout.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { catalog, isSlow, listState, order, query, result, retryList, wanted } from '../model/catalog.ts'
import { chosen } from '../model/choice.ts'
import { clearConditions, conditionCount, conditions, narrow } from '../model/filters.ts'
import { previewed } from '../model/preview.ts'
import { openDialog } from '../model/screen.ts'
import { searching } from '../model/semesterwatch.ts'
import { Filters } from './filters.tsx'
import { Icon } from './icon.tsx'
import { LectureRow } from './lecturerow.tsx'
import { VirtualList } from './virtuallist.tsx'

/** The search: a box, conditions, and the list. */
export function Search() {
  const words = t.value
  const [filtersOpen, setFiltersOpen] = useState(false)
  useEffect(() => {
    wanted.value = true
    return () => { searching.value = false }
  }, [])
  const use = (): void => { searching.value = true }
  const { area, freeOnly } = conditions.value
  return (
    <div class="search" onPointerDown={use} onFocusIn={use} onWheel={use}>
      <div class="search-head">
        <div class="search-box" role="search">
          <Icon name="search" />
          <input
            type="search" value={query.value} placeholder={words.searchPlaceholder} aria-label={words.search} aria-description={words.searchHint}
            autocomplete="off" autocorrect="off" spellcheck={false} enterkeyhint="search" maxLength={300}
            onInput={(event) => { query.value = event.currentTarget.value }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') {
                event.preventDefault() // it would scroll the list, once that has the focus
                ;(event.currentTarget.closest('.search')?.querySelector('.row-main') as HTMLElement | null)?.focus()
              }
              if (event.key === 'Enter') event.currentTarget.blur()
            }}
          />
        </div>
        <div class="chips">
          <button type="button" class="chip" aria-haspopup="dialog" aria-expanded={filtersOpen} onClick={() => setFiltersOpen(true)}>
            <Icon name="filters" /> {conditionCount.value > 0 ? words.filtersOn(conditionCount.value) : words.filters}
          </button>
          <button type="button" class="chip" aria-pressed={freeOnly} onClick={() => narrow({ freeOnly: !freeOnly })}>{words.freeOnly}</button>
          {area && (
            <button type="button" class="chip" aria-pressed="true" onClick={() => narrow({ area: undefined })}>
              {describeSlots(area, words.days, formatMinutes)} <Icon name="close" />
            </button>
          )}
          {area && (
            <button type="button" class="chip" onClick={addOwn}><Icon name="plus" /> {words.addOwn}</button>
          )}
          <label class="chip select-chip">
            <span class="visually-hidden">{words.sort}</span>
            <select value={order.value} onChange={(event) => { order.value = event.currentTarget.value as SortOrder }}>
              {(Object.keys(words.orders) as SortOrder[]).map((name) => <option key={name} value={name}>{words.orders[name]}</option>)}
            </select>
          </label>
        </div>
      </div>
      <Results />
      {filtersOpen && <Filters close={() => setFiltersOpen(false)} />}
    </div>
  )
}

/** Makes a block of the student's own, in the area that they have dragged. */
function addOwn(): void {
  const { area } = conditions.value
  openDialog({ name: 'lecture', ...(area && { times: area.map((slot) => ({ ...slot, room: '' })) }) })
}

function Results() {
  const words = t.value
  const found = result.value
  const lectures = catalog.value
  if (listState.value !== 'ready' || !found) return <ListState />
  const checked = chosen.value?.semester.listCheckedAt
  return (
    <>
      <p class="count" role="status">
        {words.results(found.hits.length)}{found.similar > 0 && ` (${words.similar(found.similar)})`}
        {checked && <span class="checked">{words.listChecked(formatTime(checked))}</span>}
      </p>
      {found.hits.length === 0
        ? (
          <div class="blank">
            <strong>{words.nothingFound}</strong>
            <p>{words.nothingFoundHint}</p>
            <div class="actions">
              {(conditionCount.value > 0 || conditions.value.freeOnly) && <button type="button" onClick={clearConditions}>{words.clearFilters}</button>}
              <button type="button" onClick={addOwn}>{words.addOwn}</button>
            </div>
          </div>
        )
        : (
          <div class="results" onPointerLeave={(event) => { if (event.pointerType === 'mouse') previewed.value = undefined }}>
            <VirtualList count={found.hits.length} rowHeight={6.25} resetKey={`${query.value} ${order.value} ${JSON.stringify(conditions.value)}`} label={words.results(found.hits.length)}
              keyOf={(index) => lectures[found.hits[index]!]?.identifier} row={(index) => <LectureRow lecture={lectures[found.hits[index]!]!} />} />
          </div>
        )}
    </>
  )
}

/** Why there is no list, and what to do. */
function ListState() {
  const words = t.value
  const state = listState.value
  const ways = (
    <>
      <button type="button" onClick={() => void retryList()}>{words.retry}</button>
      <button type="button" onClick={addOwn}>{words.addOwn}</button>
    </>
  )
  if (state === 'loading' || state === 'ready') {
    return (
      <div class="results" aria-busy="true">
        <p class="count" role="status">{isSlow.value ? words.listSlow : words.listLoading}</p>
        {isSlow.value && <div class="actions slow">{ways}</div>}
        <div class="skeleton" aria-hidden="true">{[0, 1, 2, 3, 4, 5].map((i) => <span key={i} />)}</div>
      </div>
    )
  }
  const [title, hint] = {
    missing: [words.listMissing, words.listMissingHint], damaged: [words.listDamaged, words.listDamagedHint],
    unreachable: [words.listUnreachable, words.listUnreachableHint],
  }[state]
  return (
    <div class="blank" role="alert">
      <strong>{title}</strong>
      <p>{hint}</p>
      <div class="actions">{ways}</div>
    </div>
  )
}
