package write

import (
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Indexes are the indexes of a database, which limit its documents.
type Indexes interface {
	// CheckDocument returns INVALID_ARGUMENT if a document has more or larger index entries than
	// Firestore allows.
	CheckDocument(resource.Key, *value.Fields) error
}

// checkSize rejects documents that exceed the limits on size and index entries.
func (w *Write) checkSize(f *value.Fields) error {
	if size := value.DocumentSize(w.Key.Path(), f); size > MaxDocumentBytes {
		return invalid("Document %q cannot be written because its size (%d bytes) exceeds the maximum allowed size of %d bytes.",
			w.Key.Path(), size, MaxDocumentBytes)
	}
	if w.Indexes == nil {
		return nil
	}
	return w.Indexes.CheckDocument(w.Key, f)
}
