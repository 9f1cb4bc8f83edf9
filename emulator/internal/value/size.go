package value

// Size returns the number of bytes that the value adds to the size of its document
// (https://firebase.google.com/docs/firestore/storage-size).
func (v Value) Size() int {
	switch v.kind {
	case Null, Bool:
		return 1
	case Int, Double, Timestamp:
		return 8
	case String:
		return len(v.str) + 1
	case Bytes:
		return len(v.str)
	case Reference:
		return NameSize(v.str)
	case GeoPoint:
		return 16
	case Array:
		n := 0
		for _, e := range v.Array() {
			n += e.Size()
		}
		return n
	case Map:
		if elements, ok := v.Vector(); ok {
			return 8 * len(elements)
		}
		return v.Map().Size() + 32
	}
	return 0
}

// Size returns the sum of the sizes of all names and values, excluding a document's name and the 32
// bytes of its overhead.
func (f *Fields) Size() int {
	if f == nil {
		return 0
	}
	return f.size
}

// DocumentSize returns the size in bytes of the document at a path relative to the database's root.
func DocumentSize(relativePath string, f *Fields) int { return DocumentSizeOf(len(relativePath), f) }

// DocumentSizeOf is [DocumentSize] for a path of n bytes.
func DocumentSizeOf(n int, f *Fields) int { return NameSizeOf(n) + f.Size() + 32 }

// NameSize returns the size of a document's name, given its path: one byte more than the length of each
// ID, and 16 bytes for the whole path.
func NameSize(path string) int { return NameSizeOf(len(path)) }

// NameSizeOf is [NameSize] for a path of n bytes.
func NameSizeOf(n int) int { return n + 1 + 16 }
