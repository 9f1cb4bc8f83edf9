package value

// Size is what the value counts towards the size of its document, in bytes
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
		return nameSize(v.str)
	case GeoPoint:
		return 16
	case Array:
		n := 0
		for _, e := range v.Array() {
			n += e.Size()
		}
		return n
	case Map:
		return v.Map().Size() + 32
	}
	return 0
}

// Size is the sum of the sizes of all names and values, without the 32 bytes and the name of a document.
func (f *Fields) Size() int {
	n := 0
	for _, e := range f.All() {
		n += len(e.Name) + 1 + e.Value.Size()
	}
	return n
}

// DocumentSize is the size of a document with the given path relative to the database's root, in bytes.
func DocumentSize(relativePath string, f *Fields) int { return nameSize(relativePath) + f.Size() + 32 }

// nameSize counts each id of a path with one byte more, and 16 bytes for the whole.
func nameSize(path string) int { return len(path) + 1 + 16 }
