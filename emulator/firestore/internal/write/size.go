package write

import "heek.kr/heektime/emulator/internal/value"

// checkSize rejects documents that exceed the limits on size and index entries.
func (w *Write) checkSize(f *value.Fields) error {
	if size := value.DocumentSize(w.Key.Path(), f); size > MaxDocumentBytes {
		return invalid("Document %q cannot be written because its size (%d bytes) exceeds the maximum allowed size of %d bytes.",
			w.Key.Path(), size, MaxDocumentBytes)
	} else if size > maxIndexEntries && entries(f) > maxIndexEntries { // an entry needs more than a byte
		return invalid("too many index entries for document %q: more than %d.", w.Key.Path(), maxIndexEntries)
	}
	return nil
}

// entries counts the entries in the automatic indexes: an ascending and a descending one for a
// single value, and one for each distinct element of an array
// (https://firebase.google.com/docs/firestore/query-data/index-overview).
func entries(f *value.Fields) int {
	n := 0
	for _, e := range f.All() {
		switch e.Value.Kind() {
		case value.Map:
			n += entries(e.Value.Map())
		case value.Array:
			seen := map[string]bool{}
			for _, v := range e.Value.Array() {
				seen[string(value.AppendKey(nil, v))] = true
			}
			n += len(seen)
		default:
			n += 2
		}
	}
	return n
}
