// Says why something failed, and what to do, in words for a student.

import { t } from '../i18n/index.ts'
import { notify } from '../model/notice.ts'
import { loadStopMessage } from './publicdata.ts'

/** The code of an error of Firebase ("permission-denied", "auth/weak-password") or of a service ("too-many-attempts"). */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code).replace(/^firestore\//, '') : ''
}

/** Explains a failed sign-in, sign-up or change of an account. */
export function explain(error: unknown): string {
  const words = t.value.failures
  const code = codeOf(error)
  const seconds = typeof error === 'object' && error !== null && 'retryAfter' in error ? Number(error.retryAfter) : NaN
  switch (code) {
    case 'auth/invalid-credential': case 'auth/wrong-password': case 'auth/user-not-found': case 'wrong-credentials': return words.credentials
    case 'auth/user-disabled': return words.disabled
    case 'auth/email-already-in-use': case 'taken': return words.emailTaken
    case 'auth/invalid-email': case 'auth/missing-email': return words.email
    case 'auth/weak-password': return words.weakPassword
    case 'auth/too-many-requests': case 'too-many-attempts': case 'too-many-calls': return words.tooMany(Number.isFinite(seconds) ? seconds : undefined)
    case 'auth/network-request-failed': case 'network': case 'unavailable': return words.network
    case 'not-fresh': case 'signed-out': case 'auth/requires-recent-login': return words.again
    case 'too-late': return words.tooLate
    case 'username': return t.value.usernameBad
    case 'username-taken': return words.usernameTaken
    case 'permission-denied': return words.refused
    default: return code.startsWith('auth/') ? words.signInDown(code) : words.unknown(code || String(error))
  }
}

/** What an operator says who has stopped writes, if that is why a write was refused. */
export async function stopMessageOf(error: unknown): Promise<string | undefined> {
  return codeOf(error) === 'permission-denied' ? loadStopMessage() : undefined
}

/** Reports a write that failed; the SDK has taken it back already. */
export async function reportFailedWrite(error: unknown): Promise<void> {
  console.error(error)
  const words = t.value.failures
  const stopped = await stopMessageOf(error)
  notify({ kind: 'failed', text: stopped === undefined ? words.takenBack(explain(error)) : words.stopped(stopped) })
}
