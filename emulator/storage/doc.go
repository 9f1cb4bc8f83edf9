// Package storage is the embedded Cloud Storage: it answers the unchanged client cloud.google.com/go/storage (and any
// other client of the JSON API) over HTTP. Point one at it with STORAGE_EMULATOR_HOST=host:port.
//
// It serves the JSON API for buckets and objects (/storage/v1/…), its uploads (/upload/storage/v1/…: simple, multipart,
// resumable) and the object paths of the XML API (/{bucket}/{object}: GET, HEAD, PUT, DELETE), which the Go client
// downloads by. [Server.Objects] has the same objects without HTTP, for a console or a test.
//
// What differs from the real service on purpose: everybody may do everything, since server clients send no credentials
// to an emulator, and signatures of signed URLs are not looked at; there is no versioning, retention, encryption key,
// access list or IAM, and asking for one of these is a 400 that says so; an object has at most [Config.MaxObjectBytes].
package storage
