import { formatTime, t } from '../i18n/index.ts'
import type { Proposal, ProposedField } from '../lecturechanges.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import { changedAt, keepMine, news, removeGone, takeProposal } from '../model/news.ts'
import { lectures } from '../model/plans.ts'
import type { LectureTime } from '../model/types.ts'
import { Dialog } from './dialog.tsx'
import { describeTimes } from './layout.ts'

/** What the school changed in lectures of the plan: take it over, or keep what is. */
export function NewsDialog() {
  const words = t.value
  return (
    <Dialog title={words.news}>
      {news.value.length === 0 && <p class="hint">{words.newsNone}</p>}
      <ul class="cards">
        {news.value.map((proposal) => (
          <li key={proposal.id} class="card news">
            <strong>{lectures.value.find(({ id }) => id === proposal.id)?.title}</strong>
            <NewsOf proposal={proposal} />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

/** What changed in one lecture. */
export function NewsOf({ proposal, decided }: { proposal: Proposal; decided?: () => void }) {
  const words = t.value
  const decide = (how: (proposal: Proposal) => void): void => {
    how(proposal)
    decided?.()
  }
  return (
    <>
      <p class="hint">{words.since(formatTime(changedAt(proposal)))}</p>
      {proposal.kind === 'removed' && <p class="clash-line">{words.gone}</p>}
      <Fields fields={proposal.fields} />
      {proposal.unsure.length > 0 && <><Fields fields={proposal.unsure} /><p class="hint">{words.perhapsEdited}</p></>}
      {proposal.edited.length > 0 && <><Fields fields={proposal.edited} /><p class="hint">{words.editedHere}</p></>}
      <div class="actions">
        <button type="button" onClick={() => decide(keepMine)}>{words.keep}</button>
        {proposal.kind === 'removed' && <button type="button" class="primary" onClick={() => decide(removeGone)}>{words.remove}</button>}
        {proposal.fields.length + proposal.unsure.length > 0 && <button type="button" class="primary" onClick={() => decide(takeProposal)}>{words.takeOver}</button>}
      </div>
    </>
  )
}

function Fields({ fields }: { fields: readonly ProposedField[] }) {
  const words = t.value
  if (fields.length === 0) return null
  return (
    <dl class="differences">
      {fields.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{words.fields[field]}</dt>
          <dd><del>{describe(before)}</del> → <ins>{describe(after)}</ins></dd>
        </div>
      ))}
    </dl>
  )
}

function describe(value: unknown): string {
  const words = t.value
  if (!Array.isArray(value)) return String(value ?? '') || '–'
  if (value.some((entry) => typeof entry === 'object' && 'weekday' in entry)) return describeTimes(value as LectureTime[], words.days, formatMinutes)
  return value.map((entry: unknown) => (typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : entry)).join(', ') || '–'
}
