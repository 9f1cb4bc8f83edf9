// The school and semester on the screen, as the device remembers them.

import { remembered } from './remembered.ts'
import type { School, Semester } from './types.ts'

export interface Choice {
  readonly school: School
  readonly semester: Semester
}

export const chosen = remembered<Choice | null>('choice', null)
