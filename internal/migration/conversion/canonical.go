package conversion

import "crypto/sha256"

// Canonical returns the JSON form of a document's fields that is equal if and only if two documents say
// the same: with fields of the schema only, sorted; integers and doubles alike; timestamps in
// microseconds; references as paths; and a lecture's times and tags, whose order the old database does not keep, sorted.
func Canonical(doc *Document) []byte {
	panic("TODO")
}

// Sum is the hash of a document's path and canonical form.
type Sum [sha256.Size]byte

// Hash returns the hash of a document.
func Hash(doc *Document) Sum {
	panic("TODO")
}

// Difference is a field that two documents have different values of, in their canonical form; "" if the
// field is absent.
type Difference struct {
	Field, Old, New string
}

// Compare lists the fields that differ between the document that a row became and the one that Firestore has. Either
// may be nil.
func Compare(old, current *Document) []Difference {
	panic("TODO")
}
