package persist

import (
	"encoding/binary"
	"errors"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// A record begins with its type. Numbers are varints; strings and byte strings are preceded by their
// length.
const (
	recordInstance = 1 // 8 bytes of instance ID, the time of the last commit
	recordCommit   = 2 // a time, then operations
	recordDocs     = 3 // operations, part of a snapshot
	recordReset    = 4 // a time: everything was deleted
)

// The operations in a record begin with their type, too.
const (
	opPut    = 1 // key, created, updated, fields
	opDelete = 2 // key
)

func encodeCommit(c *store.Commit) []byte {
	if c.Reset {
		return binary.AppendUvarint([]byte{recordReset}, uint64(c.Time))
	}
	if len(c.Changes) == 0 {
		return nil
	}
	n := 16
	for _, ch := range c.Changes {
		n += len(ch.New.Key) + 32
		if !ch.New.Deleted {
			n += len(ch.New.Wire())
		}
	}
	b := binary.AppendUvarint(append(make([]byte, 0, n), recordCommit), uint64(c.Time))
	for _, ch := range c.Changes {
		b = appendOp(b, ch.New)
	}
	return b
}

func appendOp(b []byte, d *store.Document) []byte {
	if d.Deleted {
		return appendText(append(b, opDelete), string(d.Key))
	}
	b = appendText(append(b, opPut), string(d.Key))
	b = binary.AppendUvarint(b, uint64(d.Created))
	b = binary.AppendUvarint(b, uint64(d.Updated))
	wire := d.Wire()
	b = binary.AppendUvarint(b, uint64(len(wire)))
	return append(b, wire...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errRecord = errors.New("not a record of a Firestore database")

// reader decodes a record. If the record is too short, values are zero and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	x, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return x
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// replay applies a record to a loader.
func (l *Log) replay(to *store.Loader, record []byte) error {
	if len(record) == 0 {
		return errRecord
	}
	r := &reader{b: record[1:]}
	switch record[0] {
	case recordInstance:
		if len(r.b) < len(l.instance) {
			return errRecord
		}
		copy(l.instance[:], r.b)
		r.b = r.b[len(l.instance):]
		to.SetTime(value.Micros(r.number()))
	case recordReset:
		to.Clear()
		to.SetTime(value.Micros(r.number()))
	case recordCommit:
		to.BeginCommit(value.Micros(r.number()))
		return r.ops(to)
	case recordDocs:
		to.BeginSnapshot()
		return r.ops(to)
	default:
		return errRecord
	}
	if r.bad || len(r.b) > 0 {
		return errRecord
	}
	return nil
}

func (r *reader) ops(to *store.Loader) error {
	for len(r.b) > 0 {
		op := r.b[0]
		r.b = r.b[1:]
		key := resource.Key(r.bytes())
		switch op {
		case opDelete:
			to.Delete(key)
		case opPut:
			created, updated := value.Micros(r.number()), value.Micros(r.number())
			f, err := value.ParseDocumentFields(r.bytes())
			if err != nil {
				return err
			}
			to.Put(key, created, updated, f)
		default:
			return errRecord
		}
		if r.bad || key == "" {
			return errRecord
		}
	}
	return nil
}
