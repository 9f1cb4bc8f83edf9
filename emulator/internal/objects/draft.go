package objects

import (
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Draft takes the bytes of an object to be. It belongs to one goroutine. It ends in [Store.Put] or [Draft.Abort].
type Draft struct {
	store   *Store
	content content // nil once it ended
	size    int64
	crc     uint32
	md5     hash.Hash
	failed  error // why content is not what was written
}

// blob is content in place, with what is known of it. Copies of an object share one.
type blob struct {
	content content
	refs    int // objects that have it; guarded by Store.mu
}

// NewDraft starts an object.
func (s *Store) NewDraft() (*Draft, error) {
	var c content = &memory{}
	if s.disk != nil {
		f, err := newFile(s.disk.contentDir())
		if err != nil {
			return nil, err
		}
		c = f
	}
	return &Draft{store: s, content: c, md5: md5.New()}, nil
}

// Write adds p to the end. It refuses all of p with a TooLarge or Busy [Error] when a limit of [Config] would be passed.
func (d *Draft) Write(p []byte) (int, error) {
	if d.failed != nil {
		return 0, d.failed
	}
	n := int64(len(p))
	if d.size+n > d.store.maxObject {
		return 0, errorf(TooLarge, "The object is larger than the %d bytes that this emulator takes.", d.store.maxObject)
	}
	if d.store.pending.Add(n) > d.store.maxPending {
		d.store.pending.Add(-n)
		return 0, errorf(Busy, "Unfinished uploads hold %d bytes already; try again when some have ended.", d.store.maxPending)
	}
	d.size += n // counted as pending from here, so Abort must give it back even if the write fails
	written, err := d.content.Write(p)
	d.crc = crc32.Update(d.crc, castagnoli, p[:written])
	d.md5.Write(p[:written])
	if err != nil {
		d.failed = fmt.Errorf("writing an object's content: %w", err)
	}
	return written, d.failed
}

// ReadFrom adds everything that r has, and returns how many bytes that was.
func (d *Draft) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{d}, struct{ io.Reader }{r}, make([]byte, 64<<10))
}

// Size returns how many bytes the draft has.
func (d *Draft) Size() int64 { return d.size }

// Abort gives the draft up. It does nothing to a draft that ended, so it can be deferred.
func (d *Draft) Abort() {
	if d.content != nil {
		d.content.discardUnsealed() // what it leaves behind is removed when the store is opened
	}
	d.end()
}

func (d *Draft) end() {
	if d.content != nil {
		d.store.pending.Add(-d.size)
		d.content = nil
	}
}

// Checksums are what a client says about the bytes it sends, to be held against what arrived. Empty strings say nothing.
type Checksums struct {
	CRC32C string // base64 of 4 bytes, most significant first
	MD5    string // base64 of 16 bytes
}

// Or fills what c does not say from others.
func (c Checksums) Or(others Checksums) Checksums {
	return Checksums{CRC32C: cmp.Or(c.CRC32C, others.CRC32C), MD5: cmp.Or(c.MD5, others.MD5)}
}

// EncodeCRC32C writes a checksum the way Cloud Storage does: base64 of its 4 bytes, most significant first.
func EncodeCRC32C(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

func (c Checksums) check(d *Draft) error {
	if got := EncodeCRC32C(d.crc); c.CRC32C != "" && c.CRC32C != got {
		return errorf(Invalid, "Provided CRC32C \"%s\" doesn't match calculated CRC32C \"%s\".", c.CRC32C, got)
	}
	if got := base64.StdEncoding.EncodeToString(d.md5.Sum(nil)); c.MD5 != "" && c.MD5 != got {
		return errorf(Invalid, "Provided MD5 hash \"%s\" doesn't match calculated MD5 hash \"%s\".", c.MD5, got)
	}
	return nil
}
