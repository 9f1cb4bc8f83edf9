// Package objects keeps the buckets and objects of the embedded Cloud Storage. It knows nothing of HTTP: the Google
// Cloud Storage API, the Firebase Storage API and the console are three doors to one [Store].
//
// An object is an immutable sequence of bytes under a name, with metadata beside it. Writing a name again makes a new
// generation and drops the old one (there is no versioning). The way of a write is always the same:
//
//  1. [Store.NewDraft] takes the bytes, counting and hashing them as they come. Nobody sees a draft.
//  2. [Store.Put] checks name, checksums and [Conditions], gives the draft the next generation, and puts it in place
//     in one step. When Put returns, every reader sees the new object, and with a data directory it survives a crash.
//
// # Data directory
//
//	lock                          held by the process that uses the directory
//	generation                    the highest generation that was ever deleted, so that none is given twice
//	content/<random hex>          the bytes of one object, or of several copies of it
//	buckets/<name>/bucket.json    the bucket
//	buckets/<name>/<hash>.json    one object: metadata and the name of its content; <hash> is SHA-256 of its name
//
// A file is written beside its place, synced, renamed, and its directory synced, before the caller hears of success.
// Content comes before the metadata that names it, so a crash leaves at most content that nothing names; [Open]
// removes that. Every metadata file carries a checksum, every content file has one in its metadata; Open reads them
// all and names a file that is damaged.
package objects
