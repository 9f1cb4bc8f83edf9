package objects

import (
	"crypto/md5"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// Draft receives the bytes of a new object until [Store.Put] publishes it or [Draft.Abort] discards
// it. It is not safe for concurrent use.
type Draft struct {
	store   *Store
	content content // nil after Put or Abort
	size    int64
	crc     uint32
	md5     hash.Hash
	failed  error // the write error that left content incomplete
}

// blob is the content of one or more objects: copies share it.
type blob struct {
	content content
	refs    int // objects with this content; guarded by Store.mu
}

// NewDraft returns an empty draft.
func (s *Store) NewDraft() (*Draft, error) {
	var c content = &memoryContent{}
	if s.disk != nil {
		f, err := newFileContent(s.disk.contentDir())
		if err != nil {
			return nil, err
		}
		c = f
	}
	return &Draft{store: s, content: c, md5: md5.New()}, nil
}

// Write appends p. If p would exceed a limit of [Config], Write appends nothing and returns a
// TooLarge or Busy [Error].
func (d *Draft) Write(p []byte) (int, error) {
	if d.failed != nil {
		return 0, d.failed
	}
	n := int64(len(p))
	if d.size+n > d.store.maxObject {
		return 0, errorf(TooLarge, "The object is larger than %d bytes, the limit of this emulator.", d.store.maxObject)
	}
	if d.store.pending.Add(n) > d.store.maxPending {
		d.store.pending.Add(-n)
		return 0, errorf(Busy, "Unfinished uploads have reached the limit of %d bytes; try again when some have ended.", d.store.maxPending)
	}
	d.size += n // now counted as pending, so Abort must subtract it even if the write fails
	written, err := d.content.Write(p)
	d.crc = crc32.Update(d.crc, castagnoli, p[:written])
	d.md5.Write(p[:written])
	if err != nil {
		d.failed = fmt.Errorf("writing object content: %w", err)
	}
	return written, d.failed
}

// ReadFrom appends everything from r and returns the number of bytes.
func (d *Draft) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{d}, struct{ io.Reader }{r}, make([]byte, 64<<10))
}

// Size returns the number of bytes written.
func (d *Draft) Size() int64 { return d.size }

// Abort discards the draft. It does nothing after [Store.Put] or another Abort, so it can be
// deferred.
func (d *Draft) Abort() {
	if d.content != nil {
		d.content.discardUnsealed() // Open removes what remains
	}
	d.end()
}

// end releases the draft's share of the pending bytes.
func (d *Draft) end() {
	if d.content != nil {
		d.store.pending.Add(-d.size)
		d.content = nil
	}
}
