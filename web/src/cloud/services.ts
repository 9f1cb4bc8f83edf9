// The services behind Hosting: sign-in of old accounts, deleting an account, notifications. docs/sign-in.md, docs/deleting.md,
// docs/push.md

/** A response outside 2xx, or none. */
export class ServiceError extends Error {
  override name = 'ServiceError'
  readonly code: string
  /** Seconds until another attempt makes sense. */
  readonly retryAfter: number | undefined

  constructor(code: string, message: string, retryAfter?: number) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}

async function call(method: 'POST' | 'DELETE', path: string, body?: unknown, idToken?: string): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (idToken) headers['Authorization'] = `Bearer ${idToken}`
  let response: Response
  try {
    response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  } catch (error) {
    throw new ServiceError('network', String(error))
  }
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.ok) return answer
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN)
  throw new ServiceError(
    String(answer['code'] ?? 'unavailable'), String(answer['message'] ?? response.status),
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  )
}

/** The domain of accounts that have a name and no mailbox. */
const oldDomain = 'user.heektime.heek.kr'

/** The address of what a student enters: old accounts have a name instead of an e-mail address. */
export const addressOf = (id: string): string => (id.includes('@') ? id : `${id}@${oldDomain}`)

/** What a student enters for an address. */
export const idOf = (address: string): string => (address.endsWith(`@${oldDomain}`) ? address.slice(0, -oldDomain.length - 1) : address)

/** Checks an id and a password, of an old account too, and returns a custom token for Authentication. */
export async function login(id: string, password: string): Promise<string> {
  return String((await call('POST', '/login/', { email: addressOf(id), password }))['token'])
}

/** Deletes an account. Returns until when it can be taken back, in milliseconds. The sign-in must be fresh. */
export async function deleteAccount(idToken: string): Promise<number> {
  return Date.parse(String((await call('POST', '/account/delete/', undefined, idToken))['until']))
}

export async function restoreAccount(idToken: string): Promise<void> {
  await call('POST', '/account/restore/', undefined, idToken)
}

/** Subscribes this device to what concerns the student's lectures. Returns the ID of the subscription. */
export async function subscribe(idToken: string, token: string, language: string): Promise<string> {
  return String((await call('POST', '/subscriptions/', { token, language }, idToken))['id'])
}

/** Ends a subscription of the student. */
export async function unsubscribe(idToken: string, id: string): Promise<void> {
  await call('DELETE', `/subscriptions/${id}`, undefined, idToken)
}
