// Enqueues tasks with firebase-admin as it is. TestAdminTaskQueues gives it the environment of a service, a
// function "resize" at TARGET, and a Functions emulator at the same address.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'

const require = createRequire(process.env.SDK + '/')
const { deleteApp, initializeApp } = require('firebase-admin/app')
const { getFunctions } = require('firebase-admin/functions')

const { GOOGLE_CLOUD_PROJECT: project, CLOUD_TASKS_EMULATOR_HOST: host, TARGET: target } = process.env
const functions = getFunctions(initializeApp({ projectId: project }))
// In an extension, the SDK asks default credentials for an ID token, whose audience is the task's URL.
const credential = { getAccessToken: async () => ({ access_token: 'any', expires_in: 3600 }) }
const other = getFunctions(initializeApp({ projectId: project, credential }, 'other'))
after(() => Promise.all([deleteApp(functions.app), deleteApp(other.app)]))

const fails = (promise, code) => assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code} (${e.message}), want ${code}`))
const api = async (method, path, body) => {
  const response = await fetch(`http://${host}/v2/projects/${project}/locations/${path}`, { method, body: body && JSON.stringify(body) })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}
const createQueue = (location, id) => api('POST', `${location}/queues`, { name: `projects/${project}/locations/${location}/queues/${id}` })
const pending = async (location, id) => (await api('GET', `${location}/queues/${id}/tasks?responseView=FULL`)).tasks ?? []

// received waits for the next request to the target.
const received = async () => (await fetch(`${target}/received`)).json()

test('a task reaches its function', async () => {
  await functions.taskQueue('resize').enqueue({ picture: '하늘' }, { headers: { 'X-Own': 'yes' }, dispatchDeadlineSeconds: 20 })
  const { path, headers, body } = await received()
  assert.equal(path, '/declared')
  assert.deepEqual(JSON.parse(body), { data: { picture: '하늘' } })
  assert.equal(headers['Content-Type'], 'application/json')
  assert.equal(headers['X-Own'], 'yes')
  assert.equal(headers['X-Cloudtasks-Queuename'], 'resize')
  assert.match(headers.Authorization, /^Bearer ey/)
})

test('qualified names, extensions and other URLs', async () => {
  await createQueue('asia-northeast3', 'notify')
  await functions.taskQueue('locations/asia-northeast3/functions/notify').enqueue({})
  assert.equal((await received()).path, `/${project}/asia-northeast3/notify`)
  await functions.taskQueue(`projects/${project}/locations/asia-northeast3/functions/notify`).enqueue({}, { uri: target + '/own?a=b%20c' })
  assert.equal((await received()).path, '/own?a=b%20c')
  await createQueue('us-central1', 'ext-thumbnails-resize')
  await other.taskQueue('resize', 'thumbnails').enqueue({})
  assert.equal((await received()).path, `/${project}/us-central1/ext-thumbnails-resize`)
  await functions.taskQueue('resize', 'thumbnails').enqueue({}, { uri: target + '/extension' })
  const { path, headers } = await received()
  assert.equal(path, '/extension')
  const { aud } = JSON.parse(Buffer.from(headers.Authorization.split('.')[1], 'base64url'))
  assert.equal(aud, target + '/extension')
})

test('tasks that are scheduled can be deleted, and their ids not used again', async () => {
  const queue = functions.taskQueue('resize')
  await queue.enqueue({ n: 1 }, { id: 'one', scheduleDelaySeconds: 3600, dispatchDeadlineSeconds: 1800 })
  const at = new Date(Date.now() + 86400_000)
  await queue.enqueue({ n: 2 }, { id: 'two', scheduleTime: at })
  const [one, two] = await pending('us-central1', 'resize')
  assert.match(one.name, /\/tasks\/one$/)
  assert.equal(one.dispatchDeadline, '1800s')
  const delay = Date.parse(one.scheduleTime) - Date.now()
  assert.ok(delay > 3000_000 && delay <= 3600_000, one.scheduleTime)
  assert.equal(Date.parse(two.scheduleTime), at.getTime())
  assert.deepEqual(JSON.parse(Buffer.from(two.httpRequest.body, 'base64')), { data: { n: 2 } })
  await fails(queue.enqueue({}, { id: 'one' }), 'functions/task-already-exists')
  await queue.delete('one')
  await queue.delete('one') // there is none: the SDK ignores that
  await fails(queue.enqueue({}, { id: 'one' }), 'functions/task-already-exists')
  await queue.delete('two')
  assert.deepEqual(await pending('us-central1', 'resize'), [])
})

test('errors', async () => {
  await fails(functions.taskQueue('none').enqueue({}), 'functions/not-found')
  await fails(functions.taskQueue('resize').enqueue({}, { scheduleTime: new Date(Date.now() + 40 * 86400_000) }), 'functions/invalid-argument')
  await fails(functions.taskQueue('resize').enqueue({ large: 'x'.repeat(1 << 20) }), 'functions/invalid-argument')
})
