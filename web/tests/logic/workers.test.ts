// The workers and their clients, joined by a pair of ports in one process.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CourseFileError } from '../../src/logic/coursefile.ts'
import { PlannerClient } from '../../src/logic/plannerclient.ts'
import { servePlanner, type PlannerMessage, type PlannerReply } from '../../src/logic/plannerworker.ts'
import { SearchClient } from '../../src/logic/searchclient.ts'
import { serveSearch, type SearchMessage, type SearchReply } from '../../src/logic/searchworker.ts'
import { WorkerLost, type WorkerPort, type WorkerReply, type WorkerScope } from '../../src/logic/workerport.ts'
import { lecture, meeting } from './support.ts'

/** A worker and its page: messages are copied, as between threads, and arrive later, in order. */
function connect<Message, Reply extends WorkerReply>(): { port: WorkerPort<Message, Reply>; scope: WorkerScope<Message, Reply>; fail: (message: string) => void } {
  const listeners = new Map<string, (event: never) => void>()
  const scope: WorkerScope<Message, Reply> = {
    onmessage: null,
    postMessage: (reply) => setImmediate((data: Reply) => (listeners.get('message') as ((event: { data: Reply }) => void) | undefined)?.({ data }), structuredClone(reply)),
  }
  const port: WorkerPort<Message, Reply> = {
    postMessage: (message) => setImmediate((data: Message) => scope.onmessage?.({ data }), structuredClone(message)),
    addEventListener: (type: string, listener: (event: never) => void) => listeners.set(type, listener),
  }
  return { port, scope, fail: (message) => (listeners.get('error') as ((event: { message: string }) => void) | undefined)?.({ message }) }
}

const listed = (title: string, i = 0) => ({ ...lecture({ identifier: `A-${i}`, title }), url: '' })
const file = (...titles: string[]): Uint8Array => new TextEncoder().encode(JSON.stringify(titles.map(listed)))

test('the search worker reads lists and searches the latest', async () => {
  const { port, scope } = connect<SearchMessage, SearchReply>()
  serveSearch(scope)
  const client = new SearchClient(port)
  assert.equal((await client.search({ query: 'x' }))?.hits.length, 0)
  const first = await client.load(file('자료구조', '데이터'), { query: '자료' })
  assert.deepEqual([first.lectures, [...first.result.hits]], [[listed('자료구조'), listed('데이터', 1)], [0]])
  assert.deepEqual([...(await client.search({ query: 'ㄷㅇㅌ' }))!.hits], [1])
  await assert.rejects(client.load(new TextEncoder().encode('{}'), { query: '' }), (error) => error instanceof CourseFileError && /not an array/.test(error.message))
  assert.deepEqual([...(await client.search({ query: 'ㄷㅇㅌ' }))!.hits], [1])
  // Results come in the order of requests: of the older list before the newer one is there, and of that afterwards.
  const order: string[] = []
  const note = (what: string) => (result: { hits: Uint32Array } | undefined): void => { order.push(`${what} ${result && [...result.hits]}`) }
  await Promise.all([
    client.search({ query: 'ㄷㅇㅌ' }).then(note('before')), client.load(file('데이터'), { query: '데' }).then(({ result }) => note('list')(result)),
    client.search({ query: '자료' }).then(note('after')),
  ])
  assert.deepEqual(order, ['before undefined', 'list 0', 'after ']) // the newer search replaced the first
})

test('of searches faster than the worker, only the newest has a result', async () => {
  const { port, scope } = connect<SearchMessage, SearchReply>()
  serveSearch(scope)
  const client = new SearchClient(port)
  await client.load(file('데이터'), { query: '' })
  const results = await Promise.all(['ㄷ', '데', '뎅', '데이', '데잍'].map((query) => client.search({ query })))
  assert.deepEqual(results.map((result) => result && [...result.hits]), [undefined, undefined, undefined, undefined, [0]])
})

test('a worker that fails rejects what waits', async () => {
  const { port, fail } = connect<SearchMessage, SearchReply>()
  const client = new SearchClient(port)
  const waiting = client.search({ query: 'x' })
  fail('out of memory')
  await assert.rejects(waiting, /search worker: out of memory/)
  await assert.rejects(client.load(file('데이터'), { query: '' }), WorkerLost) // at once, and not the list's fault
})

// 12 wishes of 6 alternatives that never clash: two billion combinations, which nothing can finish.
const endless = {
  wishes: Array.from({ length: 12 }, (_, w) => ({
    name: '', must: true, alternatives: Array.from({ length: 6 }, (_, i) => lecture({ identifier: `${w}-${i}`, times: [meeting(i, 100 * w, 100 * w + 30 + i)] })),
  })),
}

test('planning is canceled by another request, by cancel, and by its time', async () => {
  const { port, scope } = connect<PlannerMessage, PlannerReply>()
  servePlanner(scope)
  const client = new PlannerClient(port)
  const first = client.plan(endless, 1e9)
  const second = client.plan({ wishes: [] })
  assert.equal(await first, undefined)
  assert.equal((await second)?.plans.length, 1)
  const third = client.plan(endless, 1e9)
  await client.cancel()
  assert.equal(await third, undefined)
  const result = await client.plan(endless, 0)
  assert.equal(result?.complete, false)
  assert.ok(result.found > 0 && result.plans.length > 0)
  await client.cancel()
})

test('an error of the planner reaches the caller', async () => {
  const { port, scope } = connect<PlannerMessage, PlannerReply>()
  servePlanner(scope)
  await assert.rejects(new PlannerClient(port).plan({} as never))
})
