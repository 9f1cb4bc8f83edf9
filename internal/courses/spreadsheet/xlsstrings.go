package spreadsheet

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxStringsXLS bounds the string table: a list of 30,000 rows has a few hundred thousand.
const maxStringsXLS = 1_000_000

// readStringTable reads the strings that cells refer to by number ([MS-XLS] 2.4.265). The table is
// split into records of up to 8,224 bytes, even within a string.
func readStringTable(parts [][]byte) ([]string, error) {
	r := stringReader{parts: parts}
	head, err := r.bytes(8)
	if err != nil {
		return nil, corrupt("xls: the string table has no header")
	}
	count, size := int(le32(head[4:])), 0
	for _, p := range parts {
		size += len(p)
	}
	if count > size/3 {
		return nil, corrupt("xls: the string table claims %d strings in %d bytes", count, size)
	}
	if count > maxStringsXLS {
		return nil, fmt.Errorf("xls: more than %d strings: %w", maxStringsXLS, ErrTooLarge)
	}
	table := make([]string, count)
	for i := range table {
		if table[i], err = r.richString(); err != nil {
			return nil, corrupt("xls: the string table is cut off at string %d of %d", i, count)
		}
	}
	return table, nil
}

// stringReader reads strings that may continue in the next record.
type stringReader struct {
	parts [][]byte
	buf   []byte
	units []uint16
}

// bytes reads n bytes, where n is small.
func (r *stringReader) bytes(n int) ([]byte, error) {
	r.dropRead()
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
		r.dropRead()
		if len(r.parts) == 0 {
			return nil, ErrCorrupt
		}
		k := min(n-len(b), len(r.parts[0]))
		b = append(b, r.parts[0][:k]...)
		r.parts[0] = r.parts[0][k:]
	}
	return b, nil
}

// skip skips n bytes.
func (r *stringReader) skip(n int) error {
	for n > 0 {
		r.dropRead()
		if len(r.parts) == 0 {
			return ErrCorrupt
		}
		k := min(n, len(r.parts[0]))
		r.parts[0] = r.parts[0][k:]
		n -= k
	}
	return nil
}

// dropRead drops the parts that were read completely.
func (r *stringReader) dropRead() {
	for len(r.parts) > 0 && len(r.parts[0]) == 0 {
		r.parts = r.parts[1:]
	}
}

// The flags of a string ([MS-XLS] 2.5.293).
const (
	flagWide     = 0x01 // two bytes for each character, else one
	flagExtended = 0x04 // phonetic data follow
	flagRich     = 0x08 // formatting runs follow
)

// richString reads an XLUnicodeRichExtendedString.
func (r *stringReader) richString() (string, error) {
	head, err := r.bytes(3)
	if err != nil {
		return "", err
	}
	count, flags := int(le16(head)), head[2]
	trailing := 0
	if flags&flagRich != 0 {
		b, err := r.bytes(2)
		if err != nil {
			return "", err
		}
		trailing += 4 * int(le16(b))
	}
	if flags&flagExtended != 0 {
		b, err := r.bytes(4)
		if err != nil {
			return "", err
		}
		trailing += int(le32(b))
	}
	s, err := r.run(count, flags)
	if err != nil {
		return "", err
	}
	return s, r.skip(trailing)
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

// run reads count characters. If they continue in the next record, that begins with a flag byte of its
// own: one half may be wide and the other not.
func (r *stringReader) run(count int, flags byte) (string, error) {
	r.units = r.units[:0]
	for count > 0 {
		if len(r.parts) == 0 {
			return "", ErrCorrupt
		}
		if len(r.parts[0]) == 0 {
			r.dropRead()
			b, err := r.bytes(1)
			if err != nil {
				return "", err
			}
			flags = b[0]
			continue
		}
		p := r.parts[0]
		if flags&flagWide == 0 {
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
	return r.decodeUTF16(), nil
}

// decodeUTF16 returns the text of r.units.
func (r *stringReader) decodeUTF16() string {
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
	return string(r.buf)
}
