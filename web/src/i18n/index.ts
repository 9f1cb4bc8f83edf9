// The app's words. Korean is first; English has every word, which the compiler checks.

import { computed, effect } from '@preact/signals'
import { remembered } from '../model/remembered.ts'
import { en } from './en.ts'
import { ko } from './ko.ts'

export type Language = 'ko' | 'en'
export type Dictionary = typeof ko

export const language = remembered<Language>('language', navigator.language.startsWith('ko') || !navigator.language ? 'ko' : 'en')

/** The words of the chosen language. */
export const t = computed<Dictionary>(() => (language.value === 'ko' ? ko : en))

effect(() => { document.documentElement.lang = language.value })

/** A day and a time, as in 11월 29일 오후 1:05. */
export function formatTime(milliseconds: number): string {
  return new Intl.DateTimeFormat(language.value, { month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' }).format(milliseconds)
}
