// Signs in by phone, which Firebase's SDK does only in a browser.
export default ({ app, auth }) => {
  let server, project, count = 0
  const connect = () => {
    const client = auth.getAuth(app.initializeApp({ apiKey: 'any', projectId: project }, 'app' + count++))
    auth.connectAuthEmulator(client, server, { disableWarnings: true })
    return client
  }
  const verifier = { type: 'recaptcha', verify: async () => 'not checked', _reset: () => {} }
  // sent returns the last SMS code for a number.
  const sent = async (number) => {
    const { verificationCodes } = await (await fetch(`${server}/emulator/v1/projects/${project}/verificationCodes`)).json()
    return verificationCodes.filter((c) => c.phoneNumber === number).at(-1).code
  }
  const signIn = async (number) => {
    const confirmation = await auth.signInWithPhoneNumber(connect(), number, verifier)
    return (await confirmation.confirm(await sent(number))).user
  }
  const codeOf = (promise) => promise.then(() => 'no error', (e) => e.code)
  return {
    use: (url, name) => { [server, project] = [url, name] },
    signInTwice: async (number) => {
      const [first, second] = [await signIn(number), await signIn(number)]
      return [first.uid === second.uid, first.phoneNumber, (await second.getIdTokenResult()).signInProvider]
    },
    // The number belongs to another account. The error has a credential for that account.
    linkNumberInUse: async (number) => {
      const owner = await signIn(number)
      const client = connect()
      const { user } = await auth.signInAnonymously(client)
      const confirmation = await auth.linkWithPhoneNumber(user, number, verifier)
      const error = await confirmation.confirm(await sent(number)).then(() => null, (e) => e)
      const credential = auth.PhoneAuthProvider.credentialFromError(error)
      const again = await codeOf(auth.linkWithCredential(user, credential))
      const reused = await codeOf(confirmation.confirm(await sent(number).catch(() => '000000')))
      const signedIn = await auth.signInWithCredential(client, credential)
      return { code: error.code, again, reused, owner: signedIn.user.uid === owner.uid, phone: signedIn.user.phoneNumber, old: signedIn.user.uid === user.uid }
    },
    updateToNumberInUse: async (number, free) => {
      await signIn(number)
      const user = await signIn(free)
      const id = await new auth.PhoneAuthProvider(auth.getAuth(user.auth.app)).verifyPhoneNumber(number, verifier)
      return codeOf(auth.updatePhoneNumber(user, auth.PhoneAuthProvider.credential(id, await sent(number))))
    },
    reauthenticate: async (number, other) => {
      const user = await signIn(number)
      const codes = []
      for (const n of [number, other]) {
        const confirmation = await auth.reauthenticateWithPhoneNumber(user, n, verifier)
        codes.push(await codeOf(confirmation.confirm(await sent(n))))
      }
      return codes
    },
    linkFreeNumber: async (number) => {
      const { user } = await auth.signInAnonymously(connect())
      const confirmation = await auth.linkWithPhoneNumber(user, number, verifier)
      const wrong = await codeOf(confirmation.confirm((await sent(number)) === '000000' ? '000001' : '000000'))
      await confirmation.confirm(await sent(number))
      const linked = user.phoneNumber
      await auth.unlink(user, 'phone')
      return [wrong, linked, user.phoneNumber]
    },
  }
}
