// Sends messages with firebase-admin as it is. TestAdminMessaging gives it the environment of a service. The SDK has no
// setting for the address of Cloud Messaging: an HTTP agent, an option of the SDK, connects to the emulator, and
// http2.connect, which the SDK calls to send several messages, is replaced.
import assert from 'node:assert/strict'
import http2 from 'node:http2'
import https from 'node:https'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { after, test } from 'node:test'

const require = createRequire(process.env.SDK + '/')
const { deleteApp, initializeApp } = require('firebase-admin/app')
const { getMessaging } = require('firebase-admin/messaging')

const { GOOGLE_CLOUD_PROJECT: project, FCM_EMULATOR_HOST: address } = process.env
const [host, port] = [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))]

class EmulatorAgent extends https.Agent {
  createConnection() { return net.connect({ host, port }) }
}

const connect = http2.connect
require('node:http2').connect = (_, options) => {
  const session = connect(`http://${address}`, options)
  const request = session.request.bind(session)
  session.request = (headers) => request({ ...headers, ':scheme': 'http' }) // the SDK writes "https:", which HTTP/2 does not have
  return session
}
syncBuiltinESMExports()

const credential = { getAccessToken: async () => ({ access_token: 'any', expires_in: 3600 }) }
const app = initializeApp({ projectId: project, credential, httpAgent: new EmulatorAgent() })
const messaging = getMessaging(app)
after(() => deleteApp(app))

const control = async (method, path, body) => {
  const response = await fetch(`http://${address}/emulator/v1/projects/${project}/${path}`, { method, body: body && JSON.stringify(body) })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}
const register = (device = {}) => control('POST', 'devices', device)
const shown = async (token) => ((await control('GET', 'devices/' + token)).shown ?? []).map((one) => one.title)
const fails = (promise, code) => assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code} (${e.message}), want ${code}`))

test('topics, and a message to one', async () => {
  const [phone, tablet, other] = await Promise.all([register(), register({ platform: 'IOS' }), register({ platform: 'CHROME' })])
  const { successCount, errors } = await messaging.subscribeToTopic([phone.token, tablet.token, 'none'], 'lecture')
  assert.equal(successCount, 2)
  assert.deepEqual([errors.length, errors[0].index, errors[0].error.code], [1, 2, 'messaging/invalid-registration-token'])
  const name = await messaging.send({
    topic: 'lecture', notification: { title: 'Room' }, data: { lecture: '1' },
    android: { ttl: 3600_000, collapseKey: 'room', priority: 'high', notification: { tag: 'room', channelId: 'rooms' } },
    apns: { headers: { 'apns-collapse-id': 'room' }, payload: { aps: { badge: 1, contentAvailable: true, alert: { title: 'Room' } } } },
    webpush: { headers: { TTL: '60' }, notification: { tag: 'room' }, fcmOptions: { link: 'https://heek.kr/' } },
  })
  assert.match(name, new RegExp(`^projects/${project}/messages/`))
  assert.deepEqual([await shown(phone.token), await shown(tablet.token), await shown(other.token)], [['Room'], ['Room'], []])
  await messaging.unsubscribeFromTopic(phone.token, 'lecture')
  await messaging.send({ condition: "'lecture' in topics && !('muted' in topics)", notification: { title: 'Time' } })
  assert.deepEqual([await shown(phone.token), await shown(tablet.token)], [['Room'], ['Room', 'Time']])
})

test('several messages over HTTP/2, and over HTTP/1.1', async () => {
  const devices = await Promise.all(Array.from({ length: 20 }, () => register()))
  const tokens = devices.map((d) => d.token)
  const multicast = { tokens: [...tokens, 'none'], notification: { title: 'News' } }
  const sent = await messaging.sendEachForMulticast(multicast)
  assert.deepEqual([sent.successCount, sent.failureCount, sent.responses[20].error.code], [20, 1, 'messaging/invalid-argument'])
  const dry = await messaging.sendEach(tokens.map((token) => ({ token, notification: { title: 'Dry' } })), true)
  assert.equal(dry.successCount, 20)
  const legacy = getMessaging(initializeApp({ projectId: project, credential, httpAgent: new EmulatorAgent() }, 'legacy'))
  legacy.enableLegacyHttpTransport()
  after(() => deleteApp(legacy.app))
  assert.equal((await legacy.sendEachForMulticast(multicast)).successCount, 20)
  for (const token of tokens) assert.deepEqual(await shown(token), ['News', 'News'])
})

test('errors', async () => {
  const { token } = await register()
  for (const [code, want] of Object.entries({
    UNREGISTERED: 'registration-token-not-registered', INVALID_ARGUMENT: 'invalid-argument', SENDER_ID_MISMATCH: 'mismatched-credential',
    QUOTA_EXCEEDED: 'message-rate-exceeded', THIRD_PARTY_AUTH_ERROR: 'third-party-auth-error', INTERNAL: 'internal-error',
  })) {
    await control('POST', 'faults', { code, times: 1 })
    await fails(messaging.send({ token }), 'messaging/' + want)
  }
  await fails(messaging.send({ topic: 't', data: { from: 'x' } }), 'messaging/invalid-argument')
  await fails(messaging.send({ topic: 't', data: { k: 'x'.repeat(2048) } }), 'messaging/invalid-argument')
  await control('DELETE', 'devices/' + token)
  await fails(messaging.send({ token }), 'messaging/registration-token-not-registered')
  const { errors } = await messaging.subscribeToTopic(token, 't')
  assert.equal(errors[0].error.code, 'messaging/registration-token-not-registered')
})
