// Uses Firebase Authentication as an app does, with Firebase's own SDK.
// TestJavaScript passes the server's URL and the SDK's directory in environment variables.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const { AUTH_URL: server, AUTH_PROJECT: project, SDK: sdk } = process.env
const require = createRequire(sdk + '/')
const app = require('firebase/app')
const auth = require('firebase/auth')

let apps = 0
const connect = () => {
  const name = 'app' + apps++
  const client = auth.getAuth(app.initializeApp({ apiKey: 'any-key', projectId: project }, name))
  auth.connectAuthEmulator(client, server, { disableWarnings: true })
  return client
}

// admin sends a server's request.
const admin = async (method, path, body) => {
  const response = await fetch(`${server}/identitytoolkit.googleapis.com/v1/projects/${project}${path}`, {
    method, headers: { Authorization: 'Bearer owner' }, body: body && JSON.stringify(body),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response.json()
}
const control = async (method, path, body) =>
  (await fetch(`${server}/emulator/v1/projects/${project}${path}`, { method, body: body && JSON.stringify(body) })).json()

// mailed returns the last code sent to an email address.
const mailed = async (email) => (await control('GET', '/oobCodes')).oobCodes.filter((c) => c.email === email).at(-1)

// customToken returns a custom token as Admin SDKs create them for an emulator.
const customToken = (uid, claims, exp = Math.floor(Date.now() / 1000) + 3600) => {
  const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url')
  const email = 'firebase-auth-emulator@example.com'
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({
    iss: email, sub: email, iat: exp - 3600, exp, uid, claims,
    aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
  })}.`
}
const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
const fails = (promise, code) => assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code} (${e.message}), want ${code}`))

const users = { count: 0 }
const register = async (client) => {
  const email = `user${users.count++}@example.com`
  const { user } = await auth.createUserWithEmailAndPassword(client, email, 'first password')
  return { email, user }
}

test('signs up, out and in', async () => {
  const client = connect()
  const { email, user } = await register(client)
  assert.match(user.uid, /^[A-Za-z0-9]{28}$/)
  assert.equal(user.email, email)
  assert.equal(user.emailVerified, false)
  assert.deepEqual(user.providerData.map((p) => [p.providerId, p.uid]), [['password', email]])
  await auth.signOut(client)
  const again = await auth.signInWithEmailAndPassword(client, email.toUpperCase(), 'first password')
  assert.equal(again.user.uid, user.uid)
  assert.equal(auth.getAdditionalUserInfo(again)?.isNewUser ?? false, false)
  assert.ok(Date.parse(user.metadata.creationTime) > Date.now() - 60_000)
})

test('returns error codes', async () => {
  const client = connect()
  const { email } = await register(client)
  await fails(auth.signInWithEmailAndPassword(client, email, 'wrong password'), 'auth/wrong-password')
  await fails(auth.signInWithEmailAndPassword(client, 'nobody@example.com', 'wrong password'), 'auth/user-not-found')
  await fails(auth.signInWithEmailAndPassword(client, 'not an email', 'wrong password'), 'auth/invalid-email')
  await fails(auth.createUserWithEmailAndPassword(client, email, 'other password'), 'auth/email-already-in-use')
  await fails(auth.createUserWithEmailAndPassword(client, 'new@example.com', 'short'), 'auth/weak-password')
  await fails(auth.signInWithCustomToken(client, 'not a token'), 'auth/invalid-custom-token')
  await fails(auth.signInWithCustomToken(client, customToken('late', {}, Math.floor(Date.now() / 1000) - 10)), 'auth/invalid-custom-token')
})

test('refreshes the ID token', async () => {
  const client = connect()
  const { user } = await register(client)
  const old = payload(await user.getIdToken())
  assert.equal(old.aud, project)
  assert.equal(old.sub, user.uid)
  assert.equal(old.firebase.sign_in_provider, 'password')
  await admin('POST', '/accounts:update', { localId: user.uid, customAttributes: JSON.stringify({ role: 'teacher' }) })
  const fresh = await user.getIdTokenResult(true)
  assert.equal(fresh.claims.role, 'teacher')
  assert.equal(fresh.claims.auth_time, old.auth_time)
})

