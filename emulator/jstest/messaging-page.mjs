// Registers a browser for messages with the web SDK. The SDK has no setting for the addresses of its services, and a
// headless browser has no push service: fetch goes to the emulator, and the push subscription is made up. All else is the SDK's.
const hosts = ['https://firebaseinstallations.googleapis.com/', 'https://fcmregistrations.googleapis.com/']

export default ({ app }) => {
  let sdk, messaging, serviceWorkerRegistration
  return {
    connect: async (address) => {
      const { fetch } = window
      window.fetch = (url, options) => {
        const host = hosts.find((h) => url.startsWith?.(h))
        return fetch(host ? `http://${address}/${url.slice(host.length)}` : url, options)
      }
      Object.defineProperty(Notification, 'permission', { get: () => 'granted' })
      PushManager.prototype.getSubscription = async () => null
      PushManager.prototype.subscribe = async () => ({
        endpoint: 'https://push.example/1', getKey: () => new Uint8Array([1, 2, 3]).buffer, unsubscribe: async () => true,
      })
      serviceWorkerRegistration = await navigator.serviceWorker.register('/messaging-worker.js')
      sdk = await import('firebase/messaging')
      messaging = sdk.getMessaging(app.initializeApp({ apiKey: 'any', projectId: 'demo-test', appId: '1:1:web:1', messagingSenderId: '1' }))
    },
    token: () => sdk.getToken(messaging, { serviceWorkerRegistration }),
    deleteToken: () => sdk.deleteToken(messaging),
  }
}
