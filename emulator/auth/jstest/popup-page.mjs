// Signs in with pop-ups and redirections, which Firebase's SDK does only in a browser. The emulator's gapi.js is in the place
// of Google's, so that no network is needed.
export default ({ app, auth }) => {
  document.body.append(Object.assign(document.createElement('p'), { id: 'ready', textContent: 'ready' }))
  let client, signedIn
  const providers = {
    'google.com': new auth.GoogleAuthProvider(), 'github.com': new auth.GithubAuthProvider(),
    'apple.com': new auth.OAuthProvider('apple.com'), 'oidc.mine': new auth.OAuthProvider('oidc.mine'), 'saml.mine': new auth.SAMLAuthProvider('saml.mine'),
  }
  const facts = async ({ user, providerId, operationType }, result) => ({
    uid: user.uid, email: user.email, verified: user.emailVerified, name: user.displayName, providers: user.providerData.map((p) => p.providerId),
    providerId, operationType, new: auth.getAdditionalUserInfo(result).isNewUser,
  })
  const kept = (promise) => { signedIn = promise.then((r) => facts(r, r), (e) => ({ code: e.code })) }
  return {
    use: async (server, project) => {
      await import(`${server}/emulator/auth/gapi.js`)
      client = auth.getAuth(app.initializeApp({ apiKey: 'any', projectId: project, authDomain: 'not-used.example' }))
      auth.connectAuthEmulator(client, server, { disableWarnings: true })
    },
    signIn: (provider) => kept(auth.signInWithPopup(client, providers[provider])),
    link: (provider) => kept(auth.linkWithPopup(client.currentUser, providers[provider])),
    reauthenticate: (provider) => kept(auth.reauthenticateWithPopup(client.currentUser, providers[provider])),
    signedIn: () => signedIn,
    signOut: () => auth.signOut(client),
    redirect: (provider) => { auth.signInWithRedirect(client, providers[provider]) },
    linkByRedirect: async (provider) => { auth.linkWithRedirect(client.currentUser, providers[provider]) },
    redirected: async () => {
      const result = await auth.getRedirectResult(client)
      return result && facts(result, result)
    },
  }
}
