import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { createPlan, duplicatePlan, plans, removePlan, renamePlan, showPlan, shownPlan, store } from '../model/plans.ts'
import { closeDialog, open, sideBySide } from '../model/screen.ts'
import type { Plan } from '../model/types.ts'
import { longest } from '../schema.ts'
import { Dialog } from './dialog.tsx'
import { Icon, IconButton } from './icon.tsx'
import { leaveRow } from './leaverow.ts'

/** The plans of the semester. */
export function PlansDialog() {
  const words = t.value
  useEffect(() => { store.value.listAll().catch(() => {}) }, []) // offline, those of the device are shown
  return (
    <Dialog title={words.plans}>
      <ul class="plan-list">
        {plans.value.map((plan) => <PlanRow key={plan.id} plan={plan} />)}
      </ul>
      <div class="dialog-foot">
        {plans.value.length > 1 && <button type="button" onClick={() => { sideBySide.value = true; open('timetable'); closeDialog() }}>{words.compare}</button>}
        <button type="button" class="primary" onClick={() => { createPlan(); closeDialog() }}><Icon name="plus" /> {words.newPlan}</button>
      </div>
    </Dialog>
  )
}

function PlanRow({ plan }: { plan: Plan }) {
  const words = t.value
  const [renaming, setRenaming] = useState(false)
  const isShown = plan.id === shownPlan.value?.id
  if (renaming) {
    const save = (event: SubmitEvent): void => {
      event.preventDefault()
      renamePlan(plan, String(new FormData(event.currentTarget as HTMLFormElement).get('title')).trim())
      setRenaming(false)
    }
    return (
      <li class="plan-row">
        <form class="rename" onSubmit={save}>
          <input name="title" defaultValue={plan.title} maxLength={longest.title} aria-label={words.title} autofocus ref={(element) => element?.select()} />
          <button type="submit" class="primary">{words.save}</button>
        </form>
      </li>
    )
  }
  return (
    <li class={isShown ? 'plan-row current' : 'plan-row'}>
      <button type="button" class="plan-row-name" aria-current={isShown} onClick={() => { showPlan(plan.id); closeDialog() }}>
        {isShown && <Icon name="check" />}<span>{plan.title}</span>
        {store.value.kind === 'account' && plan.visibility === 'public' && <small>{words.public}</small>}
      </button>
      <IconButton icon="edit" label={`${words.rename}: ${plan.title}`} onClick={() => setRenaming(true)} />
      <IconButton icon="copy" label={`${words.duplicate}: ${plan.title}`} onClick={() => { void duplicatePlan(plan); closeDialog() }} />
      <IconButton icon="trash" label={`${words.remove}: ${plan.title}`} onClick={(event) => { leaveRow(event); void removePlan(plan) }} />
    </li>
  )
}
