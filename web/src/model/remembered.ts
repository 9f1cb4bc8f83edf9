// Signals that this device remembers. Other tabs follow.

import { effect, signal, type Signal } from '@preact/signals'

const prefix = 'heektime.'

/** Reads what was remembered, undefined if there is nothing, or nothing that can be read. */
export function recall<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(prefix + key)
    return text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

/** Remembers a value. Returns false if the device has no room or forbids it, as private windows may. */
export function remember(key: string, value: unknown): boolean {
  try {
    if (value === undefined) localStorage.removeItem(prefix + key)
    else localStorage.setItem(prefix + key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

/** Calls follow whenever another tab has changed what is remembered. */
export function onElsewhere(key: string, follow: () => void): void {
  addEventListener('storage', (event) => { if (event.key === prefix + key) follow() })
}

/** A signal with a value that is remembered. */
export function remembered<T>(key: string, initial: T): Signal<T> {
  const value = signal<T>(recall<T>(key) ?? initial)
  let known = JSON.stringify(value.value)
  effect(() => {
    const text = JSON.stringify(value.value)
    if (text === known) return
    known = text
    remember(key, value.value)
  })
  onElsewhere(key, () => {
    const now = recall<T>(key) ?? initial
    known = JSON.stringify(now)
    value.value = now
  })
  return value
}
