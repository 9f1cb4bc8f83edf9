// The reference client: how an app uses Firebase for the least money. docs/clients.md explains each choice, and the table
// in docs/cost.md says what each function costs; tests play them all. A device is one installed app, by its name.
//
//   - Listeners show what others may change now; everything else is read once and then taken from the cache.
//   - Cached lectures are shown immediately. The server is asked only for what changed since.
//   - A course list is named by its content. Its URL needs no request, and the HTTP cache keeps it.
export default ({ app, auth, firestore }) => {
  const { collection, doc, query, where, orderBy, limit, serverTimestamp } = firestore
  const devices = {}

  // Firestore bills a listener that was away for longer as a new query.
  const freeResume = 30 * 60 * 1000

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

  // Listens to a timetable's lectures. The listener of the cache shows them, with one's own writes, at no cost; the others
  // keep the cache up to date.
  const watch = async (d, timetable) => {
    const all = lecturesOf(timetable)
    const newest = newestOf(await firestore.getDocsFromCache(all))
    d.listeners.push(firestore.onSnapshot(all, { source: 'cache' }, (snapshot) => d.show(snapshot.docs)))
    const watchAll = () => listen(d, all, ({ metadata }) => {
      d.inSync = metadata.fromCache ? undefined : all.path
      if (d.inSync) remember(d, all.path, now(d)) // the app may end at any time
    })
    if (!newest || now(d) - (remembered(d, all.path) ?? 0) < freeResume) {
      await watchAll() // resumes: the server sends what changed, deletions included
      return
    }
    // What was added or changed since, for at least one read, and a count, one read, which tells whether something was deleted.
    await listen(d, query(all, where('updatedAt', '>', newest)))
    const { count } = (await firestore.getCountFromServer(all)).data()
    if (count === (await firestore.getDocsFromCache(all)).size) return
    d.listeners.pop()()
    await watchAll()
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
        lists: `http://${hosts.storage}/v0/b/${project}/o/`,
        memory: persistent ? localStorage : memory(), listeners: [], skew: minutes * 60 * 1000, changed: () => {},
        show(lectures) {
          d.shown = lectures.map((lecture) => lecture.get('title')).sort().join()
          d.changed()
        },
      }
      firestore.connectFirestoreEmulator(d.db, ...hostAndPort(hosts.firestore))
      auth.connectAuthEmulator(d.auth, 'http://' + hosts.auth, { disableWarnings: true })
    },
    // Closes the app, and waits until the server has noticed: it handles the requests of a stream in order.
    async close(name, minutes = 0) {
      const d = devices[name]
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
      await watch(d, timetable.ref)
    },
    // Shows another timetable.
    async switchTo(name, id) {
      const d = devices[name]
      stopListening(d)
      remember(d, 'last', id)
      await watch(d, shown(d))
    },
    // One's own timetables, the first twenty.
    listTimetables: (name) => idsOf(firestore.getDocs(query(timetables(devices[name]), ...newestFirst, limit(20)))),

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
      const original = await once(doc(timetables(d), from)), batch = firestore.writeBatch(d.db)
      batch.set(doc(timetables(d), to), created({ title, visibility: 'private', semester: original.get('semester') }))
      for (const lecture of (await firestore.getDocsFromCache(lecturesOf(original.ref))).docs) {
        batch.set(doc(lecturesOf(doc(timetables(d), to)), lecture.id), created(lecture.data()))
      }
      await batch.commit()
    },

    // Lectures of the timetable that is shown.
    addLecture: (name, id, lecture) => firestore.setDoc(doc(lecturesOf(shown(devices[name])), id), created(lecture)),
    updateLecture: (name, id, fields) => firestore.updateDoc(doc(lecturesOf(shown(devices[name])), id), changed(fields)),
    removeLecture: (name, id) => firestore.deleteDoc(doc(lecturesOf(shown(devices[name])), id)),

    // Others' timetables.
    async findUser(name, username) {
      const index = await firestore.getDoc(doc(usernames(devices[name]), username))
      return index.exists() ? index.get('value') : ''
    },
    sharedTimetables: (name, uid) => idsOf(firestore.getDocs(query(timetables(devices[name], uid),
      where('visibility', '==', 'public'), ...newestFirst, limit(20)))),
    // Reads a shared timetable once; to see later changes, users open it again. Of lectures in the cache, it asks for what was
    // written since, and for their number, which shows whether one was deleted.
    async view(name, uid, id) {
      const timetable = await firestore.getDoc(doc(timetables(devices[name], uid), id))
      await once(timetable.get('semester'))
      const all = lecturesOf(timetable.ref), newest = newestOf(await firestore.getDocsFromCache(all))
      if (newest) {
        await firestore.getDocs(query(all, where('updatedAt', '>', newest)))
        const { count } = (await firestore.getCountFromServer(all)).data()
        if (count === (await firestore.getDocsFromCache(all)).size) return count
      }
      return (await firestore.getDocs(all)).size
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
      if (d.list?.url !== url) { // in the browser, fetch and its HTTP cache see to that
        const object = url.slice('gs://'.length + url.slice('gs://'.length).indexOf('/') + 1)
        const response = await fetch(d.lists + encodeURIComponent(object) + '?alt=media')
        if (!response.ok) throw new Error(`${object}: ${response.status}`)
        d.list = { url, lectures: await response.json() }
      }
      return d.list.lectures.length
    },
    // Searches the loaded list.
    search: (name, text) => devices[name].list.lectures.filter((lecture) => lecture.title.includes(text)).length,
  }
}