test('updates the profile and the password', async () => {
  const client = connect()
  const { email, user } = await register(client)
  await auth.updateProfile(user, { displayName: '헤크', photoURL: 'https://example.com/a.png' })
  await user.reload()
  assert.equal(user.displayName, '헤크')
  assert.equal(payload(await user.getIdToken(true)).name, '헤크')
  const elsewhere = await auth.signInWithEmailAndPassword(connect(), email, 'first password')
  await auth.updatePassword(user, 'second password')
  await user.getIdToken(true) // this session survives
  await fails(elsewhere.user.getIdToken(true), 'auth/user-token-expired') // the other session ends
  await fails(auth.signInWithEmailAndPassword(connect(), email, 'first password'), 'auth/wrong-password')
  await auth.signInWithEmailAndPassword(connect(), email, 'second password')
  await auth.reauthenticateWithCredential(user, auth.EmailAuthProvider.credential(email, 'second password'))
})

// tokens returns a session's ID token and refresh token.
const tokens = async (user) => ({ idToken: await user.getIdToken(), refreshToken: user.refreshToken })
const lookupStatus = async ({ idToken }) => (await fetch(`${server}/identitytoolkit.googleapis.com/v1/accounts:lookup?key=any`, {
  method: 'POST', body: JSON.stringify({ idToken }),
})).status

test('changing the password or the email ends all other sessions', async () => {
  const changes = {
    password: (user) => auth.updatePassword(user, 'second password'),
    email: (user) => auth.updateEmail(user, 'again-' + user.email),
    both: async (user) => { await auth.updateEmail(user, 'both-' + user.email); await auth.updatePassword(user, 'third password') },
  }
  for (const [name, change] of Object.entries(changes)) {
    const client = connect()
    const { email, user } = await register(client)
    const other = (await auth.signInWithEmailAndPassword(connect(), email, 'first password')).user
    const old = await tokens(user)
    await change(user)
    const now = await tokens(user)
    assert.notEqual(now.idToken, old.idToken, name)
    assert.equal(await lookupStatus(old), 400, name + ': the old ID token')
    assert.equal(await lookupStatus(now), 200, name + ': the new ID token')
    await fails(other.getIdToken(true), 'auth/user-token-expired')
    const { users: [{ validSince }] } = await admin('POST', '/accounts:lookup', { localId: [user.uid] })
    assert.equal(payload(now.idToken).auth_time, Number(validSince), name)
    const refreshed = payload(await user.getIdToken(true))
    assert.equal(refreshed.auth_time, Number(validSince), name + ': a refresh keeps auth_time')
    const { user: again } = await auth.signInWithEmailAndPassword(connect(), user.email, { password: 'second password', both: 'third password' }[name] ?? 'first password')
    assert.ok(payload(await again.getIdToken()).auth_time >= Number(validSince), name + ': a new session right after')
    assert.equal(client.currentUser.uid, user.uid)
  }
})

test('changes the email', async () => {
  const client = connect()
  const { email, user } = await register(client)
  await auth.updateEmail(user, 'moved-' + email)
  assert.equal(user.email, 'moved-' + email)
  await fails(auth.signInWithEmailAndPassword(connect(), email, 'first password'), 'auth/user-not-found')
  const { oobCode, requestType } = await mailed(email)
  assert.equal(requestType, 'RECOVER_EMAIL')
  await auth.applyActionCode(client, oobCode)
  await auth.signInWithEmailAndPassword(connect(), email, 'first password')
})

test('signs in with a custom token', async () => {
  const client = connect()
  const first = await auth.signInWithCustomToken(client, customToken('old-account', { legacy: true }))
  assert.equal(first.user.uid, 'old-account')
  assert.equal(auth.getAdditionalUserInfo(first).isNewUser, true)
  const { claims, signInProvider } = await first.user.getIdTokenResult(true) // claims survive the refresh
  assert.equal(claims.legacy, true)
  assert.equal(signInProvider, 'custom')
  const second = await auth.signInWithCustomToken(connect(), customToken('old-account', {}))
  assert.equal(auth.getAdditionalUserInfo(second).isNewUser, false)
})

test('adds a password to an account with a custom token', async () => {
  const { user } = await auth.signInWithCustomToken(connect(), customToken('migrated', {}))
  await admin('POST', '/accounts:update', { localId: 'migrated', email: 'migrated@user.heektime.heek.kr', password: 'its password', emailVerified: true })
  const direct = await auth.signInWithEmailAndPassword(connect(), 'migrated@user.heektime.heek.kr', 'its password')
  assert.equal(direct.user.uid, user.uid)
})

test('links a password to an anonymous account', async () => {
  const client = connect()
  const { user } = await auth.signInAnonymously(client)
  assert.equal(user.isAnonymous, true)
  const token = payload(await user.getIdToken())
  assert.equal(token.provider_id, 'anonymous')
  const linked = await auth.linkWithCredential(user, auth.EmailAuthProvider.credential('was-anonymous@example.com', 'a password'))
  assert.equal(linked.user.uid, user.uid)
  assert.equal(linked.user.isAnonymous, false)
  const again = await auth.signInWithEmailAndPassword(connect(), 'was-anonymous@example.com', 'a password')
  assert.equal(again.user.uid, user.uid)
})

