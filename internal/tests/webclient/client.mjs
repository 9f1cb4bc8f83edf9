// The web client's operations, with the same SDK calls that released apps make. Tests call them by name and
// read a listener's events with eventsAfter().
export default ({ app, auth, firestore, lite, storage }) => {
  const { collection, doc, getDoc, getDocs, onSnapshot, query, orderBy, where, limit, startAfter, serverTimestamp } = firestore
  let db, liteDb, user, files

  const usernames = () => collection(db, 'indices/user/usernames')
  const timetable = (uid, id) => doc(db, `users/${uid}/timetables/${id}`)
  const lectures = (uid, id) => collection(timetable(uid, id), 'lectures')
  const created = (fields) => ({ ...fields, createdAt: serverTimestamp(), updatedAt: serverTimestamp() })

  // Converts references and timestamps to plain JSON.
  const plain = (value) => {
    if (Array.isArray(value)) return value.map(plain)
    if (value instanceof firestore.DocumentReference || value instanceof lite.DocumentReference) return { reference: value.path }
    if (value instanceof firestore.Timestamp || value instanceof lite.Timestamp) return { milliseconds: value.toMillis() }
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]))
  }
  const document = (snapshot) => ({ id: snapshot.id, path: snapshot.ref.path, exists: snapshot.exists(), data: plain(snapshot.data() ?? null) })

  // Each listener's events, and the calls of eventsAfter waiting for more.
  const listeners = {}
  const listen = (name, target) => {
    const listener = listeners[name] = { events: [], waiting: [] }
    const add = (event) => {
      listener.events.push(event)
      for (const resolve of listener.waiting.splice(0)) resolve()
    }
    listener.stop = onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
      const { fromCache, hasPendingWrites: pending } = snapshot.metadata
      add(snapshot.docs
        ? { fromCache, pending, docs: snapshot.docs.map(document), changes: snapshot.docChanges().map((c) => ({ type: c.type, id: c.doc.id, data: plain(c.doc.data()) })) }
        : { fromCache, pending, ...document(snapshot) })
    }, (e) => add({ error: e.code, message: e.message }))
  }

  // The query of a timetable list. Other users' lists contain public timetables only.
  const timetables = (uid, ...more) => query(collection(db, `users/${uid}/timetables`),
    ...(user?.uid === uid ? [] : [where('visibility', '==', 'public')]), orderBy('semester', 'desc'), orderBy('createdAt', 'desc'), ...more)

  return {
    // hosts are the addresses of the local cloud's servers, host:port.
    async start({ project, hosts, settings, persistent }) {
      const client = app.initializeApp({ apiKey: 'any-key', projectId: project, storageBucket: project })
      const hostAndPort = (address) => [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))]
      auth.connectAuthEmulator(auth.getAuth(client), 'http://' + hosts.auth, { disableWarnings: true })
      if (persistent && firestore.persistentLocalCache) settings = { localCache: firestore.persistentLocalCache() }
      db = settings ? firestore.initializeFirestore(client, settings) : firestore.getFirestore(client)
      firestore.connectFirestoreEmulator(db, ...hostAndPort(hosts.firestore))
      if (persistent && !firestore.persistentLocalCache) await firestore.enableIndexedDbPersistence(db) // the API of 9.6
      liteDb = lite.getFirestore(client)
      lite.connectFirestoreEmulator(liteDb, ...hostAndPort(hosts.firestore))
      files = storage.getStorage(client)
      storage.connectStorageEmulator(files, ...hostAndPort(hosts.storage))
    },
    async signIn(token) {
      user = (await auth.signInWithCustomToken(auth.getAuth(), token)).user
      return user.uid
    },
    async signOut() {
      await auth.signOut(auth.getAuth())
      user = undefined
    },
    refreshToken: async () => { await auth.getAuth().currentUser.getIdToken(true) },

    // Schools and users.
    schools: async () => (await getDocs(collection(db, 'schools'))).docs.map(document),
    semesters: async (school) => (await getDocs(query(collection(db, `schools/${school}/semesters`), where('status', '==', 'normal')))).docs.map(document),
    get: async (path) => document(await getDoc(doc(db, path))),
    usersNamed: async (username) => (await getDocs(query(collection(db, 'users'), where('username', '==', username)))).docs.map(document),
    claimUsername: (username) => firestore.runTransaction(db, async (tx) => {
      const index = doc(usernames(), username)
      if ((await tx.get(index)).exists()) throw Object.assign(new Error('taken'), { code: 'taken' })
      tx.set(doc(db, `users/${user.uid}`), created({ username })).set(index, { value: user.uid })
    }),
    changeUsername: (from, to) => firestore.writeBatch(db)
      .update(doc(db, `users/${user.uid}`), { username: to, updatedAt: serverTimestamp() })
      .delete(doc(usernames(), from)).set(doc(usernames(), to), { value: user.uid }).commit(),

    // Timetables.
    createTimetable: (id, title, semester, visibility = 'public') =>
      firestore.setDoc(timetable(user.uid, id), created({ title, visibility, semester: doc(db, semester) })),
    updateTimetable: (id, fields) => firestore.updateDoc(timetable(user.uid, id), { ...fields, updatedAt: serverTimestamp() }),
    deleteTimetable: (id) => firestore.deleteDoc(timetable(user.uid, id)),
    // Returns all pages of a timetable list as arrays of ids.
    async pages(uid) {
      const pages = []
      for (let last; ;) {
        const { docs } = await getDocs(timetables(uid, limit(20), ...(last ? [startAfter(last)] : [])))
        if (docs.length > 0) pages.push(docs.map((d) => d.id))
        if (docs.length < 20) return pages
        last = docs.at(-1)
      }
    },
    addLecture: (id, lectureId, lecture) => firestore.setDoc(doc(lectures(user.uid, id), lectureId), created(lecture)),
    updateLecture: (id, lectureId, fields) => firestore.updateDoc(doc(lectures(user.uid, id), lectureId), { ...fields, updatedAt: serverTimestamp() }),
    removeLecture: (id, lectureId) => firestore.deleteDoc(doc(lectures(user.uid, id), lectureId)),
    async duplicateTimetable(from, to, title) {
      const [original, copied] = [await getDoc(timetable(user.uid, from)), await getDocs(lectures(user.uid, from))]
      const batch = firestore.writeBatch(db)
      batch.set(timetable(user.uid, to), created({ title, visibility: 'public', semester: original.data().semester }))
      for (const lecture of copied.docs) batch.set(doc(lectures(user.uid, to), lecture.id), created(lecture.data()))
      await batch.commit()
    },

    // Listeners. The test names them.
    listenTo: (name, path) => listen(name, doc(db, path)),
    listenToAll: (name, path) => listen(name, collection(db, path)),
    listenToMany: (paths) => { for (const [name, path] of Object.entries(paths)) listen(name, doc(db, path)) },
    listenToTimetables: (name, uid) => listen(name, timetables(uid, limit(20))),
    stopListening: (name) => listeners[name].stop(),
    // Returns a listener's events after the first `after`. Waits until there is one.
    async eventsAfter(name, after) {
      const { events, waiting } = listeners[name]
      while (events.length <= after) await new Promise((resolve) => waiting.push(resolve))
      return events.slice(after)
    },

    // Returns the number of events of each listener.
    eventCounts: () => Object.fromEntries(Object.entries(listeners).map(([name, { events }]) => [name, events.length])),

    // The network.
    offline: () => firestore.disableNetwork(db),
    online: () => firestore.enableNetwork(db),
    allWritten: () => firestore.waitForPendingWrites(db),

    // SDK 9.6 has no count queries.
    canCount: () => 'getCountFromServer' in firestore,
    count: async (path) => (await firestore.getCountFromServer(collection(db, path))).data().count,

    // Writes to any document, for journeys without rules.
    set: (path, data) => firestore.setDoc(doc(db, path), data),
    setWithoutWaiting: (path, data) => { firestore.setDoc(doc(db, path), data) },
    async setMany(documents) {
      const batch = firestore.writeBatch(db)
      for (const [path, data] of Object.entries(documents)) batch.set(doc(db, path), data)
      await batch.commit()
    },
    increment: (path, field) => firestore.runTransaction(db, async (tx) => {
      const ref = doc(db, path)
      tx.update(ref, { [field]: (await tx.get(ref)).data()[field] + 1 })
    }),

    // Firestore Lite, for pages without listeners.
    liteGet: async (path) => document(await lite.getDoc(lite.doc(liteDb, path))),
    liteSemesters: async (school) => (await lite.getDocs(lite.query(lite.collection(liteDb, `schools/${school}/semesters`),
      lite.where('status', '==', 'normal')))).docs.map(document),
    async liteUpdateTimetable(id, fields) {
      await lite.updateDoc(lite.doc(liteDb, `users/${user.uid}/timetables/${id}`), { ...fields, updatedAt: lite.serverTimestamp() })
    },
    liteClaimUsername: (username) => lite.runTransaction(liteDb, async (tx) => {
      const index = lite.doc(liteDb, 'indices/user/usernames', username)
      if ((await tx.get(index)).exists()) throw Object.assign(new Error('taken'), { code: 'taken' })
      tx.set(lite.doc(liteDb, 'users', user.uid), { username, createdAt: lite.serverTimestamp(), updatedAt: lite.serverTimestamp() })
      tx.set(index, { value: user.uid })
    }),

    // Course lists.
    async loadLectures(lecturesUrl) {
      const url = await storage.getDownloadURL(storage.ref(files, lecturesUrl))
      const response = await fetch(url)
      if (!response.ok) throw new Error(`${url}: ${response.status}`)
      return response.json()
    },
    upload: async (path, text) => { await storage.uploadString(storage.ref(files, path), text) },
    listFiles: async (path) => (await storage.listAll(storage.ref(files, path))).items.map((item) => item.fullPath),
  }
}
