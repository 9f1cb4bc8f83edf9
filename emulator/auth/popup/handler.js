// The page of pop-up and redirect sign-ins. It makes a made-up answer of the provider and gives it to the SDK: to the frame
// of this emulator that the SDK opens in the app's page (iframe.js), directly or, after a redirection, by the server.
const query = new URLSearchParams(location.search)
const get = (name) => query.get(name) ?? ''
const provider = document.querySelector('main').dataset.provider
const appKey = `${get('apiKey')}:${get('appName')}`
const form = document.querySelector('form')

const show = (problem) => {
  const element = document.getElementById('problem')
  element.textContent = problem
  element.hidden = false
  document.getElementById('choice').hidden = true
}

// toFrame hands an answer to the SDK's frame in the window that opened this one, and reports whether there is one.
const toFrame = (event) => {
  let found = false
  for (let i = 0; i < (window.opener?.length ?? 0); i++) {
    try {
      const frame = window.opener[i]
      const { searchParams, pathname } = new URL(frame.location.href)
      if (pathname === '/emulator/auth/iframe' && `${searchParams.get('apiKey')}:${searchParams.get('appName')}` === appKey) {
        frame.postMessage({ emulatorAuthEvent: event }, location.origin)
        found = true
      }
    } catch { /* a frame of another origin */ }
  }
  return found
}

const finish = async (claims) => {
  const response = new URL(location.pathname, location.origin)
  response.search = new URLSearchParams({ providerId: provider, id_token: JSON.stringify(claims) })
  const event = {
    type: get('authType'), eventId: get('eventId') || null, urlResponse: response.href, sessionId: 'none', postBody: null, tenantId: null, error: null,
  }
  if (isPopup) {
    if (!toFrame(event)) show("The app's page is gone, or keeps this window from reaching it with Cross-Origin-Opener-Policy: same-origin.")
    return
  }
  const body = JSON.stringify({ app: appKey, origin: target.origin, event })
  const kept = await fetch('/emulator/auth/redirect', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  if (kept.ok) location.replace(target)
  else show(await kept.text())
}

const isPopup = get('authType').endsWith('ViaPopup')
const target = URL.canParse(get('redirectUrl')) ? new URL(get('redirectUrl')) : null
if (!get('appName')) {
  show('The sign-in of apps for Android and iOS in a browser is not emulated; use signInWithCredential. (appName is missing.)')
} else if (!isPopup && !get('authType').endsWith('ViaRedirect')) {
  show('authType must be that of a pop-up or a redirection.')
} else if (!isPopup && target?.protocol !== 'http:' && target?.protocol !== 'https:') {
  show('redirectUrl must be an address of the web.')
}

const random = (n) => crypto.getRandomValues(new Uint32Array(1))[0] % n
const digits = () => String(1 + random(9)) + Array.from({ length: 19 }, () => random(10)).join('')

for (const button of document.querySelectorAll('[data-claims]')) {
  button.addEventListener('click', () => finish(JSON.parse(button.dataset.claims)))
}
document.getElementById('fill').addEventListener('click', () => {
  const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Alan', 'Frances']
  const name = names[random(names.length)]
  const screen = `${name.toLowerCase()}${random(10000)}`
  form.email.value = `${screen}@example.com`
  form.elements.name.value = name
  form.screen_name.value = screen
  form.querySelector('.primary').focus()
})
form.addEventListener('submit', (e) => {
  e.preventDefault()
  const claims = { sub: digits() }
  for (const name of ['email', 'name', 'screen_name', 'picture']) {
    const value = form.elements[name].value.trim()
    if (value) claims[name] = value
  }
  if (claims.email) claims.email_verified = form.email_verified.checked
  finish(claims)
})
