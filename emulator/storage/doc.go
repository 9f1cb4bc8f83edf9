// Package storage is the embedded Cloud Storage: it answers the unchanged client cloud.google.com/go/storage (and any
// other client of the JSON API) over HTTP, and the unchanged Storage clients of Firebase. Point the former at it with
// STORAGE_EMULATOR_HOST=host:port, the latter with connectStorageEmulator.
//
// It serves the JSON API for buckets and objects (/storage/v1/…), its uploads (/upload/storage/v1/…: simple, multipart,
// resumable), the object paths of the XML API (/{bucket}/{object}: GET, HEAD, PUT, DELETE), which the Go client
// downloads by, and Firebase's API (/v0/b/…: firebase*.go). They are doors to the same objects. [Server.Objects] has
// them without HTTP, for a console or a test.
//
// Firebase's clients are judged by security rules, if there are any (access.go): a write in the very step that it happens
// in, on the object that it meets; a read on the generation that is then sent. Clients are told no more than production
// tells them; [Server.Judgements], the log and [Server.Coverage] say which line refused and why.
//
// What differs from the real service on purpose: server clients may do everything, since they send no credentials
// to an emulator, and signatures of signed URLs are not looked at; there is no versioning, retention, encryption key,
// access list or IAM, and asking for one of these is a 400 that says so; an object has at most [Config.MaxObjectBytes].
package storage
