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
