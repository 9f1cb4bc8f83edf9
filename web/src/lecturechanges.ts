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
  /** Whether nobody has written it since it was added. Such a lecture has what the list had. Absent: that is not known. */
  readonly untouched?: boolean
  /** Whether the server has not saved it yet. */
  readonly waiting?: boolean
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
  /** Fields that differ, and the student may have edited them or not: shown as such, and written by "take over". */
  readonly unsure: readonly ProposedField[]
}

/** What to show, and what to remember. */
export interface Comparison {
  readonly proposals: readonly Proposal[]
  /**
   * Not all changes are known, or some change has too many lectures for its document: compare the own lectures with the
   * whole list instead (compareWithList).
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
 * `truncated` says that there were older changes, which are not among these: another value may then come from one of them.
 */
export function compareWithChanges(own: readonly OwnLecture[], changes: readonly ListChange[], seen: number, truncated = false): Comparison {
  const { all, incomplete } = historiesOf(changes, seen)
  const proposals: Proposal[] = []
  for (const lecture of own) {
    const history = historyOf(lecture, all)
    const proposal = history && propose(lecture, history, !truncated && !incomplete)
    if (proposal) proposals.push(proposal)
  }
  return { proposals, incomplete: incomplete || truncated, seen: Math.max(seen, ...changes.map((c) => c.at)) }
}

/** The histories of all lectures in changes after `seen`, and whether a change does not list its lectures. */
function historiesOf(changes: readonly ListChange[], seen: number): { all: History[]; incomplete: boolean } {
  const byCode = new Map<string, History>()
  const all: History[] = []
  let incomplete = false
  for (const change of changes.filter((c) => c.at > seen).sort((a, b) => a.at - b.at)) {
    if (!change.from) continue // the first list: nobody has lectures of an earlier one
    if (!change.complete) incomplete = true
    else follow(change, byCode, all)
  }
  return { all, incomplete }
}

/** A code that lectures exchanged is that of the lecture that had it when the student added it: the first. */
function historyOf({ identifier }: OwnLecture, all: readonly History[]): History | undefined {
  return all.find((h) => h.codes[0] === identifier) ?? all.find((h) => h.codes.includes(identifier))
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

function propose(lecture: OwnLecture, h: History, isKnown: boolean): Proposal | undefined {
  if (!h.listed) return removal(lecture)
  const proposal = { id: lecture.id, kind: 'update' as const, fields: [] as ProposedField[], edited: [] as ProposedField[], unsure: [] as ProposedField[] }
  for (const [field, values] of h.values) {
    const before = lecture[field]
    const after = values[values.length - 1]
    if (same(field, before, after)) continue
    const was = values.slice(0, -1).some((v) => same(field, v, before))
    if (isKnown && same(field, values[0], after) && !was) continue // undone, and never theirs
    const from = was || (!isKnown && lecture.untouched) ? proposal.fields : isKnown ? proposal.edited : proposal.unsure
    from.push({ field, before, after })
  }
  return proposal.fields.length + proposal.edited.length + proposal.unsure.length > 0 ? proposal : undefined
}

function removal({ id }: OwnLecture): Proposal {
  return { id, kind: 'removed', fields: [], edited: [], unsure: [] }
}

/**
 * Compares own lectures with the whole list, for changes that are incomplete. A value that a change names, or that an
 * untouched lecture has, was the list's; of others, nothing says whether the student has edited them.
 */
export function compareWithList(own: readonly OwnLecture[], list: readonly LectureFields[], changes: readonly ListChange[] = []): Proposal[] {
  const byCode = new Map(list.map((l) => [l.identifier, l]))
  const { all } = historiesOf(changes, 0)
  const proposals: Proposal[] = []
  for (const lecture of own) {
    if (lecture.identifier === '') continue // typed by hand
    const history = historyOf(lecture, all)
    const listed = byCode.get(history?.code ?? lecture.identifier)
    if (!listed) {
      proposals.push(removal(lecture))
      continue
    }
    const differing = fields
      .filter((field) => !same(field, lecture[field], listed[field]))
      .map((field) => ({ field, before: lecture[field], after: listed[field] }))
    const wasListed = ({ field, before }: ProposedField): boolean =>
      lecture.untouched === true || field === 'identifier' || (history?.values.get(field) ?? []).some((v) => same(field, v, before))
    const proposed = differing.filter(wasListed)
    const unsure = differing.filter((one) => !wasListed(one))
    if (differing.length > 0) proposals.push({ id: lecture.id, kind: 'update', fields: proposed, edited: [], unsure })
  }
  return proposals
}

/** The fields to write when the student takes a proposal over; the caller adds updatedAt. */
export function takeOver(proposal: Proposal): Partial<Record<keyof LectureFields, unknown>> {
  return Object.fromEntries([...proposal.fields, ...proposal.unsure].map((f) => [f.field, f.after]))
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
