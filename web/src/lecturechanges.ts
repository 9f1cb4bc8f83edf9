// Compares a student's own lectures with what changed in the course list, and proposes what to take over. It never
// writes: the app shows a proposal, and the student takes it over or keeps what is. docs/list-changes.md describes
// the changes, docs/push.md this file. No dependencies, so that tests and every client can use it.

/** One meeting a week, as in Firestore. */
export interface LectureTime {
  readonly weekday: number
  readonly timeBegin: number
  readonly timeEnd: number
  readonly room: string
}

/** The fields of a lecture that a change can propose. */
export interface LectureFields {
  readonly identifier: string
  readonly title: string
  readonly professor: string
  readonly credit: number
  readonly times: readonly LectureTime[]
  readonly category: readonly string[]
  readonly metas: readonly { readonly type: string; readonly name: string }[]
}

/** How one lecture differs between two lists: an entry of `lectures` in a change document. */
export interface LectureChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'moved'
  readonly identifier: string
  readonly title: string
  readonly before: Partial<LectureFields>
  readonly after: Partial<LectureFields>
}

/** What a change document says, the oldest first. `at` is comparable: milliseconds, for instance. */
export interface ListChange {
  readonly at: number
  readonly from?: string
  readonly complete: boolean
  readonly lectures: readonly LectureChange[]
}

/** A lecture in the student's timetable. */
export interface OwnLecture extends LectureFields {
  readonly id: string
}

/** One field of a proposal. `before` is what the student has. */
export interface ProposedField {
  readonly field: keyof LectureFields
  readonly before: unknown
  readonly after: unknown
}

/** What the app shows for one lecture of the student. */
export interface Proposal {
  /** The document of the lecture. */
  readonly id: string
  /** `removed`: the school no longer lists it. `update`: fields to take over. */
  readonly kind: 'removed' | 'update'
  /** Fields that "take over" writes. */
  readonly fields: readonly ProposedField[]
  /** Fields that the school changed and the student has edited by hand: shown, and never written by "take over". */
  readonly edited: readonly ProposedField[]
}

/** What to show, and what to remember. */
export interface Comparison {
  readonly proposals: readonly Proposal[]
  /**
   * Some change has too many lectures for its document: compare the own lectures with the whole list instead
   * (compareWithList).
   */
  readonly incomplete: boolean
  /** The time of the newest change: remember it once the student has decided. */
  readonly seen: number
}

const fields = ['identifier', 'title', 'professor', 'credit', 'times', 'category', 'metas'] as const

/** What became of one lecture in all changes together. */
interface History {
  readonly codes: string[]
  code: string
  listed: boolean
  /** Every value that a field had in the lists, the newest last. */
  readonly values: Map<keyof LectureFields, unknown[]>
}

/**
 * Compares own lectures of a semester with its changes after `seen`, which may be in any order. A field is proposed if
 * the student has a value that the list had, so that it can only come from there; it is listed as edited if the student
 * has any other value. A value that the list has again is no proposal, and neither is one that the student has.
 */
export function compareWithChanges(own: readonly OwnLecture[], changes: readonly ListChange[], seen: number): Comparison {
  const news = changes.filter((c) => c.at > seen).sort((a, b) => a.at - b.at)
  const byCode = new Map<string, History>()
  const all: History[] = []
  let incomplete = false
  for (const change of news) {
    if (!change.from) continue // the first list: nobody has lectures of an earlier one
    if (!change.complete) incomplete = true
    else follow(change, byCode, all)
  }
  const proposals: Proposal[] = []
  for (const lecture of own) {
    // A code that lectures exchanged is that of the lecture that had it when the student added it: the first.
    const history = all.find((h) => h.codes[0] === lecture.identifier) ?? all.find((h) => h.codes.includes(lecture.identifier))
    const proposal = history && propose(lecture, history)
    if (proposal) proposals.push(proposal)
  }
  return { proposals, incomplete, seen: news.length > 0 ? news[news.length - 1]!.at : seen }
}

