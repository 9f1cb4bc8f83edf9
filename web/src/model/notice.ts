// The message at the bottom of the screen: what was done, with its undo, or why something failed.

import { signal } from '@preact/signals'

export interface Notice {
  readonly text: string
  readonly kind: 'done' | 'failed'
  readonly undo?: () => void
}

export const notice = signal<Notice | undefined>(undefined)

let timer = 0

/** Shows a message for some seconds; failures stay longer. */
export function notify(next: Notice): void {
  clearTimeout(timer)
  notice.value = next
  timer = setTimeout(dismissNotice, next.kind === 'failed' ? 12_000 : 6_000) as unknown as number
}

export function dismissNotice(): void {
  clearTimeout(timer)
  notice.value = undefined
}
