// Package webclient tests the web client's operations, as released apps perform them. client.mjs runs
// them with Firebase's JavaScript SDKs in Chromium and in Node, against the local cloud under the
// project's security rules. reference.mjs is how new apps should perform them: see docs/clients.md.
package webclient
