// What servers in JavaScript do, with firebase-admin as it is. TestAdminSDK gives it the environment of a service; nothing else
// tells it that it is emulated.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'

const require = createRequire(process.env.SDK + '/')
const { deleteApp, initializeApp } = require('firebase-admin/app')
const { getAuth } = require('firebase-admin/auth')
const { FieldValue, Filter, getFirestore, Timestamp } = require('firebase-admin/firestore')
const { getStorage } = require('firebase-admin/storage')

const project = process.env.GOOGLE_CLOUD_PROJECT
const app = initializeApp({ projectId: project, storageBucket: project })
const db = getFirestore(app)
after(() => deleteApp(app))

test('users, custom tokens and ID tokens', async () => {
  const auth = getAuth(app)
  const user = await auth.createUser({ email: 'haneul@example.com', password: 'first password', displayName: '하늘' })
  await auth.setCustomUserClaims(user.uid, { operator: true })
  const token = await auth.createCustomToken(user.uid, { from: 'a server' })
  const answer = await fetch(`http://${process.env.FIREBASE_AUTH_EMULATOR_HOST}/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=any`, {
    method: 'POST', body: JSON.stringify({ token, returnSecureToken: true }), headers: { 'Content-Type': 'application/json' },
  })
  const { idToken } = await answer.json()
  const claims = await auth.verifyIdToken(idToken, true)
  assert.deepEqual([claims.uid, claims.operator, claims.from], [user.uid, true, 'a server'])
  await auth.revokeRefreshTokens(user.uid)
  assert.equal((await auth.getUserByEmail('haneul@example.com')).displayName, '하늘')
  assert.ok((await auth.listUsers()).users.some((u) => u.uid === user.uid))
  await auth.deleteUser(user.uid)
  await assert.rejects(auth.getUser(user.uid), (e) => e.code === 'auth/user-not-found')
})

