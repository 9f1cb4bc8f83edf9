// Package conversion converts rows of the old database to documents of Firestore, and documents back to
// rows. It reads and writes nothing, so the same row becomes the same document in every command.
//
//	document.go    Document, and UserDocuments, the three that a user becomes
//	converter.go   Converter, which converts rows to documents
//	finding.go     Finding: what the new schema could not hold, and what became of it
//	names.go       Names: which of the users whose names collide keeps the name
//	back.go        documents to rows, and what has no place there
//	canonical.go   a canonical form of documents and its hash, to compare the two sides
package conversion
