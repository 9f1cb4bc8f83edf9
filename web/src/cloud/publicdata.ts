// Public documents, with Firestore's REST API: what a visitor sees before signing in needs no SDK of 170 kB.
// https://firebase.google.com/docs/firestore/reference/rest

import type { Period, School, Semester } from '../model/types.ts'
import { config, firestoreOrigin } from './config.ts'

/** A value on the wire. https://firebase.google.com/docs/firestore/reference/rest/v1/Value */
export type Value =
  | { readonly stringValue: string }
  | { readonly integerValue: string }
  | { readonly doubleValue: number }
  | { readonly booleanValue: boolean }
  | { readonly timestampValue: string }
  | { readonly referenceValue: string }
  | { readonly nullValue: null }
  | { readonly arrayValue: { readonly values?: readonly Value[] } }
  | { readonly mapValue: { readonly fields?: Readonly<Record<string, Value>> } }

export interface Document {
  readonly name: string
  readonly fields?: Readonly<Record<string, Value>>
}

/** A request that Firestore rejected, or that did not reach it. */
export class RequestError extends Error {
  override name = 'RequestError'
  readonly status: number

  constructor(status: number, what: string) {
    super(`${what}: ${status}`)
    this.status = status
  }
}

/** A value as JavaScript has it. Timestamps become milliseconds. */
export function decode(value: Value): unknown {
  if ('integerValue' in value) return Number(value.integerValue)
  if ('timestampValue' in value) return Date.parse(value.timestampValue)
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(decode)
  if ('mapValue' in value) return decodeFields(value.mapValue.fields)
  return Object.values(value)[0]
}

export function decodeFields(fields: Readonly<Record<string, Value>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, decode(value)]))
}

/** Requests a document, or with a body runs a query. */
export async function request(path: string, body?: unknown): Promise<unknown> {
  const project = await config()
  const documents = `${firestoreOrigin(project)}/v1/projects/${project.projectId}/databases/(default)/documents`
  // As text, a request needs no preflight. The SDKs do the same.
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'text/plain' } }
  const separator = path.includes('?') ? '&' : '?'
  const response = await fetch(`${documents}${path}${separator}key=${encodeURIComponent(project.apiKey)}`, init)
  if (!response.ok) throw new RequestError(response.status, path)
  return response.json()
}

export const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** The name of a document on the wire, by its path. */
export async function documentName(path: string): Promise<string> {
  return `projects/${(await config()).projectId}/databases/(default)/documents/${path}`
}

/** Path below the database's root. */
export const pathOf = (name: string): string => name.slice(name.indexOf('/documents/') + '/documents/'.length)

/** All schools, by name. */
export async function loadSchools(): Promise<School[]> {
  const schools: School[] = []
  let page = ''
  do {
    const answer = (await request(`/schools?pageSize=300${page && `&pageToken=${encodeURIComponent(page)}`}`)) as {
      documents?: Document[]
      nextPageToken?: string
    }
    for (const { name, fields } of answer.documents ?? []) {
      const id = pathOf(name).split('/')[1]!
      schools.push({ id, name: String(decodeFields(fields)['name'] ?? id) })
    }
    page = answer.nextPageToken ?? ''
  } while (page)
  return schools.sort((a, b) => a.name.localeCompare(b.name, 'ko'))
}

export async function loadSchool(id: string): Promise<School> {
  const document = (await request(`/schools/${encodeURIComponent(id)}`)) as Document
  return { id, name: String(decodeFields(document.fields)['name'] ?? id) }
}

/** The semesters of a school that users may choose, newest first. */
export async function loadSemesters(school: string): Promise<Semester[]> {
  const answer = (await request(`/schools/${encodeURIComponent(school)}:runQuery`, {
    structuredQuery: {
      from: [{ collectionId: 'semesters' }],
      where: { fieldFilter: { field: { fieldPath: 'status' }, op: 'EQUAL', value: { stringValue: 'normal' } } },
    },
  })) as { document?: Document }[]
  const semesters = answer.flatMap(({ document }) => (document ? [semesterOf(pathOf(document.name), decodeFields(document.fields))] : []))
  return semesters.sort((a, b) => (a.path < b.path ? 1 : -1))
}