/** Adds a change to the histories. Codes move all at the same time: lectures may exchange theirs. */
function follow(change: ListChange, byCode: Map<string, History>, all: History[]): void {
  const of = (code: string): History => {
    let h = byCode.get(code)
    if (!h) {
      h = { codes: [code], code, listed: true, values: new Map() }
      byCode.set(code, h)
      all.push(h)
    }
    return h
  }
  const moves = change.lectures.filter((l) => l.kind === 'moved').map((l) => ({ l, h: of(String(l.before.identifier)) }))
  for (const { h } of moves) byCode.delete(h.code)
  for (const l of change.lectures) if (l.kind !== 'moved') apply(of(l.identifier), l)
  for (const { l, h } of moves) {
    apply(h, l)
    h.code = l.identifier
    h.codes.push(l.identifier)
    byCode.set(l.identifier, h)
  }
}

function apply(h: History, l: LectureChange): void {
  h.listed = l.kind !== 'removed'
  for (const field of fields) {
    for (const value of [l.before[field], l.after[field]]) {
      if (value === undefined) continue
      const values = h.values.get(field) ?? []
      values.push(value)
      h.values.set(field, values)
    }
  }
}

function propose(lecture: OwnLecture, h: History): Proposal | undefined {
  if (!h.listed) return { id: lecture.id, kind: 'removed', fields: [], edited: [] }
  const proposed: ProposedField[] = []
  const edited: ProposedField[] = []
  for (const [field, values] of h.values) {
    const before = lecture[field]
    const after = values[values.length - 1]
    if (same(field, before, after)) continue
    if (same(field, values[0], after) && !values.some((v) => same(field, v, before))) continue // undone, and never theirs
    const known = values.slice(0, -1).some((v) => same(field, v, before))
    ;(known ? proposed : edited).push({ field, before, after })
  }
  if (proposed.length === 0 && edited.length === 0) return undefined
  return { id: lecture.id, kind: 'update', fields: proposed, edited }
}

/**
 * Compares own lectures with the whole list, for changes that are incomplete. Nothing says what the list had before, so
 * everything that differs counts as edited, and nothing is proposed silently.
 */
export function compareWithList(own: readonly OwnLecture[], list: readonly LectureFields[]): Proposal[] {
  const byCode = new Map(list.map((l) => [l.identifier, l]))
  const proposals: Proposal[] = []
  for (const lecture of own) {
    if (lecture.identifier === '') continue // typed by hand
    const listed = byCode.get(lecture.identifier)
    if (!listed) {
      proposals.push({ id: lecture.id, kind: 'removed', fields: [], edited: [] })
      continue
    }
    const edited = fields
      .filter((field) => !same(field, lecture[field], listed[field]))
      .map((field) => ({ field, before: lecture[field], after: listed[field] }))
    if (edited.length > 0) proposals.push({ id: lecture.id, kind: 'update', fields: [], edited })
  }
  return proposals
}

/** The fields to write when the student takes a proposal over; the caller adds updatedAt. */
export function takeOver(proposal: Proposal): Partial<Record<keyof LectureFields, unknown>> {
  return Object.fromEntries(proposal.fields.map((f) => [f.field, f.after]))
}

/** Whether two values read the same: spaces, composed letters, and the order of meetings and tags mean nothing. */
export function same(field: keyof LectureFields, a: unknown, b: unknown): boolean {
  return JSON.stringify(normal(field, a)) === JSON.stringify(normal(field, b))
}

function normal(field: string, value: unknown): unknown {
  if (typeof value === 'string') return field === 'identifier' ? value : wording(value)
  if (!Array.isArray(value)) return value
  const entries = value.map((entry: unknown) => {
    if (typeof entry === 'string') return wording(entry)
    const e = entry as Record<string, unknown>
    return Object.keys(e)
      .sort()
      .map((key) => [key, typeof e[key] === 'string' ? wording(e[key] as string) : e[key]])
  })
  return field === 'category' ? entries : entries.map((e) => JSON.stringify(e)).sort()
}

function wording(text: string): string {
  // Full-width forms of ASCII, and the ideographic space: other compatibility forms may be a change.
  const narrow = text.replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/\u3000/g, ' ')
  return narrow.normalize('NFC').split(/\s+/).filter(Boolean).join(' ')
}