// client calls the API as a browser does.
const client = async (method, body) => {
  const response = await fetch(`http://${process.env.FIREBASE_AUTH_EMULATOR_HOST}/identitytoolkit.googleapis.com/v1/accounts:${method}?key=any`, {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}
const failsWith = (promise, code) => assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code} (${e.message}), want ${code}`))

test('a change of the account revokes tokens and session cookies', async () => {
  const auth = getAuth(app)
  let password = 'first password', number = 0
  const changes = {
    'own password': ({ idToken }) => client('update', { idToken, password: password = 'second password' }),
    'own email': ({ idToken }) => client('update', { idToken, email: `moved${number}@example.com` }),
    'password by a server': ({ uid }) => auth.updateUser(uid, { password: password = 'third password' }),
    'email by a server': ({ uid }) => auth.updateUser(uid, { email: `served${number}@example.com` }),
    'password reset': async ({ email }) => client('resetPassword', {
      oobCode: new URL(await auth.generatePasswordResetLink(email)).searchParams.get('oobCode'), newPassword: password = 'fourth password',
    }),
    'changed email': async ({ email }) => client('update', {
      oobCode: new URL(await auth.generateVerifyAndChangeEmailLink(email, `verified${number}@example.com`)).searchParams.get('oobCode'),
    }),
  }
  for (const [name, change] of Object.entries(changes)) {
    const email = `revoked${number++}@example.com`
    password = 'first password'
    const { uid } = await auth.createUser({ email, password })
    const { idToken } = await client('signInWithPassword', { email, password })
    const cookie = await auth.createSessionCookie(idToken, { expiresIn: 3600_000 })
    await auth.verifySessionCookie(cookie, true)
    const after = await change({ uid, email, idToken })
    await failsWith(auth.verifyIdToken(idToken, true), 'auth/id-token-revoked')
    await failsWith(auth.verifySessionCookie(cookie, true), 'auth/session-cookie-revoked')
    const user = await auth.getUser(uid)
    if (name.startsWith('own')) {
      const { auth_time } = await auth.verifyIdToken(after.idToken, true)
      assert.equal(auth_time * 1000, Date.parse(user.tokensValidAfterTime), name)
      await auth.verifySessionCookie(await auth.createSessionCookie(after.idToken, { expiresIn: 3600_000 }), true)
    }
    const again = await client('signInWithPassword', { email: user.email, password })
    await auth.verifyIdToken(again.idToken, true)
  }
})

test('what a server does with accounts', async () => {
  const auth = getAuth(app)
  const { idToken, localId: uid } = await client('signUp', { email: 'managed@example.com', password: 'a password' })
  const settings = { url: 'https://example.com/done', handleCodeInApp: true }
  for (const url of [
    await auth.generateEmailVerificationLink('managed@example.com', settings), await auth.generatePasswordResetLink('managed@example.com', settings),
    await auth.generateSignInWithEmailLink('managed@example.com', settings), await auth.generateVerifyAndChangeEmailLink('managed@example.com', 'next@example.com', settings),
  ]) assert.equal(new URL(url).searchParams.get('continueUrl'), settings.url)
  await failsWith(auth.generateEmailVerificationLink('nobody@example.com'), 'auth/user-not-found')
  await auth.updateUser(uid, { providerToLink: { providerId: 'google.com', uid: 'g1' }, phoneNumber: '+15555550100', displayName: null })
  assert.deepEqual((await auth.getUserByProviderUid('google.com', 'g1')).providerData.map((p) => p.providerId).sort(), ['google.com', 'password', 'phone'])
  await auth.verifyIdToken(idToken, true) // none of this ends a session
  await failsWith(auth.createUser({ phoneNumber: '+15555550100' }), 'auth/phone-number-already-exists')
  await failsWith(auth.createUser({ email: 'managed@example.com' }), 'auth/email-already-exists')
  await failsWith(auth.createUser({ uid }), 'auth/uid-already-exists')
  await auth.updateUser(uid, { disabled: true })
  await failsWith(auth.verifyIdToken(idToken, true), 'auth/user-disabled')
  await auth.updateUser(uid, { disabled: false, providersToUnlink: ['google.com', 'phone'] })
  assert.equal((await auth.getUser(uid)).phoneNumber, undefined)
  const { users, notFound } = await auth.getUsers([{ uid }, { email: 'managed@example.com' }, { phoneNumber: '+15555550100' }])
  assert.deepEqual([users.length, notFound.length], [1, 1])
  const { successCount, errors } = await auth.importUsers([{ uid: 'imported', email: 'imported@example.com' }, { uid: 'x'.repeat(200) }])
  assert.deepEqual([successCount, errors.length], [1, 1])
  assert.deepEqual((await auth.deleteUsers([uid, 'imported', 'nobody'])).failureCount, 0)
  await failsWith(auth.verifyIdToken(idToken, true), 'auth/user-not-found')
  await failsWith(auth.createSessionCookie('none', { expiresIn: 3600_000 }), 'auth/invalid-id-token')
})

test('documents and queries', async () => {
  const users = db.collection('users')
  const ref = users.doc('하늘')
  await ref.create({ username: 'haneul', createdAt: FieldValue.serverTimestamp(), n: 1, tags: ['a'] })
  await assert.rejects(ref.create({}), (e) => e.code === 6)
  await ref.update({ n: FieldValue.increment(2), tags: FieldValue.arrayUnion('b') })
  await ref.set({ nested: { deep: [1, { x: null }] } }, { merge: true })
  const data = (await ref.get()).data()
  assert.ok(data.createdAt instanceof Timestamp)
  assert.deepEqual([data.n, data.tags, data.nested], [3, ['a', 'b'], { deep: [1, { x: null }] }])
  await assert.rejects(users.doc('nobody').update({ n: 1 }), (e) => e.code === 5)

  const writer = db.bulkWriter()
  for (let i = 0; i < 50; i++) writer.set(db.doc(`numbers/${String(i).padStart(2, '0')}`), { n: i, odd: i % 2 === 1 })
  await writer.close()
  const numbers = db.collection('numbers')
  assert.equal((await numbers.count().get()).data().count, 50)
  assert.deepEqual((await numbers.orderBy('n', 'desc').offset(1).limit(3).get()).docs.map((d) => d.data().n), [48, 47, 46])
  assert.deepEqual((await numbers.where(Filter.or(Filter.where('n', '<', 2), Filter.where('n', '==', 49))).orderBy('n').get()).docs.map((d) => d.data().n), [0, 1, 49])
  const all = await db.getAll(db.doc('numbers/07'), db.doc('numbers/none'))
  assert.deepEqual(all.map((d) => d.exists), [true, false])
  assert.deepEqual((await db.listCollections()).map((c) => c.id).sort(), ['numbers', 'users'])
  let streamed = 0
  for await (const d of numbers.where('n', '>=', 40).stream()) streamed += d.exists ? 1 : 0
  assert.equal(streamed, 10)
  await db.recursiveDelete(numbers)
  assert.equal((await numbers.get()).size, 0)
})

test('transactions take turns', async () => {
  const counter = db.doc('counters/one')
  await counter.set({ n: 0 })
  await Promise.all(Array.from({ length: 10 }, () => db.runTransaction(async (tx) => {
    tx.update(counter, { n: (await tx.get(counter)).data().n + 1 })
  }, { maxAttempts: 20 })))
  assert.equal((await counter.get()).data().n, 10)
  await assert.rejects(db.runTransaction(async (tx) => { tx.update(counter, { n: -1 }); throw new Error('changed my mind') }), /changed my mind/)
  assert.equal((await counter.get()).data().n, 10)
  await db.runTransaction(async (tx) => assert.equal((await tx.get(counter)).data().n, 10), { readOnly: true })
})

test('listeners hear each change', async () => {
  const room = db.collection('rooms')
  const heard = []
  let changed
  const until = async (size) => { while (heard.length < size) await new Promise((go) => { changed = go }) }
  const stop = room.orderBy('n').onSnapshot((s) => { heard.push(s.docs.map((d) => d.id).join()); changed?.() })
  await until(1)
  await room.doc('b').set({ n: 2 })
  await until(2)
  await room.doc('a').set({ n: 1 })
  await until(3)
  await room.doc('b').delete()
  await until(4)
  stop()
  assert.deepEqual(heard, ['', 'b', 'a,b', 'a'])
})

test('objects', async () => {
  const bucket = getStorage(app).bucket()
  const file = bucket.file('lectures/데모대학교/list.json')
  await file.save('[{"title":"운영체제"}]', { contentType: 'application/json', gzip: true, resumable: false })
  assert.equal((await file.download()).toString(), '[{"title":"운영체제"}]')
  assert.deepEqual([(await file.getMetadata())[0].contentEncoding, (await file.exists())[0]], ['gzip', true])
  await bucket.file('large').save(Buffer.alloc(600_000, 'x'), { resumable: true })
  assert.equal((await bucket.file('large').download())[0].length, 600_000)
  assert.deepEqual((await bucket.getFiles({ prefix: 'lectures/' }))[0].map((f) => f.name), ['lectures/데모대학교/list.json'])
  await assert.rejects(file.save('x', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }), (e) => e.code === 412)
  await file.delete()
  await assert.rejects(file.download(), (e) => e.code === 404)
})
