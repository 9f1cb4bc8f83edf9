// Stands in for the browser's push service, which headless Chromium does not reach: PushManager.subscribe fails in it. The address
// of the device can be changed, as browsers do now and then.
PushManager.prototype.getSubscription = async () => null
PushManager.prototype.subscribe = async () => ({
  endpoint: localStorage.getItem('test.endpoint') ?? 'https://push.example/1',
  getKey: () => new Uint8Array([1, 2, 3]).buffer,
  unsubscribe: async () => true,
})
