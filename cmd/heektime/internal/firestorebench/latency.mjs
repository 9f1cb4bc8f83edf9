// Writes a document again and again, or listens to it and notes when each version came.
export default ({ app, firestore }) => {
  let document, written = 0
  const seen = [] // when each number, or a later one, was seen
  let changed
  const now = () => performance.timeOrigin + performance.now()
  return {
    start(host, port, path) {
      const db = firestore.getFirestore(app.initializeApp({ projectId: 'demo-bench', apiKey: 'any-key' }))
      firestore.connectFirestoreEmulator(db, host, Number(port))
      document = firestore.doc(db, path)
    },
    listen: () => new Promise((listening, refused) => {
      firestore.onSnapshot(document, (snapshot) => {
        const n = snapshot.data()?.n ?? 0 // what was written first counts from 1
        while (seen.length < n) seen.push(now())
        listening()
        changed?.()
      }, refused)
    }),
    // Each write waits for the one before, and a moment, so that none meets another.
    async write(times) {
      const writes = []
      while (times-- > 0) {
        const called = now()
        await firestore.setDoc(document, { n: ++written })
        writes.push({ called, acknowledged: now() })
        await new Promise((go) => setTimeout(go, 5))
      }
      return writes
    },
    async seen(times) {
      while (seen.length < times) await new Promise((go) => { changed = go })
      return seen
    },
  }
}
