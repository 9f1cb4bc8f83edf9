// Uses the auth service and Firebase Authentication as a web page does, with Firebase's SDK.
// TestJavaScript passes the addresses and the version of the SDK.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const { SERVICE_URL: service, AUTH_URL: server, AUTH_PROJECT: project, SDK: sdk, PASSWORD: password, OLD_ACCOUNTS: oldAccounts } = process.env
const require = createRequire(sdk + '/')
const app = require('firebase/app')
const auth = require('firebase/auth')

let apps = 0
const connect = () => {
  const client = auth.getAuth(app.initializeApp({ apiKey: 'any-key', projectId: project }, 'app' + apps++))
  auth.connectAuthEmulator(client, server, { disableWarnings: true })
  return client
}
const call = async (path, body) => {
  const response = await fetch(service + path, {
    method: 'POST', body: JSON.stringify(body), redirect: 'error',
    headers: { 'Content-Type': 'application/json', Origin: 'https://heektime.heek.kr' },
  })
  return { status: response.status, ...await response.json() }
}
const login = async (client, email, pw) => {
  const { status, uid, token } = await call('/login/', { email, password: pw })
  assert.equal(status, 200)
  const { user } = await auth.signInWithCustomToken(client, token)
  assert.equal(user.uid, uid)
  return user
}
const fails = (promise, ...codes) => assert.rejects(promise, (e) => codes.includes(e.code) || assert.fail(`${e.code}, want ${codes}`))

test('register, log in, refresh, change the password, delete', async () => {
  const email = 'web@example.com'
  const { status, uid } = await call('/register/', { email, password })
  assert.equal(status, 201)
  assert.equal((await call('/register/', { email, password })).status, 409)
  const client = connect()
  const user = await login(client, email, password)
  assert.equal(user.uid, uid)
  const { claims } = await user.getIdTokenResult(true)
  assert.equal(claims.legacy, undefined)
  const direct = await auth.signInWithEmailAndPassword(connect(), email, password)
  assert.equal(direct.user.uid, uid)
  await auth.updatePassword(direct.user, 'newer ' + password)
  assert.equal((await call('/login/', { email, password })).status, 400)
  assert.equal((await login(connect(), email, 'newer ' + password)).uid, uid)
  const last = await auth.signInWithEmailAndPassword(connect(), email, 'newer ' + password)
  await auth.deleteUser(last.user)
  assert.equal((await call('/login/', { email, password: 'newer ' + password })).status, 400)
})

for (const [email, uid] of Object.entries(JSON.parse(oldAccounts))) {
  test('old account ' + uid, async () => {
    await fails(auth.signInWithEmailAndPassword(connect(), email, password), 'auth/user-not-found', 'auth/invalid-credential')
    assert.equal((await call('/login/', { email, password: password + '.' })).status, 400)
    const user = await login(connect(), email, password)
    assert.equal(user.uid, uid)
    const { claims } = await user.getIdTokenResult(true) // the claim survives a refresh
    assert.equal(claims.legacy, true)
    const { user: direct } = await auth.signInWithEmailAndPassword(connect(), email, password)
    assert.equal(direct.uid, uid)
    assert.equal((await direct.getIdTokenResult()).claims.legacy, true)
    await auth.updatePassword(direct, 'newer ' + password)
    assert.equal((await call('/login/', { email, password })).status, 400)
    assert.equal((await login(connect(), email, 'newer ' + password)).uid, uid)
  })
}
