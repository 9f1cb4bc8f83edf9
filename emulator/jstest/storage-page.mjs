// What only a browser does with Cloud Storage: an upload in pieces stopped on its way, and what the browser keeps.
export default ({ app, storage: s }) => {
  let storage
  const large = new Blob([new Uint8Array(3_000_000).fill(7)], { type: 'image/png' })
  // Stops an upload when its first piece has arrived, and returns the task when it has stopped.
  const stopped = (name, stop, state) => new Promise((resolve, reject) => {
    const task = s.uploadBytesResumable(s.ref(storage, name), large)
    let asked = false
    task.on('state_changed', (snapshot) => {
      if (snapshot.state === state) resolve([task])
      else if (snapshot.bytesTransferred > 0 && !asked) { asked = true; stop(task) }
    }, (error) => error.code === 'storage/canceled' && state === 'canceled' ? resolve([task]) : reject(error))
  })
  return {
    connect: (host, port, bucket) => {
      storage = s.getStorage(app.initializeApp({ apiKey: 'any', projectId: 'demo-test', storageBucket: bucket }))
      s.connectStorageEmulator(storage, host, port, { mockUserToken: { sub: 'ann' } })
      storage.maxUploadRetryTime = storage.maxOperationRetryTime = 20_000
    },
    pauseAndResume: async () => {
      const [task] = await stopped('paused', (t) => t.pause(), 'paused')
      task.resume()
      return (await task).metadata.size
    },
    cancel: async () => {
      await stopped('cancelled', (t) => t.cancel(), 'canceled')
      return s.getMetadata(s.ref(storage, 'cancelled')).then(() => 'there', (e) => e.code)
    },
    refused: () => s.uploadBytes(s.ref(storage, 'secret/x'), large).then(() => 'written', (e) => e.code),
    // What another client changes is seen although the browser keeps descriptions.
    change: async (type) => {
      const ref = s.ref(storage, 'kept')
      const before = await s.getMetadata(ref).catch(() => s.uploadString(ref, 'x').then((r) => r.metadata))
      await s.updateMetadata(ref, { contentType: type })
      return [before.contentType !== type, (await s.getMetadata(ref)).contentType === type]
    },
    load: async (name) => {
      const url = await s.getDownloadURL(s.ref(storage, name))
      return [await (await fetch(url)).text(), await (await s.getBlob(s.ref(storage, name))).text()]
    },
  }
}
