import {
  CalendarDays, Check, ChevronDown, CircleAlert, CloudOff, Copy, ExternalLink, List, Pencil, Plus, Printer, Redo2, Search,
  Share2, SlidersHorizontal, Smartphone, Trash2, Undo2, User, Users, WandSparkles, X, type IconNode,
} from 'lucide'
import { h } from 'preact'

const icons = {
  alert: CircleAlert, calendar: CalendarDays, check: Check, copy: Copy, device: Smartphone, down: ChevronDown, filters: SlidersHorizontal,
  link: ExternalLink, list: List, offline: CloudOff, edit: Pencil, plus: Plus, print: Printer, redo: Redo2, search: Search,
  share: Share2, trash: Trash2, undo: Undo2, user: User, users: Users, wand: WandSparkles, close: X,
} satisfies Record<string, IconNode>

export type IconName = keyof typeof icons

/** A picture next to words, or in a button that has a label. Screen readers skip it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {icons[name].map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  )
}

/** A button with a picture only. */
export function IconButton({ icon, label, ...rest }: { icon: IconName; label: string; onClick?: (event: MouseEvent) => void; disabled?: boolean; class?: string; 'aria-pressed'?: boolean }) {
  return (
    <button type="button" {...rest} class={`icon-button ${rest.class ?? ''}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  )
}
