package objects

import "time"

// Object describes one generation of an object. Callers must not change its map and slices, which
// are shared.
type Object struct {
	Bucket         string
	Name           string
	Generation     int64 // time of the write in µs since 1970, strictly increasing across the store
	Metageneration int64 // 1 for a new object; incremented by every change of Metadata
	Size           int64 // bytes as stored
	CRC32C         uint32
	MD5            []byte // 16 bytes; nil for a composed object, as in Cloud Storage
	Components     int    // number of objects it was composed from; 0 if it was not composed
	StorageClass   string // "STANDARD", …; has no effect
	Created        time.Time
	Updated        time.Time
	Metadata
}

// Ref names an object; Generation 0 means the live generation.
type Ref struct {
	Bucket     string
	Name       string
	Generation int64
}

// record is an object with its content. It is immutable; changes replace it.
type record struct {
	Object
	blob *blob
}
