// Security rules tested as Firebase's documentation tells one to, with @firebase/rules-unit-testing as it is.
// TestRulesUnitTesting says by the environment where the servers are and which rules to take.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, beforeEach, test } from 'node:test'

const { SDK, FIRESTORE_EMULATOR_HOST, PROJECT, FIRESTORE_RULES } = process.env
const require = createRequire(SDK + '/')
const { assertFails, assertSucceeds, initializeTestEnvironment, withFunctionTriggersDisabled } = require('@firebase/rules-unit-testing')
const { collection, collectionGroup, deleteDoc, doc, getDoc, getDocs, limit, onSnapshot, query, runTransaction, serverTimestamp, setDoc, setLogLevel, updateDoc, where, writeBatch } = require('firebase/firestore')
const { deleteObject, getBytes, getDownloadURL, getMetadata, listAll, ref, uploadString } = require('firebase/storage')

const storageRules = `rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /lectures/{list=**} { allow get: if true; }
    match /photos/{uid}/{file} { allow read, write: if request.auth.uid == uid; }
  }
}`

let env
before(async () => {
  setLogLevel('silent') // it would tell of each refusal
  env = await initializeTestEnvironment({
    projectId: PROJECT, // the servers are found by the hub that FIREBASE_EMULATOR_HUB names
    firestore: { rules: readFileSync(FIRESTORE_RULES, 'utf8') },
    storage: { rules: storageRules },
  })
})
after(() => env?.cleanup())
beforeEach(async () => {
  await env.clearFirestore()
  await env.clearStorage()
  await env.withSecurityRulesDisabled(async (context) => {
    const db = context.firestore()
    await setDoc(doc(db, 'schools/korea/semesters/2026-0300'), { year: 2026, term: '1학기', status: 'normal', periods: [] })
    await setDoc(doc(db, 'users/bob'), { username: 'bobby' })
    await setDoc(doc(db, 'indices/user/usernames/bobby'), { value: 'bob' })
  })
})

const claim = (db, uid, username) => runTransaction(db, async (tx) => {
  const index = doc(db, 'indices/user/usernames', username)
  await tx.get(index)
  tx.set(doc(db, 'users', uid), { username, createdAt: serverTimestamp(), updatedAt: serverTimestamp() }).set(index, { value: uid })
})

test('the servers were found', () => {
  assert.equal(`${env.emulators.firestore.host}:${env.emulators.firestore.port}`, FIRESTORE_EMULATOR_HOST)
  assert.ok(env.emulators.storage.port > 0)
  assert.ok(env.emulators.hub.port > 0)
})

test('a username is claimed by its owner, once', async () => {
  const alice = env.authenticatedContext('alice', { email: 'alice@example.com' }).firestore()
  await assertFails(claim(alice, 'bob', 'alice'))
  await assertFails(claim(alice, 'alice', 'bobby'))
  await assertFails(setDoc(doc(alice, 'users/alice'), { username: 'alice', createdAt: serverTimestamp(), updatedAt: serverTimestamp() }))
  await assertSucceeds(claim(alice, 'alice', 'alice'))
  assert.equal((await getDoc(doc(alice, 'users/alice'))).data().username, 'alice')
})

test('a batch is judged as a whole', async () => {
  const bob = env.authenticatedContext('bob').firestore()
  const rename = (name) => writeBatch(bob).update(doc(bob, 'users/bob'), { username: name, updatedAt: serverTimestamp() })
  await assertFails(rename('robert').commit())
  await assertFails(rename('robert').set(doc(bob, 'indices/user/usernames/robert'), { value: 'bob' }).commit())
  await assertSucceeds(rename('robert').delete(doc(bob, 'indices/user/usernames/bobby')).set(doc(bob, 'indices/user/usernames/robert'), { value: 'bob' }).commit())
})

