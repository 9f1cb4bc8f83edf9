// Package sdktest tests servers with Firebase's own JavaScript SDKs, in Node and in headless Chromium: the versions that
// its lock file pins, the SDK of today (v12), an old one that web apps in the field still have (v9), the one for servers
// (firebase-admin) and the library for tests of security rules.
//
//	browser := sdktest.OpenBrowser(t)
//	pages := sdktest.Serve(t, os.DirFS("webclient"))
//	page := browser.Open(t, pages.URL("v12", "client.js"))
//	page.Call(t.Context(), "signIn", &uid, token)
//
// [StartNode] runs the same script in Node. npm installs the SDKs once for each state of the lock file, into a folder of the
// user's cache. Where Node, npm or Chromium is missing, the tests are left out and say so; with [Require] set they fail
// instead.
package sdktest
