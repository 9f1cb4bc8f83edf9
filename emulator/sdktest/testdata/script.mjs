// A client script that tells what it got, for the tests of this package.
export default ({ app, auth, firestore, storage }) => ({
  release: () => app.SDK_VERSION,
  modules: () => [app.initializeApp, auth.signInWithCustomToken, firestore.onSnapshot, storage.getDownloadURL].every((f) => typeof f === 'function'),
  echo: (...args) => args,
  later: async (value) => { await new Promise((done) => setTimeout(done)); return value },
  refuse: () => { throw new firestore.FirestoreError('permission-denied', 'no') },
  fail: () => { throw new TypeError('broken') },
  say: (text) => console.error(text),
  startApp: () => { app.initializeApp({ projectId: 'test', apiKey: 'any' }); return app.getApps().length },
  pid: () => process.pid,
  forEver: () => new Promise(() => {}),
})
