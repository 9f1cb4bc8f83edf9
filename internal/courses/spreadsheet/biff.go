package spreadsheet

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// Record types of BIFF8 that are read ([MS-XLS] 2.3).
const (
	recFormula    = 0x0006
	recEOF        = 0x000A
	recFilePass   = 0x002F
	recContinue   = 0x003C
	recBoundSheet = 0x0085
	recMulRK      = 0x00BD
	recRString    = 0x00D6
	recSST        = 0x00FC
	recLabelSST   = 0x00FD
	recNumber     = 0x0203
	recLabel      = 0x0204
	recBoolErr    = 0x0205
	recString     = 0x0207
	recRK         = 0x027E
	recBOF        = 0x0809
)

// record is one record: a type, and a body of at most 8,224 bytes.
type record struct {
	id   uint16
	body []byte
}

// records goes through a stream record by record.
type records struct {
	data []byte
	at   int
}

func (r *records) next() (record, error) {
	if len(r.data)-r.at < 4 {
		return record{}, corrupt("xls: the records end at byte %d without an end mark", r.at)
	}
	id, size := le16(r.data[r.at:]), int(le16(r.data[r.at+2:]))
	begin := r.at + 4
	if len(r.data)-begin < size {
		return record{}, corrupt("xls: record %#04x at byte %d is cut off", id, r.at)
	}
	r.at = begin + size
	return record{id: id, body: r.data[begin:r.at:r.at]}, nil
}

// peek is the type of the next record, 0 at the end.
func (r *records) peek() uint16 {
	if len(r.data)-r.at < 4 {
		return 0
	}
	return le16(r.data[r.at:])
}

// readStringTable reads the strings that cells refer to by number ([MS-XLS] 2.4.265). The table is cut into parts wherever 8,224
// bytes were full, also within a string.
func readStringTable(parts [][]byte) ([]string, error) {
	r := stringReader{parts: parts}
	head, err := r.bytes(8)
	if err != nil {
		return nil, corrupt("xls: the string table has no head")
	}
	count, size := int(le32(head[4:])), 0
	for _, p := range parts {
		size += len(p)
	}
	if count > size/3 {
		return nil, corrupt("xls: the string table claims %d strings in %d bytes", count, size)
	}
	table := make([]string, count)
	for i := range table {
		if table[i], err = r.richString(); err != nil {
			return nil, corrupt("xls: the string table breaks off at string %d of %d", i, count)
		}
	}
	return table, nil
}

// stringReader reads strings that may run over the border of two records.
type stringReader struct {
	parts [][]byte
	buf   []byte
	units []uint16
}

// bytes takes n bytes, n small.
func (r *stringReader) bytes(n int) ([]byte, error) {
	r.drop()
	if len(r.parts) == 0 {
		return nil, ErrCorrupt
	}
	if len(r.parts[0]) >= n {
		b := r.parts[0][:n]
		r.parts[0] = r.parts[0][n:]
		return b, nil
	}
	b := make([]byte, 0, n)
	for len(b) < n {
		r.drop()
		if len(r.parts) == 0 {
			return nil, ErrCorrupt
		}
		k := min(n-len(b), len(r.parts[0]))
		b = append(b, r.parts[0][:k]...)
		r.parts[0] = r.parts[0][k:]
	}
	return b, nil
}

// skip passes n bytes.
func (r *stringReader) skip(n int) error {
	for n > 0 {
		r.drop()
		if len(r.parts) == 0 {
			return ErrCorrupt
		}
		k := min(n, len(r.parts[0]))
		r.parts[0] = r.parts[0][k:]
		n -= k
	}
	return nil
}

// drop leaves parts that are used up behind.
func (r *stringReader) drop() {
	for len(r.parts) > 0 && len(r.parts[0]) == 0 {
		r.parts = r.parts[1:]
	}
}

// Flags of a string ([MS-XLS] 2.5.293).
const (
	wide     = 0x01 // two bytes a character, else one
	extended = 0x04 // phonetic data follow
	rich     = 0x08 // formatting runs follow
)

// richString reads an XLUnicodeRichExtendedString.
func (r *stringReader) richString() (string, error) {
	head, err := r.bytes(3)
	if err != nil {
		return "", err
	}
	count, flags := int(le16(head)), head[2]
	behind := 0
	if flags&rich != 0 {
		b, err := r.bytes(2)
		if err != nil {
			return "", err
		}
		behind += 4 * int(le16(b))
	}
	if flags&extended != 0 {
		b, err := r.bytes(4)
		if err != nil {
			return "", err
		}
		behind += int(le32(b))
	}
	s, err := r.run(count, flags)
	if err != nil {
		return "", err
	}
	return s, r.skip(behind)
}

// chars reads a flag byte and count characters.
func (r *stringReader) chars(count int) (string, error) {
	if count == 0 && len(r.parts) == 0 {
		return "", nil
	}
	flags, err := r.bytes(1)
	if err != nil {
		return "", err
	}
	return r.run(count, flags[0])
}

// run reads count characters; where they go on in the next record, that begins with a flag byte of its own, and one
// half may be wide and the other not.
func (r *stringReader) run(count int, flags byte) (string, error) {
	r.units = r.units[:0]
	for count > 0 {
		if len(r.parts) == 0 {
			return "", ErrCorrupt
		}
		if len(r.parts[0]) == 0 {
			r.drop()
			b, err := r.bytes(1)
			if err != nil {
				return "", err
			}
			flags = b[0]
			continue
		}
		p := r.parts[0]
		if flags&wide == 0 {
			n := min(count, len(p))
			for _, b := range p[:n] {
				r.units = append(r.units, uint16(b))
			}
			r.parts[0], count = p[n:], count-n
			continue
		}
		n := min(count, len(p)/2)
		if n == 0 {
			return "", ErrCorrupt
		}
		for i := range n {
			r.units = append(r.units, le16(p[2*i:]))
		}
		r.parts[0], count = p[2*n:], count-n
	}
	r.buf = r.buf[:0]
	for i := 0; i < len(r.units); i++ {
		c := rune(r.units[i])
		if utf16.IsSurrogate(c) {
			pair := rune(0)
			if i+1 < len(r.units) {
				pair = rune(r.units[i+1])
			}
			if c = utf16.DecodeRune(c, pair); c != '\uFFFD' {
				i++
			}
		}
		r.buf = utf8.AppendRune(r.buf, c)
	}
	return string(r.buf), nil
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