test('deletes an account', async () => {
  const client = connect()
  const { email, user } = await register(client)
  await auth.deleteUser(user)
  assert.equal(client.currentUser, null)
  await fails(auth.signInWithEmailAndPassword(client, email, 'first password'), 'auth/user-not-found')
  await auth.createUserWithEmailAndPassword(client, email, 'first password')
})

test('rejects a disabled user', async () => {
  const client = connect()
  const { email, user } = await register(client)
  await admin('POST', '/accounts:update', { localId: user.uid, disableUser: true })
  await fails(auth.signInWithEmailAndPassword(connect(), email, 'first password'), 'auth/user-disabled')
  await fails(user.getIdToken(true), 'auth/user-disabled')
})

test('rejects a revoked session', async () => {
  const { user } = await register(connect())
  await admin('POST', '/accounts:update', { localId: user.uid, validSince: String(Math.floor(Date.now() / 1000)) })
  await fails(user.getIdToken(true), 'auth/user-token-expired')
})

test('notices that a server deleted the account', async () => {
  const { user } = await register(connect())
  await admin('POST', '/accounts:delete', { localId: user.uid })
  await fails(user.reload(), 'auth/user-token-expired') // the SDK's error for USER_NOT_FOUND
})

test('resets a password', async () => {
  const client = connect()
  const { email, user } = await register(client)
  await auth.sendPasswordResetEmail(client, email)
  const { oobCode, oobLink } = await mailed(email)
  assert.equal(auth.ActionCodeURL.parseLink(oobLink).code, oobCode)
  assert.equal(await auth.verifyPasswordResetCode(client, oobCode), email)
  await fails(auth.confirmPasswordReset(client, oobCode, 'short'), 'auth/weak-password')
  await auth.confirmPasswordReset(client, oobCode, 'remembered')
  await fails(auth.confirmPasswordReset(client, oobCode, 'once more'), 'auth/invalid-action-code')
  const again = await auth.signInWithEmailAndPassword(connect(), email, 'remembered')
  assert.equal(again.user.uid, user.uid)
  await fails(auth.sendPasswordResetEmail(client, 'nobody@example.com'), 'auth/user-not-found')
})

test('verifies an email', async () => {
  const { email, user } = await register(connect())
  await auth.sendEmailVerification(user)
  const { oobCode } = await mailed(email)
  const info = await auth.checkActionCode(connect(), oobCode)
  assert.equal(info.operation, 'VERIFY_EMAIL')
  await auth.applyActionCode(connect(), oobCode)
  await user.reload()
  assert.equal(user.emailVerified, true)
})

const settings = { url: 'http://localhost/finish?from=mail', handleCodeInApp: true }

// link sends a sign-in link and returns it.
const link = async (email) => {
  await auth.sendSignInLinkToEmail(connect(), email, settings)
  return (await mailed(email)).oobLink
}

test('signs in with an email link', async () => {
  const client = connect()
  const email = 'linked@example.com'
  const first = await link(email)
  assert.ok(auth.isSignInWithEmailLink(client, first))
  assert.equal(auth.ActionCodeURL.parseLink(first).continueUrl, settings.url)
  const wrong = first.replace(/oobCode=[^&]+/, 'oobCode=none')
  await fails(auth.signInWithEmailLink(client, email, wrong), 'auth/invalid-action-code')
  await fails(auth.signInWithEmailLink(client, 'other@example.com', first), 'auth/invalid-email') // does not use it up
  const { user, ...rest } = await auth.signInWithEmailLink(client, email.toUpperCase(), first)
  assert.equal(user.emailVerified, true)
  assert.equal(auth.getAdditionalUserInfo({ user, ...rest }).isNewUser, true)
  assert.deepEqual(await auth.fetchSignInMethodsForEmail(client, email), ['emailLink'])
  await fails(auth.signInWithEmailLink(connect(), email, first), 'auth/invalid-action-code') // a link works once
  const again = await auth.signInWithEmailLink(connect(), email, await link(email))
  assert.equal(again.user.uid, user.uid)
  assert.equal(auth.getAdditionalUserInfo(again).isNewUser, false)
  await fails(auth.signInWithEmailAndPassword(connect(), email, 'a password'), 'auth/wrong-password') // there is none
})

