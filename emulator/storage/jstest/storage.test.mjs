// Uses Cloud Storage as an app does, with Firebase's own SDK.
// TestJavaScript passes the server's address and the SDK's directory in environment variables.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test as declare } from 'node:test'

const { STORAGE_HOST: host, BUCKET: bucket, SDK: sdk } = process.env
const [hostname, port] = host.split(':')
// The old SDK passes Node's Blobs to a library that cannot send them; without Blob it sends the bytes.
if (sdk.endsWith('v9')) delete globalThis.Blob
const require = createRequire(sdk + '/')
const { initializeApp } = require('firebase/app')
const s = require('firebase/storage')

const test = (name, run) => declare(name, { timeout: 60_000 }, run)
let apps = 0
const connect = (uid) => {
  const app = initializeApp({ apiKey: 'any-key', projectId: 'demo-test', storageBucket: bucket }, 'app' + apps++)
  const storage = s.getStorage(app)
  // The SDK makes a mock token that expired in 1970.
  s.connectStorageEmulator(storage, hostname, Number(port), uid ? { mockUserToken: { sub: uid } } : {})
  storage.maxUploadRetryTime = storage.maxOperationRetryTime = 20_000
  return storage
}
const text = (bytes) => Buffer.from(bytes).toString()
const fails = (promise, code) => assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code} (${e.message}), want ${code}`))
const png = { contentType: 'image/png' }

const ann = connect('ann')
const nobody = connect()

test('uploads, reads, updates, downloads and deletes an object', async () => {
  const ref = s.ref(ann, 'users/ann/사진 #1?.png')
  const { metadata } = await s.uploadBytes(ref, Buffer.from('picture'), { ...png, cacheControl: 'max-age=60', customMetadata: { taken: '2026' } })
  assert.equal(metadata.fullPath, 'users/ann/사진 #1?.png')
  assert.equal(metadata.size, 7)
  assert.equal(metadata.contentType, 'image/png')
  assert.equal(text(await s.getBytes(ref)), 'picture')
  assert.equal(text(await s.getBytes(ref, 3)), 'pic')
  const found = await s.getMetadata(ref)
  assert.equal(found.cacheControl, 'max-age=60')
  assert.deepEqual(found.customMetadata, { taken: '2026' })
  const changed = await s.updateMetadata(ref, { cacheControl: null, customMetadata: { taken: null, by: 'ann' } })
  assert.equal(changed.metageneration, '2')
  assert.equal(changed.cacheControl, undefined)
  assert.deepEqual(changed.customMetadata, { by: 'ann' })
  // The download URL needs no sign-in.
  const url = await s.getDownloadURL(ref)
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), 'picture')
  assert.equal((await fetch(url.replace(/token=.*/, 'token=other'))).status, 403)
  await s.deleteObject(ref)
  await fails(s.getMetadata(ref), 'storage/object-not-found')
  await fails(s.deleteObject(ref), 'storage/object-not-found')
})

test('uploads strings in every format', async () => {
  const ref = s.ref(ann, 'users/ann/text')
  for (const [data, format] of [['plain', 'raw'], ['cGxhaW4=', 'base64'], ['cGxhaW4', 'base64url'], ['data:image/png;base64,cGxhaW4=', 'data_url']]) {
    await s.uploadString(ref, data, format, png)
    assert.equal(text(await s.getBytes(ref)), 'plain', format)
  }
})

test('uploads in chunks, with progress', async () => {
  const data = Buffer.alloc(1_500_000, 'heektime ')
  const ref = s.ref(ann, 'big/ann')
  const task = s.uploadBytesResumable(ref, data, png)
  const seen = []
  task.on('state_changed', (snapshot) => seen.push(snapshot.bytesTransferred))
  const { metadata } = await task
  assert.equal(metadata.size, data.length)
  assert.ok(seen.length > 2, `progress ${seen}`)
  assert.ok(data.equals(Buffer.from(await s.getBytes(ref))))
})

test('lists folders and pages', async () => {
  for (const name of ['a', 'b', 'c', 'deep/1', 'deep/2']) await s.uploadString(s.ref(ann, 'list/' + name), 'x', 'raw', png)
  const all = await s.listAll(s.ref(ann, 'list'))
  assert.deepEqual(all.items.map((i) => i.fullPath), ['list/a', 'list/b', 'list/c'])
  assert.deepEqual(all.prefixes.map((p) => p.fullPath), ['list/deep'])
  const first = await s.list(s.ref(ann, 'list'), { maxResults: 2 })
  assert.deepEqual(first.items.map((i) => i.name), ['a', 'b'])
  const second = await s.list(s.ref(ann, 'list'), { maxResults: 2, pageToken: first.nextPageToken })
  assert.deepEqual([...second.items, ...second.prefixes].map((i) => i.name), ['c', 'deep'])
  assert.equal(second.nextPageToken, undefined)
  assert.deepEqual((await s.listAll(s.ref(ann, 'list/none'))).items, [])
})

test('rules deny', async () => {
  const ref = s.ref(nobody, 'users/ann/p')
  await fails(s.getMetadata(ref), 'storage/unauthorized')
  await fails(s.getDownloadURL(ref), 'storage/unauthorized')
  await fails(s.uploadBytes(ref, Buffer.from('x'), png), 'storage/unauthorized')
  await fails(s.uploadBytesResumable(ref, Buffer.from('x'), png).then(), 'storage/unauthorized')
  await fails(s.uploadBytes(s.ref(ann, 'users/ann/p'), Buffer.from('x'), { contentType: 'text/html' }), 'storage/unauthorized')
  await fails(s.listAll(s.ref(nobody)), 'storage/unauthorized')
  await fails(s.deleteObject(ref), 'storage/unauthorized')
  await fails(s.updateMetadata(ref, png), 'storage/unauthorized')
})

test('reads a compressed object written by a server', async () => {
  const ref = s.ref(nobody, 'public/lectures.json')
  assert.deepEqual(JSON.parse(text(await s.getBytes(ref))), { lectures: 5000 })
  const url = await s.getDownloadURL(ref) // creates the first download token
  assert.deepEqual(await (await fetch(url)).json(), { lectures: 5000 })
  assert.equal(await s.getDownloadURL(ref), url)
})