test('reads, lists and listeners', async () => {
  const nobody = env.unauthenticatedContext().firestore()
  await assertSucceeds(getDoc(doc(nobody, 'users/bob')))
  await assertSucceeds(getDocs(query(collection(nobody, 'schools/korea/semesters'), where('status', '==', 'normal'))))
  await assertFails(getDocs(collection(nobody, 'schools/korea/semesters')))
  await assertFails(getDocs(collection(nobody, 'users')))
  await assertFails(getDocs(query(collectionGroup(nobody, 'timetables'), limit(1))))
  await assertFails(getDoc(doc(nobody, 'credentials/bob')))
  await assertFails(new Promise((resolve, reject) => onSnapshot(doc(nobody, 'credentials/bob'), resolve, reject)))
  await assertFails(updateDoc(doc(nobody, 'users/bob'), { username: 'nobody' }))
  await assertFails(deleteDoc(doc(nobody, 'users/bob')))
})

test('clearFirestore leaves nothing', async () => {
  await env.clearFirestore()
  await env.withSecurityRulesDisabled(async (context) => {
    assert.equal((await getDoc(doc(context.firestore(), 'users/bob'))).exists(), false)
    assert.equal((await getDocs(collectionGroup(context.firestore(), 'semesters'))).size, 0)
  })
})

test('storage rules', async () => {
  const alice = env.authenticatedContext('alice').storage()
  const nobody = env.unauthenticatedContext().storage()
  await env.withSecurityRulesDisabled((context) => uploadString(ref(context.storage(), 'lectures/korea/list.json'), '[]').then(() => {}))
  await assertSucceeds(getDownloadURL(ref(nobody, 'lectures/korea/list.json')))
  await assertFails(listAll(ref(nobody, 'lectures/korea')))
  await assertFails(uploadString(ref(alice, 'lectures/korea/list.json'), '[1]').then(() => {}))
  await assertSucceeds(uploadString(ref(alice, 'photos/alice/me.png'), 'picture').then(() => {}))
  assert.equal(Buffer.from(await getBytes(ref(alice, 'photos/alice/me.png'))).toString(), 'picture')
  assert.equal((await getMetadata(ref(alice, 'photos/alice/me.png'))).size, 7)
  await assertFails(getMetadata(ref(nobody, 'photos/alice/me.png')))
  await assertFails(deleteObject(ref(nobody, 'photos/alice/me.png')))
  await assertSucceeds(deleteObject(ref(alice, 'photos/alice/me.png')))
  // The library clears what lies in no folder.
  await env.withSecurityRulesDisabled((context) => uploadString(ref(context.storage(), 'top'), 'x').then(() => {}))
  await env.clearStorage()
  await env.withSecurityRulesDisabled((context) => assert.rejects(getMetadata(ref(context.storage(), 'top')), (e) => e.code === 'storage/object-not-found'))
})

test('rules that do not compile are refused, with the place', async () => {
  await assert.rejects(
    initializeTestEnvironment({ projectId: 'demo-broken', firestore: { rules: "rules_version = '2';\nservice cloud.firestore {\n  match /x { allow read: if }\n}" } }),
    /3/)
})

test('functions can be kept from what a test sets up', async () => {
  let inside = false
  await withFunctionTriggersDisabled(async () => { inside = true })
  assert.ok(inside)
})

test('coverage tells what was evaluated', async () => {
  await getDoc(doc(env.unauthenticatedContext().firestore(), 'users/bob'))
  const report = await (await fetch(`http://${FIRESTORE_EMULATOR_HOST}/emulator/v1/projects/${PROJECT}:ruleCoverage`)).json()
  assert.ok(report.rules.files[0].content.includes('service cloud.firestore'), JSON.stringify(report).slice(0, 300))
  const evaluated = (r) => r.values?.length > 0 || r.children?.some(evaluated)
  assert.ok(report.report.some(evaluated), JSON.stringify(report).slice(0, 300))
  const page = await fetch(`http://${FIRESTORE_EMULATOR_HOST}/emulator/v1/projects/${PROJECT}:ruleCoverage.html`)
  assert.match(await page.text(), /<html|<!doctype html/i)
})