/** A semester by its path, undefined if there is none. */
export async function loadSemester(path: string): Promise<Semester | undefined> {
  try {
    const document = (await request(`/${encoded(path)}`)) as Document
    return semesterOf(path, decodeFields(document.fields))
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined
    throw error
  }
}

/** A semester of its document's fields, whose times are milliseconds. */
export function semesterOf(path: string, fields: Record<string, unknown>): Semester {
  const { year, term, periods, lecturesUrl, listChangedAt, listCheckedAt } = fields
  return {
    path,
    year: Number(year ?? 0),
    term: String(term ?? ''),
    periods: Array.isArray(periods) ? (periods as Period[]) : [],
    ...(typeof lecturesUrl === 'string' ? { lecturesUrl } : {}),
    ...(typeof listChangedAt === 'number' ? { listChangedAt } : {}),
    ...(typeof listCheckedAt === 'number' ? { listCheckedAt } : {}),
  }
}

/** Announcements of the moment. docs/announcements.md has the query; the rules allow no other. */
export async function loadAnnouncements(school: string | undefined): Promise<Announcement[]> {
  const now = new Date()
  const field = (fieldPath: string, op: string, value: Value) => ({ fieldFilter: { field: { fieldPath }, op, value } })
  const time: Value = { timestampValue: now.toISOString() }
  const audiences = ['all', ...(school ? [school] : [])].map((stringValue) => ({ stringValue }))
  const answer = (await request(':runQuery', {
    structuredQuery: {
      from: [{ collectionId: 'announcements' }],
      where: {
        compositeFilter: {
          op: 'AND',
          filters: [
            field('audience', 'IN', { arrayValue: { values: audiences } }),
            field('from', 'LESS_THAN_OR_EQUAL', time),
            field('until', 'GREATER_THAN', time),
          ],
        },
      },
      orderBy: [{ field: { fieldPath: 'from' }, direction: 'DESCENDING' }],
      limit: 20,
    },
  })) as { document?: Document }[]
  return answer.flatMap(({ document }) => {
    if (!document) return []
    const fields = decodeFields(document.fields)
    return [{
      id: pathOf(document.name), korean: String(fields['korean']), english: String(fields['english']),
      from: Number(fields['from']), until: Number(fields['until']),
    }]
  })
}

/** A text for all users, or those of a school. Times are milliseconds. */
export interface Announcement {
  readonly id: string
  readonly korean: string
  readonly english: string
  readonly from: number
  readonly until: number
}

/** How many changes of a course list a query may ask for. */
export const maxChanges = 20

/** The last changes of a course list, newest first, as documents say them: those after a time in milliseconds. */
export async function loadChanges(semester: string, after: number): Promise<Record<string, unknown>[]> {
  const answer = (await request(`/${encoded(semester)}:runQuery`, {
    structuredQuery: {
      from: [{ collectionId: 'changes' }],
      // Times are exact to the microsecond: the change at this time itself would be found again.
      where: { fieldFilter: { field: { fieldPath: 'at' }, op: 'GREATER_THAN_OR_EQUAL', value: { timestampValue: new Date(after + 1).toISOString() } } },
      orderBy: [{ field: { fieldPath: 'at' }, direction: 'DESCENDING' }],
      limit: maxChanges,
    },
  })) as { document?: Document }[]
  return answer.flatMap(({ document }) => (document ? [decodeFields(document.fields)] : []))
}

/** Why an operator has stopped writes, in words for users; undefined if none has. docs/stop.md */
export async function loadStopMessage(): Promise<string | undefined> {
  try {
    const document = (await request('/switches/writes')) as Document
    return String(decodeFields(document.fields)['message'] ?? '')
  } catch {
    return undefined
  }
}
