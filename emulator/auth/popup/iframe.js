// The frame that the SDK opens in the app's page. It gives the SDK the answers of handler.js, by Google's gapi.iframes, which
// the SDK loads from Google, or by the emulator's own (gapi.js) if the page has loaded that one instead.
const query = new URLSearchParams(location.search)
const app = `${query.get('apiKey')}:${query.get('appName')}`
const none = { type: 'unknown', error: { code: 'auth/no-auth-event' } }

// take returns the answer that a redirection to this page has left.
const take = async () => {
  const page = location.ancestorOrigins?.[0] ?? document.referrer
  const response = page && await fetch('/emulator/auth/redirect', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ app, origin: new URL(page).origin }),
  })
  return (response && (await response.json()).event) ?? none
}

const start = () => {
  const { CROSS_ORIGIN_IFRAMES_FILTER: filter, getContext } = gapi.iframes
  const page = getContext().getParentIframe()
  const send = (authEvent) => page.send('authEvent', { type: 'authEvent', authEvent }, (answers) => {
    const last = answers?.at(-1)
    if (last?.status !== 'ACK' && authEvent !== none) console.error('The SDK did not take the answer of the sign-in', last)
  }, filter)
  // Without this answer, the SDK ends a sign-in.
  page.register('webStorageSupport', () => ({ status: 'ACK', webStorageSupport: true }), filter)
  window.addEventListener('message', (e) => {
    if (e.origin === location.origin && e.data?.emulatorAuthEvent) send(e.data.emulatorAuthEvent)
  })
  take().then(send)
}

window.emulatorGapiLoaded = () => gapi.load('gapi.iframes', { callback: start })
const script = document.createElement('script')
script.src = query.get('gapi') === 'emulator' ? '/emulator/auth/gapi.js?onload=emulatorGapiLoaded' : 'https://apis.google.com/js/api.js?onload=emulatorGapiLoaded'
script.onerror = () => console.error('Pop-up and redirect sign-ins need gapi: apis.google.com, or /emulator/auth/gapi.js of the emulator in the app\'s page')
document.head.append(script)
