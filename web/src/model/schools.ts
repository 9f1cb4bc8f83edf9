// Schools and their semesters, which change a few times a year: they are read at most once a day, and offline are as they were.

import { loadSchools, loadSemesters } from '../cloud/publicdata.ts'
import { recall, remember } from './remembered.ts'
import type { School, Semester } from './types.ts'

const day = 24 * 60 * 60 * 1000

interface Known<Value> {
  readonly at: number
  readonly value: Value
}

async function daily<Value>(key: string, load: () => Promise<Value>): Promise<Value> {
  const known = recall<Known<Value>>(key)
  if (known && Date.now() - known.at < day) return known.value
  try {
    const value = await load()
    remember(key, { at: Date.now(), value })
    return value
  } catch (error) {
    if (known) return known.value
    throw error
  }
}

export const schools = (): Promise<School[]> => daily('schools', loadSchools)

/** The semesters of a school, newest first. */
export const semestersOf = (school: string): Promise<Semester[]> => daily(`semesters/${school}`, () => loadSemesters(school))

/** When the semesters of a school were last read, in milliseconds. */
export const semestersReadAt = (school: string): number => recall<Known<Semester[]>>(`semesters/${school}`)?.at ?? 0

/** The schools that were listed on this device, however long ago. */
export const knownSchools = (): School[] | undefined => recall<Known<School[]>>('schools')?.value
