// What a web page sees of deletions through Firebase's SDK. TestJavaScript sets the environment variables.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'

const { SERVICE_URL: service, AUTH_URL: authServer, FIRESTORE: address, AUTH_PROJECT: project, SDK: sdk, PASSWORD: password } = process.env
const require = createRequire(sdk + '/')
const app = require('firebase/app')
const auth = require('firebase/auth')
const store = require('firebase/firestore')

const apps = []
after(() => Promise.all(apps.map((a) => app.deleteApp(a)))) // otherwise open connections keep Node running
const connect = () => {
  const a = app.initializeApp({ apiKey: 'any-key', projectId: project }, 'app' + apps.length)
  apps.push(a)
  const client = { auth: auth.getAuth(a), db: store.getFirestore(a) }
  auth.connectAuthEmulator(client.auth, authServer, { disableWarnings: true })
  const [host, port] = address.split(':')
  store.connectFirestoreEmulator(client.db, host, Number(port))
  return client
}
const post = async (path, { token, ...body }) => {
  const response = await fetch(service + path, {
    method: 'POST', redirect: 'error', body: token ? undefined : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Origin: 'https://heektime.heek.kr', ...token && { Authorization: 'Bearer ' + token } },
  })
  return { status: response.status, ...await response.json() }
}
const email = 'web@example.com'
const signIn = async () => {
  const client = connect()
  const { token } = await post('/login/', { email, password })
  client.user = (await auth.signInWithCustomToken(client.auth, token)).user
  return client
}
const now = () => store.serverTimestamp()
const until = (ref, wanted) => new Promise((resolve, reject) => {
  const stop = store.onSnapshot(ref, (s) => { if (wanted(s)) { stop(); resolve(s) } }, reject)
})
const denied = (promise) => assert.rejects(promise, (e) => e.code === 'permission-denied' || assert.fail(String(e)))

test('deletes a timetable and an account, and restores the account', { timeout: 60000 }, async () => {
  assert.equal((await post('/register/', { email, password })).status, 201)
  const mine = await signIn()
  const { uid } = mine.user
  const user = store.doc(mine.db, 'users', uid)
  const timetable = (db, id) => store.doc(db, 'users', uid, 'timetables', id)
  const claim = (client, name) => store.runTransaction(client.db, async (tx) => {
    const index = store.doc(client.db, 'indices', 'user', 'usernames', name)
    await tx.get(index)
    tx.set(store.doc(client.db, 'users', uid), { username: name, createdAt: now(), updatedAt: now() })
    tx.set(index, { value: uid })
  })
  await claim(mine, 'webuser')
  const semester = store.doc(mine.db, 'schools', 'korea', 'semesters', '2026-0900')
  for (const id of ['timetable1', 'timetable2']) {
    const batch = store.writeBatch(mine.db)
    batch.set(timetable(mine.db, id), { title: 't', semester, visibility: 'public', createdAt: now(), updatedAt: now() })
    for (const lecture of ['one', 'two']) {
      batch.set(store.doc(timetable(mine.db, id), 'lectures', lecture), {
        identifier: 'A', title: lecture, professor: '', credit: 3, times: [], category: [], metas: [], createdAt: now(), updatedAt: now(),
      })
    }
    await batch.commit()
  }

  // The lectures of a deleted timetable disappear while its owner listens to them.
  const lectures = store.collection(timetable(mine.db, 'timetable1'), 'lectures')
  await until(lectures, (s) => s.size === 2)
  await store.deleteDoc(timetable(mine.db, 'timetable1'))
  await until(lectures, (s) => s.empty)

  // Others immediately see nothing of the account, and listeners of the user document are notified.
  const other = connect()
  const watched = until(store.doc(other.db, 'users', uid), (s) => !s.exists())
  const byName = store.query(store.collection(other.db, 'users'), store.where('username', '==', 'webuser'))
  const publicOnes = store.query(store.collection(other.db, 'users', uid, 'timetables'), store.where('visibility', '==', 'public'),
    store.orderBy('semester', 'desc'), store.orderBy('createdAt', 'desc'), store.limit(20))
  assert.equal((await store.getDocs(byName)).size, 1)
  assert.equal((await store.getDocs(publicOnes)).size, 1)
  const gone = await post('/account/delete/', { token: await mine.user.getIdToken() })
  assert.equal(gone.status, 200)
  await watched
  assert.equal((await store.getDocs(byName)).size, 0)
  await denied(store.getDocs(publicOnes))
  await denied(store.getDoc(timetable(other.db, 'timetable2')))
  await new Promise((resolve) => setTimeout(resolve, 1100)) // sessions end with a precision of a second
  await assert.rejects(mine.user.getIdToken(true), (e) => e.code === 'auth/user-token-expired' || assert.fail(String(e)))

  // A new ID token has the claim, no username can be claimed, and the restore brings everything back.
  const again = await signIn()
  const { claims } = await again.user.getIdTokenResult()
  assert.equal(claims.deletion, Math.floor(new Date(gone.until) / 1000))
  await denied(claim(again, 'another'))
  assert.equal((await post('/account/restore/', { token: await again.user.getIdToken() })).status, 200)
  assert.equal((await again.user.getIdTokenResult(true)).claims.deletion, undefined)
  assert.equal((await store.getDoc(store.doc(again.db, 'users', uid))).data().username, 'webuser')
  assert.equal((await store.getDocs(publicOnes)).size, 1)
  assert.equal((await store.getDocs(store.collection(timetable(again.db, 'timetable2'), 'lectures'))).size, 2)
})
