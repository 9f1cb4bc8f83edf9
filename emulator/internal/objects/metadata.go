package objects

import (
	"maps"
	"time"
)

// Metadata is the part of an object that clients can set, and change without writing the object
// again.
type Metadata struct {
	ContentType        string
	ContentEncoding    string
	ContentLanguage    string
	ContentDisposition string
	CacheControl       string
	CustomTime         time.Time         // zero if unset; once set, it can only move forward
	Custom             map[string]string // custom metadata; at most 8 KiB
}

// maxCustomBytes limits the total size of keys and values of an object's custom metadata.
// Source: https://cloud.google.com/storage/quotas#objects (8 KiB).
const maxCustomBytes = 8 << 10

func (m Metadata) clone() Metadata {
	m.Custom = maps.Clone(m.Custom)
	return m
}

// checkChange returns an Invalid [Error] if metadata cannot change from old to m.
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

// check returns an Invalid [Error] if an object cannot have m.
func (m Metadata) check() error {
	size := 0
	for k, v := range m.Custom {
		if k == "" {
			return errorf(Invalid, "Invalid metadata: a key is empty.")
		}
		size += len(k) + len(v)
	}
	if size > maxCustomBytes {
		return errorf(Invalid, "The custom metadata has %d bytes; at most %d are allowed.", size, maxCustomBytes)
	}
	return nil
}
