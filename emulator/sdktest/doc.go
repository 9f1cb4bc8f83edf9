// Package sdktest tests servers with Firebase's own JavaScript SDKs, in Node and in headless Chromium. Its
// lock file pins the current web SDK (v12), an old one that apps in the field still use (v9), the Admin
// SDK (firebase-admin), and @firebase/rules-unit-testing.
//
//	browser := sdktest.OpenBrowser(t)
//	pages := sdktest.Serve(t, os.DirFS("webclient"))
//	page := browser.Open(t, pages.URL("v12", "client.js"))
//	page.Call(t.Context(), "signIn", &uid, token)
//
// [StartNode] runs the same script in Node. npm installs the SDKs once for each version of the lock file,
// into the user's cache folder. Where Node, npm or Chromium is missing, the tests are skipped and say
// why; with [Require] set, they fail instead.
package sdktest