test('the link in the email leads to the app', async () => {
  const email = 'by-redirect@example.com'
  const response = await fetch(await link(email), { redirect: 'manual' })
  assert.equal(response.status, 303)
  const url = response.headers.get('Location')
  assert.ok(url.startsWith('http://localhost/finish?'), url)
  assert.equal(new URL(url).searchParams.get('from'), 'mail')
  const client = connect()
  assert.ok(auth.isSignInWithEmailLink(client, url))
  await auth.signInWithEmailLink(client, email, url)
})

test('an email link for an account with a password', async () => {
  const { email, user } = await register(connect())
  const linked = await auth.signInWithEmailLink(connect(), email, await link(email))
  assert.equal(linked.user.uid, user.uid)
  assert.equal(linked.user.emailVerified, true)
  assert.deepEqual((await auth.fetchSignInMethodsForEmail(connect(), email)).sort(), ['emailLink', 'password'])
  await auth.reauthenticateWithCredential(user, auth.EmailAuthProvider.credentialWithLink(email, await link(email)))
  await user.getIdToken(true) // this session goes on
})

test('links an email link to an account', async () => {
  const { user } = await auth.signInAnonymously(connect())
  const email = 'anonymous-linked@example.com'
  const linked = await auth.linkWithCredential(user, auth.EmailAuthProvider.credentialWithLink(email, await link(email)))
  assert.equal(linked.user.uid, user.uid)
  assert.equal(user.isAnonymous, false)
  assert.deepEqual([user.email, user.emailVerified], [email, true])
  await user.getIdToken(true)
  const again = await auth.signInWithEmailLink(connect(), email, await link(email))
  assert.equal(again.user.uid, user.uid)
  const other = await auth.signInAnonymously(connect())
  const credential = auth.EmailAuthProvider.credentialWithLink(email, await link(email))
  await fails(auth.linkWithCredential(other.user, credential), 'auth/email-already-in-use')
  await auth.unlink(user, 'password')
  assert.deepEqual(user.providerData, [])
  await user.getIdToken(true) // unlinking ends no session
})

test('signs in with a fake credential of a provider', async () => {
  const client = connect()
  const credential = auth.GoogleAuthProvider.credential(JSON.stringify({ sub: 'g1', email: 'g@example.com', email_verified: true, name: 'G' }))
  const { user } = await auth.signInWithCredential(client, credential)
  assert.equal(user.displayName, 'G')
  assert.deepEqual(payload(await user.getIdToken()).firebase.identities['google.com'], ['g1'])
  const again = await auth.signInWithCredential(connect(), credential)
  assert.equal(again.user.uid, user.uid)
  const other = await register(connect())
  await fails(auth.linkWithCredential(other.user, credential), 'auth/credential-already-in-use')
})

test('hides accounts with email privacy', async () => {
  await control('PATCH', '/config', { emailPrivacyConfig: { enableImprovedEmailPrivacy: true } })
  try {
    const client = connect()
    const { email } = await register(client)
    const code = (error) => error.then(() => 'no error', (e) => e.code)
    const wrong = await code(auth.signInWithEmailAndPassword(client, email, 'wrong password'))
    const unknown = await code(auth.signInWithEmailAndPassword(client, 'nobody@example.com', 'wrong password'))
    assert.equal(wrong, unknown)
    if (app.SDK_VERSION.startsWith('12.')) assert.equal(wrong, 'auth/invalid-credential') // SDK 9.6 has no such code
    await auth.sendPasswordResetEmail(client, 'nobody@example.com')
    assert.deepEqual(await auth.fetchSignInMethodsForEmail(client, email), [])
    const { email: taken } = await register(connect())
    const { user } = await auth.signInWithEmailAndPassword(client, email, 'first password')
    await fails(auth.updateEmail(user, 'free@example.com'), 'auth/operation-not-allowed') // before the new address is verified
    await auth.verifyBeforeUpdateEmail(user, taken)
    assert.equal(await mailed(email), undefined)
    await auth.verifyBeforeUpdateEmail(user, 'free@example.com')
    await auth.applyActionCode(connect(), (await mailed(email)).oobCode)
    await auth.signInWithEmailAndPassword(connect(), 'free@example.com', 'first password')
    for (const address of [taken, 'unknown-with-link@example.com']) {
      await auth.signInWithEmailLink(connect(), address, await link(address))
    }
  } finally {
    await control('PATCH', '/config', { emailPrivacyConfig: { enableImprovedEmailPrivacy: false } })
  }
})

test('reports the auth state', async () => {
  const client = connect()
  const seen = []
  auth.onIdTokenChanged(client, (user) => seen.push(user?.uid ?? null))
  const { user } = await register(client)
  await auth.signOut(client)
  assert.deepEqual([...new Set(seen)].filter(Boolean), [user.uid])
  assert.equal(client.currentUser, null)
})
