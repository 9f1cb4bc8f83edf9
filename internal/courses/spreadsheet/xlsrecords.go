package spreadsheet

import (
	"encoding/binary"
	"fmt"
)

// The BIFF8 record types that the reader uses ([MS-XLS] 2.3).
const (
	recFormula    = 0x0006
	recEOF        = 0x000A
	recDateMode   = 0x0022
	recFilePass   = 0x002F
	recContinue   = 0x003C
	recBoundSheet = 0x0085
	recMulRK      = 0x00BD
	recRString    = 0x00D6
	recXF         = 0x00E0
	recMergeCells = 0x00E5
	recSST        = 0x00FC
	recLabelSST   = 0x00FD
	recNumber     = 0x0203
	recLabel      = 0x0204
	recBoolErr    = 0x0205
	recString     = 0x0207
	recRK         = 0x027E
	recFormat     = 0x041E
	recBOF        = 0x0809
)

// record is one record: a type and a body of at most 8,224 bytes.
type record struct {
	id   uint16
	body []byte
}

// recordReader reads a stream record by record.
type recordReader struct {
	data []byte
	pos  int
}

func (r *recordReader) next() (record, error) {
	if len(r.data)-r.pos < 4 {
		return record{}, corrupt("xls: the records end at byte %d without an EOF record", r.pos)
	}
	id, size := le16(r.data[r.pos:]), int(le16(r.data[r.pos+2:]))
	begin := r.pos + 4
	if len(r.data)-begin < size {
		return record{}, corrupt("xls: record %#04x at byte %d is cut off", id, r.pos)
	}
	r.pos = begin + size
	return record{id: id, body: r.data[begin:r.pos:r.pos]}, nil
}

// maxParts bounds the records that continue another one. Each may be empty but takes 24 bytes in
// memory; 16 MiB in records of the full size are 2,000.
const maxParts = 100_000

// continued returns the body of a record and of the CONTINUE records that follow it.
func (r *recordReader) continued(body []byte) ([][]byte, error) {
	parts := [][]byte{body}
	for r.peek() == recContinue {
		next, err := r.next()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, next.body); len(parts) > maxParts {
			return nil, fmt.Errorf("xls: a record continued more than %d times: %w", maxParts, ErrTooLarge)
		}
	}
	return parts, nil
}

// peek returns the type of the next record, 0 at the end.
func (r *recordReader) peek() uint16 {
	if len(r.data)-r.pos < 4 {
		return 0
	}
	return le16(r.data[r.pos:])
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
