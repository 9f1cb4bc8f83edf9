// Which view and which dialog are open. The view is in the address, so that the Back button of a phone closes it.

import { signal } from '@preact/signals'
import type { OwnLecture } from './types.ts'

export const views = ['timetable', 'search', 'lectures', 'account'] as const
export type View = (typeof views)[number]

const fromAddress = (): View => views.find((view) => `#${view}` === location.hash) ?? 'timetable'

export const view = signal<View>(fromAddress())

addEventListener('popstate', () => { view.value = fromAddress() })

/** Opens a view. From the timetable that is a step that Back undoes; between the others it is not. */
export function open(next: View): void {
  if (next === view.value) return
  const address = next === 'timetable' ? location.pathname : `#${next}`
  if (view.value === 'timetable') history.pushState(null, '', address)
  else history.replaceState(null, '', address)
  view.value = next
}

/** The dialog that is open. */
export type Dialog =
  | { readonly name: 'semester' | 'plans' | 'share' | 'friends' | 'planner' | 'signin' | 'username' | 'password' | 'delete' | 'news' }
  | { readonly name: 'lecture'; readonly lecture?: OwnLecture; readonly times?: OwnLecture['times'] }

export const dialog = signal<Dialog | undefined>(undefined)

export function openDialog(next: Dialog): void {
  dialog.value = next
}

export function closeDialog(): void {
  dialog.value = undefined
}

/** Whether there is room for the list beside the timetable. */
const wideQuery = matchMedia('(min-width: 60rem)')
export const wide = signal(wideQuery.matches)
wideQuery.addEventListener('change', () => { wide.value = wideQuery.matches })

/** Whether the semester's plans are next to each other. */
export const sideBySide = signal(false)

export const online = signal(navigator.onLine)
addEventListener('online', () => { online.value = true })
addEventListener('offline', () => { online.value = false })
