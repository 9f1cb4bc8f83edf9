// The web client's operations, each with the calls that apps in the field make. A test calls them by name; what a listener
// heard, it asks for with heard().
export default ({ app, auth, firestore, lite, storage }) => {
  const { collection, doc, getDoc, getDocs, onSnapshot, query, orderBy, where, limit, startAfter, serverTimestamp } = firestore
  let db, small, user, files

  const usernames = () => collection(db, 'indices/user/usernames')
  const timetable = (uid, id) => doc(db, `users/${uid}/timetables/${id}`)
  const lectures = (uid, id) => collection(timetable(uid, id), 'lectures')
  const created = (fields) => ({ ...fields, createdAt: serverTimestamp(), updatedAt: serverTimestamp() })

  // What is no plain JSON, in a form that is.
  const plain = (value) => {
    if (Array.isArray(value)) return value.map(plain)
    if (value instanceof firestore.DocumentReference || value instanceof lite.DocumentReference) return { reference: value.path }
    if (value instanceof firestore.Timestamp || value instanceof lite.Timestamp) return { milliseconds: value.toMillis() }
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]))
  }
  const document = (snapshot) => ({ id: snapshot.id, path: snapshot.ref.path, exists: snapshot.exists(), data: plain(snapshot.data() ?? null) })

  // What each listener heard, and who waits for more.
  const listeners = {}
  const listen = (name, target) => {
    const listener = listeners[name] = { events: [], waiting: [] }
    const hear = (event) => {
      listener.events.push(event)
      for (const go of listener.waiting.splice(0)) go()
    }
    listener.stop = onSnapshot(target, { includeMetadataChanges: true }, (snapshot) => {
      const { fromCache, hasPendingWrites: pending } = snapshot.metadata
      hear(snapshot.docs
        ? { fromCache, pending, docs: snapshot.docs.map(document), changes: snapshot.docChanges().map((c) => ({ type: c.type, id: c.doc.id, data: plain(c.doc.data()) })) }
        : { fromCache, pending, ...document(snapshot) })
    }, (e) => hear({ error: e.code, message: e.message }))
  }

  // A timetable list's query: somebody else's shows what is public.
  const timetables = (uid, ...more) => query(collection(db, `users/${uid}/timetables`),
    ...(user?.uid === uid ? [] : [where('visibility', '==', 'public')]), orderBy('semester', 'desc'), orderBy('createdAt', 'desc'), ...more)

  return {
    // hosts are host:port of the local cloud's servers.
    async start({ project, hosts, settings, persistent }) {
      const client = app.initializeApp({ apiKey: 'any-key', projectId: project, storageBucket: project })
      const place = (address) => [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))]
      auth.connectAuthEmulator(auth.getAuth(client), 'http://' + hosts.auth, { disableWarnings: true })
      if (persistent && firestore.persistentLocalCache) settings = { localCache: firestore.persistentLocalCache() }
      db = settings ? firestore.initializeFirestore(client, settings) : firestore.getFirestore(client)
      firestore.connectFirestoreEmulator(db, ...place(hosts.firestore))
      if (persistent && !firestore.persistentLocalCache) await firestore.enableIndexedDbPersistence(db) // as it was in 9.6
      small = lite.getFirestore(client)
      lite.connectFirestoreEmulator(small, ...place(hosts.firestore))
      files = storage.getStorage(client)
      storage.connectStorageEmulator(files, ...place(hosts.storage))
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
    // All pages of a list, each with the ids of its timetables.
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

    // Listeners, by names that the test gives.
    listenTo: (name, path) => listen(name, doc(db, path)),
    listenToAll: (name, path) => listen(name, collection(db, path)),
    listenToMany: (paths) => { for (const [name, path] of Object.entries(paths)) listen(name, doc(db, path)) },
    listenToTimetables: (name, uid) => listen(name, timetables(uid, limit(20))),
    stopListening: (name) => listeners[name].stop(),
    // What a listener heard after the first so many events; waits until there is one.
    async heard(name, after) {
      const { events, waiting } = listeners[name]
      while (events.length <= after) await new Promise((go) => waiting.push(go))
      return events.slice(after)
    },

    // How many events each listener has heard.
    heardSoFar: () => Object.fromEntries(Object.entries(listeners).map(([name, { events }]) => [name, events.length])),

    // The network.
    offline: () => firestore.disableNetwork(db),
    online: () => firestore.enableNetwork(db),
    allWritten: () => firestore.waitForPendingWrites(db),

    // Only SDKs of today count without reading.
    counts: () => 'getCountFromServer' in firestore,
    count: async (path) => (await firestore.getCountFromServer(collection(db, path))).data().count,

    // Any document, for what rules do not matter for.
    set: (path, data) => firestore.setDoc(doc(db, path), data),
    setSometime: (path, data) => { firestore.setDoc(doc(db, path), data) },
    async setMany(documents) {
      const batch = firestore.writeBatch(db)
      for (const [path, data] of Object.entries(documents)) batch.set(doc(db, path), data)
      await batch.commit()
    },
    increment: (path, field) => firestore.runTransaction(db, async (tx) => {
      const ref = doc(db, path)
      tx.update(ref, { [field]: (await tx.get(ref)).data()[field] + 1 })
    }),

    // The SDK without listeners, as small pages have it.
    liteGet: async (path) => document(await lite.getDoc(lite.doc(small, path))),
    liteSemesters: async (school) => (await lite.getDocs(lite.query(lite.collection(small, `schools/${school}/semesters`),
      lite.where('status', '==', 'normal')))).docs.map(document),
    async liteUpdateTimetable(id, fields) {
      await lite.updateDoc(lite.doc(small, `users/${user.uid}/timetables/${id}`), { ...fields, updatedAt: lite.serverTimestamp() })
    },
    liteClaimUsername: (username) => lite.runTransaction(small, async (tx) => {
      const index = lite.doc(small, 'indices/user/usernames', username)
      if ((await tx.get(index)).exists()) throw Object.assign(new Error('taken'), { code: 'taken' })
      tx.set(lite.doc(small, 'users', user.uid), { username, createdAt: lite.serverTimestamp(), updatedAt: lite.serverTimestamp() })
      tx.set(index, { value: user.uid })
    }),

    // Course lists.
    async loadLectures(lecturesUrl) {
      const url = await storage.getDownloadURL(storage.ref(files, lecturesUrl))
      const answer = await fetch(url)
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
      return answer.json()
    },
    upload: async (path, text) => { await storage.uploadString(storage.ref(files, path), text) },
    listFiles: async (path) => (await storage.listAll(storage.ref(files, path))).items.map((item) => item.fullPath),
  }
}
