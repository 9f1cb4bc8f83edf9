// Package storage emulates Cloud Storage and Cloud Storage for Firebase. It serves the unmodified
// clients over HTTP: cloud.google.com/go/storage and other clients of the JSON API find it through
// STORAGE_EMULATOR_HOST=host:port, Firebase clients through connectStorageEmulator.
//
// A [Server] serves several APIs for the same buckets and objects:
//
//   - the JSON API (/storage/v1/…) and its media, multipart and resumable uploads
//     (/upload/storage/v1/…)
//   - GET, HEAD, PUT and DELETE of objects in the XML API (/{bucket}/{object}), which the Go client
//     uses for downloads
//   - the Firebase API (/v0/b/…), in firebase*.go
//
// [Server.Objects] gives access to the objects without HTTP.
//
// Security rules, if any, apply to Firebase clients (access.go). A write is authorized atomically
// with the write itself, against the object it replaces; a read against the generation that is then
// sent. A denied client learns no more than in production; [Server.Evaluations], [Server.Coverage]
// and the log show which line of the rules denied the request and why.
//
// These differences from production are intentional. Server clients have full access, because they
// send no credentials to an emulator, and signatures of signed URLs are not verified. Versioning,
// retention, encryption keys and IAM are not emulated; a request for one of them returns 400 and
// says so. Access lists are ignored. Objects are limited to [Config.MaxObjectBytes].
package storage
