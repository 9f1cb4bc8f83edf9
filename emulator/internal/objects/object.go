package objects

import (
	"maps"
	"time"
)

// Object describes one generation of an object. It is a value: changing one, or the map in it, is not allowed to
// readers and changes nothing in the store for others.
type Object struct {
	Bucket         string
	Name           string
	Generation     int64 // microseconds since 1970 when it was written, made strictly increasing over the whole store
	Metageneration int64 // 1 for a new object; every change of Metadata adds 1
	Size           int64 // bytes as stored
	CRC32C         uint32
	MD5            []byte // 16 bytes; nil for a composed object, as in the real service
	Components     int    // objects that this one was composed of; 0 if it was not composed
	StorageClass   string // "STANDARD", …; without meaning here
	Created        time.Time
	Updated        time.Time
	Metadata
}

// Metadata is what a client may say about an object, and change without writing it again.
type Metadata struct {
	ContentType        string
	ContentEncoding    string
	ContentLanguage    string
	ContentDisposition string
	CacheControl       string
	CustomTime         time.Time         // zero if none; never goes back once set
	Custom             map[string]string // the client's own keys; 8 KiB in all
}

// Ref names an object; Generation 0 means the one that is live.
type Ref struct {
	Bucket     string
	Name       string
	Generation int64
}

// record is an object with its bytes. A record in a bucket is never changed, only replaced.
type record struct {
	Object
	blob *blob
}

func (m Metadata) clone() Metadata {
	m.Custom = maps.Clone(m.Custom)
	return m
}

// checkChange refuses what a change of metadata may not do. A custom time once set can only move forward.
// Source: https://cloud.google.com/storage/docs/metadata#custom-time.
func (m Metadata) checkChange(old Metadata) error {
	if err := m.check(); err != nil {
		return err
	}
	if m.CustomTime.Before(old.CustomTime) {
		return errorf(Invalid, "Custom time cannot be removed or set to an earlier time once it is set (it is %s).",
			old.CustomTime.Format(time.RFC3339Nano))
	}
	return nil
}
