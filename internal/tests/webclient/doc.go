// Package webclient has no code but tests: the web client's operations, as apps in the field have them, done with Firebase's
// JavaScript SDKs in Chromium and in Node, against the local cloud under the project's security rules.
package webclient
