import { t } from '../i18n/index.ts'
import type { FoundPlan } from '../logic/planner.ts'
import type { PlanMeasures } from '../logic/plannercost.ts'
import type { Reason } from '../logic/plannerreason.ts'
import { formatMinutes } from '../logic/timeslots.ts'
import type { OwnLecture } from '../model/types.ts'
import { Grid } from './grid.tsx'
import { Icon } from './icon.tsx'
import { describeSlots } from './layout.ts'

/** A plan that the planner found, with the student's own blocks. */
export function PlanOption({ plan, label, blocks, use }: { plan: FoundPlan; label: string; blocks: readonly OwnLecture[]; use: () => void }) {
  const lectures = [...plan.lectures.filter((lecture) => lecture !== undefined), ...blocks].map((lecture, i) => ({ ...lecture, id: String(i) }))
  return (
    <li class="option">
      <p class="hint">{describe(plan.measures)}</p>
      <Grid label={label} lectures={lectures} />
      <button type="button" class="primary" onClick={use}>{t.value.useThis}</button>
    </li>
  )
}

/** Credits, free days and gaps, in a line. */
function describe({ credits, freeDays, gapMinutes }: PlanMeasures): string {
  const words = t.value
  const days = freeDays.filter((day) => day < 5).map((day) => words.days[day]).join('·')
  return [words.credit(credits), days && `${words.freeDays} ${days}`, gapMinutes > 0 && words.gaps(Math.floor(gapMinutes / 60), gapMinutes % 60)].filter(Boolean).join(', ')
}

/** Why there is no plan: what the student can change. */
export function Reasons({ reasons, names: all }: { reasons: readonly Reason[]; names: readonly string[] }) {
  const words = t.value
  return (
    <ul class="reasons">
      {reasons.map(({ wishes, rules, example }) => {
        const names = wishes.map((i) => all[i]).join(', ')
        const conditions = rules.map((rule) => words.rules[rule]).join(', ')
        const text = conditions !== '' ? words.impossible(names, conditions) : wishes.length > 1 ? words.together(names, example && describeSlots(example.at, words.days, formatMinutes)) : words.notOffered(names)
        return <li key={text} class="clash-line"><Icon name="alert" /> {text}</li>
      })}
    </ul>
  )
}
