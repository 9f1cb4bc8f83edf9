// Package objects stores the buckets and objects of the emulated Cloud Storage. It does not depend
// on HTTP: the Cloud Storage APIs, the Firebase Storage API and the console all use the same
// [Store].
//
// An object is an immutable sequence of bytes with a name and metadata. Writing to a name that
// exists creates a new generation and removes the old one; there is no versioning. Every write has
// two steps:
//
//  1. [Store.NewDraft] returns a [Draft] that receives the bytes and hashes them. Readers do not see it.
//  2. [Store.Put] checks the name, checksums and preconditions ([Conditions]), assigns the next
//     generation, and publishes the object atomically. When Put returns, every reader sees the new
//     object, and if there is a data directory, the object survives a crash.
//
// # Data directory
//
//	lock                          locked by the process that uses the directory
//	generation                    the highest generation ever deleted, so that none is assigned twice
//	content/<random hex>          the bytes of one object, or of several copies of it
//	buckets/<name>/bucket.json    the bucket
//	buckets/<name>/<hash>.json    an object's metadata and the name of its content file;
//	                              <hash> is the SHA-256 of the object's name
//
// Files are replaced atomically: written under a temporary name, synced, renamed, and the directory
// synced, before the caller learns of success. Content is written before the metadata that refers
// to it, so a crash leaves at most unreferenced content, which [Open] removes. Every metadata file
// starts with a checksum, and metadata holds the checksum of its content file; Open verifies all of
// them and its error names a damaged file.
package objects
