// The reference client: how an app uses Firebase for the least money. docs/clients.md explains each choice, and the table
// in docs/cost.md says what each function costs; tests play them all. A device is one installed app, by its name.
//
//   - Listeners show what others may change now; everything else is read once and then taken from the cache.
//   - Cached lectures are shown immediately. The server is asked only for what changed since.
//   - Changes of lectures within some seconds are one batch, for which the rules read the timetable and the account once.
//   - A course list is named by its content, so its URL needs no request. A delta makes the next list of the last one.
import { applyDelta, deltaUrl, listName } from './listdelta.mjs'

export default ({ app, auth, firestore }) => {
  const { collection, doc, query, where, orderBy, limit, serverTimestamp } = firestore
  const devices = {}

  // Firestore bills a listener that was away for longer as a new query.
  const freeResume = 30 * 60 * 1000

  // Changes of lectures are sent when there has been none for so long.
  const sendAfter = 10 * 1000

  const users = (d) => collection(d.db, 'users')
  const usernames = (d) => collection(d.db, 'indices/user/usernames')
  const timetables = (d, uid = d.uid) => collection(d.db, `users/${uid}/timetables`)
  const lecturesOf = (timetable) => collection(timetable, 'lectures')
  const newestFirst = [orderBy('semester', 'desc'), orderBy('createdAt', 'desc')]
  const changed = (fields) => ({ ...fields, updatedAt: serverTimestamp() })
  const created = (fields) => ({ ...fields, createdAt: serverTimestamp(), updatedAt: serverTimestamp() })
  const now = (d) => Date.now() + d.skew

  // Reads a document that hardly ever changes: from the cache, if it is there.
  const once = async (reference) => {
    try {
      return await firestore.getDocFromCache(reference)
    } catch { // not cached
      return firestore.getDoc(reference)
    }
  }

  // Listens, and resolves when the server's state has arrived.
  const listen = (d, target, each = () => {}) => new Promise((resolve, reject) => {
    d.listeners.push(firestore.onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
      each(snapshot)
      if (!snapshot.metadata.fromCache) resolve(snapshot)
    }, reject))
  })

  // What the app remembers of itself: which timetable was shown last, and when its lectures were last in sync.
  const remember = (d, key, value) => d.memory.setItem(key, JSON.stringify(value))
  const remembered = (d, key) => JSON.parse(d.memory.getItem(key) ?? 'null')

  const memory = (items = {}) => ({ getItem: (key) => items[key] ?? null, setItem: (key, value) => { items[key] = value } })

  const stopListening = (d) => {
    if (d.inSync) remember(d, d.inSync, now(d))
    d.inSync = undefined
    for (const stop of d.listeners.splice(0)) stop()
  }

  // The timetable on the screen.
  const shown = (d) => doc(timetables(d), remembered(d, 'last'))

  // The latest updatedAt of documents, undefined if there is none: a write has none before it is committed.
  const newestOf = ({ docs }) => docs.map((found) => found.get('updatedAt')).filter(Boolean)
    .sort((a, b) => a.toMillis() - b.toMillis() || a.nanoseconds - b.nanoseconds).at(-1)

  // The time up to which the cache has everything that was written to a collection. It is the latest updatedAt that the server
  // has sent, not the latest in the cache: that may be one's own write, later than something of another device.
  const rememberNewest = (d, { path }, results) => {
    const newest = newestOf(results)
    if (newest) remember(d, path + ' newest', [newest.seconds, newest.nanoseconds])
  }
  const rememberedNewest = (d, { path }) => {
    const time = remembered(d, path + ' newest')
    return time && new firestore.Timestamp(...time)
  }
  const isFromServer = ({ metadata }) => !metadata.fromCache && !metadata.hasPendingWrites

  // Listens to a timetable's lectures. The listener of the cache shows them, with one's own writes, at no cost; the others
  // keep the cache up to date.
  const watch = async (d, timetable) => {
    const all = lecturesOf(timetable), newest = rememberedNewest(d, all)
    const { empty } = await firestore.getDocsFromCache(all)
    d.listeners.push(firestore.onSnapshot(all, { source: 'cache' }, (snapshot) => d.show(snapshot.docs)))
    const watchAll = () => listen(d, all, (snapshot) => {
      d.inSync = snapshot.metadata.fromCache ? undefined : all.path
      if (d.inSync) remember(d, all.path, now(d)) // the app may end at any time
      if (isFromServer(snapshot)) rememberNewest(d, all, snapshot)
    })
    if (empty || !newest || now(d) - (remembered(d, all.path) ?? 0) < freeResume) {
      await watchAll() // resumes: the server sends what changed, deletions included
      return
    }
    // What was added or changed since, for at least one read, and a count, one read, which tells whether something was deleted.
    await listen(d, query(all, where('updatedAt', '>', newest)), (snapshot) => {
      if (isFromServer(snapshot)) rememberNewest(d, all, snapshot)
    })
    if (await isComplete(all, all)) return
    d.listeners.pop()()
    await watchAll()
  }

  // Reports whether the server has as many documents as the cache. A count is one read.
  const isComplete = async (counted, shown) => {
    const { count } = (await firestore.getCountFromServer(counted)).data()
    return count === (await firestore.getDocsFromCache(shown)).size
  }

  // What the screen shows: the lectures in the cache, with the changes that have not been sent.
  const display = (d) => {
    const titles = new Map(d.lectures.map((lecture) => [lecture.ref.path, lecture.get('title')]))
    for (const [path, { kind, fields }] of d.changes) {
      if (kind === 'remove') titles.delete(path)
      else titles.set(path, fields.title ?? titles.get(path))
    }
    d.shown = [...titles.values()].sort().join()
    d.changed()
  }

  // Changes a lecture of the timetable that is shown: on the screen now, and at the server with the changes that follow soon.
  const change = (d, id, kind, fields) => {
    const { path } = doc(lecturesOf(shown(d)), id), before = d.changes.get(path)
    if (kind === 'remove' && before?.kind === 'add') d.changes.delete(path) // the server need not hear of it
    else d.changes.set(path, kind === 'edit' && before ? { kind: before.kind, fields: { ...before.fields, ...fields } } : { kind, fields })
    remember(d, 'changes', [...d.changes]) // the app may end at any time
    display(d)
    clearTimeout(d.timer)
    d.timer = setTimeout(() => sendChanges(d).catch(d.failed), sendAfter)
  }

  const send = (d, changes) => {
    const batch = firestore.writeBatch(d.db)
    for (const [path, { kind, fields }] of changes) {
      const lecture = doc(d.db, path)
      if (kind === 'add') batch.set(lecture, created(fields))
      else if (kind === 'edit') batch.update(lecture, changed(fields))
      else batch.delete(lecture)
    }
    return batch.commit()
  }

  // Sends what has been changed: soon after the last change, before another timetable is shown, and when the app opens again.
  const sendChanges = async (d) => {
    clearTimeout(d.timer)
    const changes = [...d.changes]
    if (changes.length === 0) return
    const sent = send(d, changes) // now they are in the cache
    d.changes.clear()
    remember(d, 'changes', [])
    try {
      await sent
    } catch (error) {
      // A batch fails as a whole. If another device removed the lecture that one of them edits, the others are still wanted.
      if (changes.length === 1) throw error
      const results = await Promise.allSettled(changes.map((one) => send(d, [one])))
      const failed = results.find(({ status }) => status === 'rejected')
      if (failed) throw failed.reason
    }
  }

  // Loads an object that everyone may read. The HTTP cache keeps it.
  const load = async (d, url) => {
    const object = url.slice('gs://'.length + url.slice('gs://'.length).indexOf('/') + 1)
    const response = await fetch(d.objects + encodeURIComponent(object) + '?alt=media')
    if (!response.ok) throw new Error(`${object}: ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }

  // The bytes of a course list: made of the list that the device has, or loaded.
  const loadList = async (d, have, url) => {
    const delta = have && deltaUrl(have.url, url)
    if (delta) {
      try {
        return await applyDelta(have.bytes, await load(d, delta), listName(url))
      } catch { // there is none, or it does not fit: load the list
      }
    }
    return load(d, url)
  }

  // Where a device keeps the last list of each semester, with its address: in the browser on disk.
  const memoryOfLists = (lists = new Map()) => ({ get: async (semester) => lists.get(semester), set: async (semester, list) => lists.set(semester, list) })
  const diskOfLists = {
    key: (semester) => '/lists/' + encodeURIComponent(semester),
    async get(semester) {
      const kept = await (await caches.open('lists')).match(this.key(semester))
      return kept && { url: decodeURIComponent(kept.headers.get('x-list')), bytes: new Uint8Array(await kept.arrayBuffer()) }
    },
    async set(semester, { url, bytes }) {
      const headers = { 'x-list': encodeURIComponent(url) } // a header is ASCII
      await (await caches.open('lists')).put(this.key(semester), new Response(bytes, { headers }))
    },
  }

  const uidOf = async (credential) => (await credential).user.uid
  const idsOf = async (results) => (await results).docs.map((d) => d.id)

  // Resolves when a device shows what the test expects: titles of lectures, sorted.
  const shows = (d, titles) => new Promise((resolve) => {
    const check = () => {
      if (d.shown !== titles.join()) return
      d.changed = () => {}
      resolve()
    }
    d.changed = check
    check()
  })

  return {
    // Installs the app on a device, or starts it again where it has a persistent cache. hosts are the addresses of the local
    // cloud's servers, host:port; minutes are how far the cloud's clock is ahead of this one.
    async install(name, { project, hosts, persistent, minutes = 0 }) {
      const client = app.initializeApp({ apiKey: 'any-key', projectId: project, storageBucket: project }, name)
      const hostAndPort = (address) => [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))]
      const d = devices[name] = {
        db: firestore.initializeFirestore(client, {
          // In the browser, the cache is on disk. Node has none there; this one lasts as long as the process.
          localCache: persistent ? firestore.persistentLocalCache()
            : firestore.memoryLocalCache({ garbageCollector: firestore.memoryLruGarbageCollector() }),
        }),
        auth: auth.getAuth(client),
        get uid() { return this.auth.currentUser?.uid },
        objects: `http://${hosts.storage}/v0/b/${project}/o/`, lists: persistent ? diskOfLists : memoryOfLists(),
        memory: persistent ? localStorage : memory(), listeners: [], skew: minutes * 60 * 1000, lectures: [],
        changed: () => {}, failed: console.error,
        show(lectures) {
          d.lectures = lectures
          display(d)
        },
      }
      d.changes = new Map(remembered(d, 'changes') ?? []) // of an app that ended before it sent them
      firestore.connectFirestoreEmulator(d.db, ...hostAndPort(hosts.firestore))
      auth.connectAuthEmulator(d.auth, 'http://' + hosts.auth, { disableWarnings: true })
    },
    // Closes the app, and waits until the server has noticed: it handles the requests of a stream in order.
    async close(name, minutes = 0) {
      const d = devices[name]
      await sendChanges(d)
      stopListening(d)
      await firestore.getDocFromServer(doc(d.db, 'schools/none'))
      d.skew += minutes * 60 * 1000
    },
    shows: (name, titles) => shows(devices[name], titles),

    // Accounts. These functions return the uid.
    signUp: (name, email, password) => uidOf(auth.createUserWithEmailAndPassword(devices[name].auth, email, password)),
    signIn: (name, email, password) => uidOf(auth.signInWithEmailAndPassword(devices[name].auth, email, password)),
    signInWithToken: (name, token) => uidOf(auth.signInWithCustomToken(devices[name].auth, token)),
    idToken: (name) => devices[name].auth.currentUser.getIdToken(),
    chooseUsername: (name, username) => firestore.runTransaction(devices[name].db, async (tx) => {
      const d = devices[name], index = doc(usernames(d), username)
      if ((await tx.get(index)).exists()) throw Object.assign(new Error('taken'), { code: 'taken' })
      tx.set(doc(users(d), d.uid), created({ username })).set(index, { value: d.uid })
    }),
    async changeUsername(name, from, to) {
      const d = devices[name]
      await firestore.writeBatch(d.db).update(doc(users(d), d.uid), changed({ username: to }))
        .delete(doc(usernames(d), from)).set(doc(usernames(d), to), { value: d.uid }).commit()
    },

    // Opens the app: shows the timetable that was shown last, on a fresh device the newest.
    async open(name) {
      const d = devices[name]
      await once(doc(users(d), d.uid))
      const last = remembered(d, 'last') ?? (await idsOf(firestore.getDocs(query(timetables(d), ...newestFirst, limit(1)))))[0]
      remember(d, 'last', last)
      const timetable = await once(doc(timetables(d), last))
      await once(timetable.get('semester'))
      sendChanges(d).catch(d.failed)
      await watch(d, timetable.ref)
    },
    // Shows another timetable.
    async switchTo(name, id) {
      const d = devices[name]
      sendChanges(d).catch(d.failed)
      stopListening(d)
      remember(d, 'last', id)
      await watch(d, shown(d))
    },
    // One's own timetables, the first twenty. Of some that were listed before, it asks for what was written since, and for their
    // number, which shows whether one was deleted: two reads.
    async listTimetables(name) {
      const d = devices[name], all = timetables(d), page = query(all, ...newestFirst, limit(20))
      const cached = await firestore.getDocsFromCache(page), newest = rememberedNewest(d, all)
      if (newest && cached.size > 2 && cached.size < 20) {
        const written = await firestore.getDocs(query(all, where('updatedAt', '>', newest), limit(20)))
        if (written.size < 20 && await isComplete(query(all, limit(20)), page)) {
          rememberNewest(d, all, written)
          return idsOf(firestore.getDocsFromCache(page))
        }
      }
      const found = await firestore.getDocs(page)
      rememberNewest(d, all, found)
      return idsOf(found)
    },

    // Timetables.
    createTimetable(name, id, title, semester) {
      const d = devices[name]
      return firestore.setDoc(doc(timetables(d), id), created({ title, visibility: 'private', semester: doc(d.db, semester) }))
    },
    updateTimetable: (name, id, fields) => firestore.updateDoc(doc(timetables(devices[name]), id), changed(fields)),
    deleteTimetable: (name, id) => firestore.deleteDoc(doc(timetables(devices[name]), id)),
    // Copies from the cache: the timetable is on the screen.
    async duplicateTimetable(name, from, to, title) {
      const d = devices[name]
      sendChanges(d).catch(d.failed)
      const original = await once(doc(timetables(d), from)), batch = firestore.writeBatch(d.db)
      batch.set(doc(timetables(d), to), created({ title, visibility: 'private', semester: original.get('semester') }))
      for (const lecture of (await firestore.getDocsFromCache(lecturesOf(original.ref))).docs) {
        batch.set(doc(lecturesOf(doc(timetables(d), to)), lecture.id), created(lecture.data()))
      }
      await batch.commit()
    },

    // Lectures of the timetable that is shown.
    addLecture: (name, id, lecture) => change(devices[name], id, 'add', lecture),
    updateLecture: (name, id, fields) => change(devices[name], id, 'edit', fields),
    removeLecture: (name, id) => change(devices[name], id, 'remove'),
    sendChanges: (name) => sendChanges(devices[name]),

    // Others' timetables.
    async findUser(name, username) {
      const index = await firestore.getDoc(doc(usernames(devices[name]), username))
      return index.exists() ? index.get('value') : ''
    },
    sharedTimetables: (name, uid) => idsOf(firestore.getDocs(query(timetables(devices[name], uid),
      where('visibility', '==', 'public'), ...newestFirst, limit(20)))),
    // Reads a shared timetable once; to see later changes, users open it again. The timetable is in the cache if it was listed; if it
    // is private by now, its lectures are denied. Of lectures in the cache, it asks for what was written since, and for their
    // number, which shows whether one was deleted.
    async view(name, uid, id) {
      const d = devices[name], timetable = await once(doc(timetables(d, uid), id))
      await once(timetable.get('semester'))
      const all = lecturesOf(timetable.ref), newest = rememberedNewest(d, all)
      if (newest && !(await firestore.getDocsFromCache(all)).empty) {
        rememberNewest(d, all, await firestore.getDocs(query(all, where('updatedAt', '>', newest))))
        if (await isComplete(all, all)) return (await firestore.getDocsFromCache(all)).size
      }
      const found = await firestore.getDocs(all)
      rememberNewest(d, all, found)
      return found.size
    },

    // Schools, semesters and course lists. Schools and semesters are listed again once a day.
    schools: (name) => idsOf(firestore.getDocs(collection(devices[name].db, 'schools'))),
    semesters: (name, school) => idsOf(firestore.getDocs(query(collection(devices[name].db, `schools/${school}/semesters`),
      where('status', '==', 'normal')))),
    // Loads the list of a semester that is on the screen. Listening to the semester tells when there is a new list.
    async loadLectures(name, semester) {
      const d = devices[name]
      const url = (await listen(d, doc(d.db, semester))).get('lecturesUrl')
      if (!url) return 0 // there is no list yet
      let list = await d.lists.get(semester)
      if (list?.url !== url) {
        list = { url, bytes: await loadList(d, list, url) }
        await d.lists.set(semester, list)
      }
      d.list = JSON.parse(new TextDecoder().decode(list.bytes))
      return d.list.length
    },
    // Searches the loaded list.
    search: (name, text) => devices[name].list.filter((lecture) => lecture.title.includes(text)).length,
  }
}
