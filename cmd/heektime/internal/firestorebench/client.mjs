// A client of the benchmark: it writes a document repeatedly, or listens to it and records when it
// receives each version.
export default ({ app, firestore }) => {
  let document, written = 0
  const received = [] // received[n - 1] is when version n or a later one arrived
  let changed
  const now = () => performance.timeOrigin + performance.now()
  return {
    start(host, port, path) {
      const db = firestore.getFirestore(app.initializeApp({ projectId: 'demo-bench', apiKey: 'any-key' }))
      firestore.connectFirestoreEmulator(db, host, Number(port))
      document = firestore.doc(db, path)
    },
    listen: () => new Promise((resolve, reject) => {
      firestore.onSnapshot(document, (snapshot) => {
        const n = snapshot.data()?.n ?? 0 // versions start at 1
        while (received.length < n) received.push(now())
        resolve()
        changed?.()
      }, reject)
    }),
    // Each write waits for the previous one and then pauses, so that writes do not overlap.
    async write(times) {
      const writes = []
      while (times-- > 0) {
        const called = now()
        await firestore.setDoc(document, { n: ++written })
        writes.push({ called, acknowledged: now() })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return writes
    },
    async received(times) {
      while (received.length < times) await new Promise((resolve) => { changed = resolve })
      return received
    },
  }
}
