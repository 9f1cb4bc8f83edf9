import { t } from '../i18n/index.ts'
import type { CategoryKind } from '../logic/filters.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { facets, result } from '../model/catalog.ts'
import { clearConditions, conditions, narrow, toggled } from '../model/filters.ts'
import { Dialog } from './dialog.tsx'

const kinds: readonly CategoryKind[] = ['college', 'department', 'year', 'other']
const hours = Array.from({ length: 27 }, (_, i) => 8 * 60 + 30 * i)

/** The conditions of the search. They hold as soon as they are chosen. */
export function Filters({ close }: { close: () => void }) {
  const words = t.value
  const now = conditions.value
  const { categories, credits, tags } = facets.value
  return (
    <Dialog title={words.filters} close={close}>
      <div class="form">
        {kinds.filter((kind) => categories[kind].length > 0).map((kind) => (
          <label key={kind} class="field">{words[kind]}
            <select value={now.categories[kind] ?? ''} onChange={(event) => narrow({ categories: { ...now.categories, [kind]: event.currentTarget.value } })}>
              <option value="">{words.any}</option>
              {[...categories[kind]].sort((a, b) => a.value.localeCompare(b.value, 'ko')).map(({ value, lectures }) => <option key={value} value={value}>{value} ({lectures})</option>)}
            </select>
          </label>
        ))}
        <Choices label={words.credits} values={credits.map((facet) => facet.value)} chosen={now.credits} name={(n) => words.credit(n)} choose={(n) => narrow({ credits: toggled(now.credits, n) })} />
        <Choices label={words.weekdays} values={[0, 1, 2, 3, 4, 5, 6]} chosen={now.weekdays} name={(day) => words.days[day]!} choose={(day) => narrow({ weekdays: toggled(now.weekdays, day), area: undefined })} />
        <div class="field-pair">
          <label class="field">{words.hours}: {words.from}<Hours value={now.from} change={(from) => narrow({ from, area: undefined })} /></label>
          <label class="field">{words.to}<Hours value={now.to} change={(to) => narrow({ to, area: undefined })} /></label>
        </div>
        {tags.length > 0 && <Choices label={words.tags} values={tags.slice(0, 24).map((facet) => facet.value)} chosen={now.tags} name={(tag) => tag} choose={(tag) => narrow({ tags: toggled(now.tags, tag) })} />}
      </div>
      <div class="dialog-foot">
        <button type="button" onClick={clearConditions}>{words.clearFilters}</button>
        <button type="button" class="primary" onClick={close}>{words.showResults(result.value?.hits.length ?? 0)}</button>
      </div>
    </Dialog>
  )
}

function Hours({ value, change }: { value: number | undefined; change: (minutes: number | undefined) => void }) {
  return (
    <select value={value ?? ''} onChange={(event) => change(event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value))}>
      <option value="">{t.value.anyTime}</option>
      {hours.map((minutes) => <option key={minutes} value={minutes}>{formatMinutes(minutes)}</option>)}
    </select>
  )
}

/** A group of switches. */
export function Choices<Value extends string | number>({ label, values, chosen, name, choose }: {
  label: string; values: readonly Value[]; chosen: readonly Value[]; name: (value: Value) => string; choose: (value: Value) => void
}) {
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      {values.map((value) => <button key={value} type="button" class="chip" aria-pressed={chosen.includes(value)} onClick={() => choose(value)}>{name(value)}</button>)}
    </fieldset>
  )
}
