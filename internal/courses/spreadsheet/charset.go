package spreadsheet

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
)

// KnownCharset reports whether name is a charset of the WHATWG Encoding standard.
func KnownCharset(name string) bool {
	_, err := htmlindex.Get(name)
	return err == nil
}

// decodedText is a file as UTF-8.
type decodedText struct {
	data []byte
	// invalid describes, by line from 1, the first byte that is invalid in the charset. In data it is
	// U+FFFD.
	invalid map[int]string
}

const byteOrderMark = "\xef\xbb\xbf"

// decode decodes data to UTF-8.
func decode(data []byte, charset string) (decodedText, error) {
	name, e, err := charsetOf(data, charset)
	if err != nil {
		return decodedText{}, err
	}
	if e == nil {
		return decodeUTF8(data), nil
	}
	decoded, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return decodedText{}, corrupt("text: %v", err)
	}
	t := decodedText{data: bytes.TrimPrefix(decoded, []byte(byteOrderMark))}
	if bytes.Contains(t.data, []byte("\uFFFD")) {
		t.invalid = invalidLines(data, name, e)
	}
	return t, nil
}

// decodeUTF8 replaces the bytes of data that are not UTF-8 with U+FFFD.
func decodeUTF8(data []byte) decodedText {
	rest := bytes.TrimPrefix(data, []byte(byteOrderMark))
	if utf8.Valid(rest) {
		return decodedText{data: rest}
	}
	t := decodedText{data: make([]byte, 0, len(rest)+16), invalid: map[int]string{}}
	offset, line := len(data)-len(rest), 1
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			if t.invalid[line] == "" {
				t.invalid[line] = invalidByte(data, offset, line, "utf-8")
			}
		case r == '\n':
			line++
		}
		t.data = utf8.AppendRune(t.data, r)
		rest, offset = rest[size:], offset+size
	}
	return t
}

func invalidByte(data []byte, offset, line int, charset string) string {
	return fmt.Sprintf("byte 0x%02x at position %d (line %d) is invalid in %s", data[offset], offset, line, charset)
}

// invalidLines finds the first invalid byte of each line. In all charsets of the WHATWG standard but
// UTF-16, a newline is one byte that is part of no other character.
func invalidLines(data []byte, name string, e encoding.Encoding) map[int]string {
	invalid := map[int]string{}
	if strings.HasPrefix(name, "utf-16") {
		return invalid
	}
	offset, line := 0, 1
	for text := range bytes.Lines(data) {
		if i := firstInvalid(text, e); i >= 0 {
			invalid[line] = invalidByte(data, offset+i, line, name)
		}
		offset += len(text)
		line++
	}
	return invalid
}

// firstInvalid returns the position of the first byte that does not decode, or -1.
func firstInvalid(text []byte, e encoding.Encoding) int {
	isInvalid := func(b []byte) bool {
		decoded, err := e.NewDecoder().Bytes(b)
		return err != nil || bytes.Contains(decoded, []byte("\uFFFD"))
	}
	if !isInvalid(text) {
		return -1
	}
	// Characters have up to four bytes: step over one at a time.
next:
	for i := 0; i < len(text); {
		for n := 1; n <= 4 && i+n <= len(text); n++ {
			if !isInvalid(text[i : i+n]) {
				i += n
				continue next
			}
		}
		return i
	}
	return 0
}

// Preview returns the first maxBytes of data as UTF-8, for error messages.
func Preview(data []byte, maxBytes int) string {
	head := data[:min(len(data), maxBytes)]
	if _, e, err := charsetOf(data, ""); err == nil && e != nil {
		s, _ := io.ReadAll(e.NewDecoder().Reader(bytes.NewReader(head))) // a partial preview is fine
		head = s
	}
	return strings.ToValidUTF8(string(bytes.TrimPrefix(head, []byte(byteOrderMark))), "\uFFFD")
}

// charsetOf returns the charset of data and its encoding, nil for UTF-8. A byte order mark decides, as
// in the Encoding standard (https://encoding.spec.whatwg.org/#decode), then name. Without both, it is
// detected.
func charsetOf(data []byte, name string) (string, encoding.Encoding, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "utf-16be", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(data, []byte(byteOrderMark)):
		return "utf-8", nil, nil
	case name != "":
		e, err := htmlindex.Get(name)
		if err != nil {
			return "", nil, fmt.Errorf("unknown charset %q: %w", name, ErrUnsupported)
		}
		if e == unicode.UTF8 {
			e = nil
		}
		return strings.ToLower(name), e, nil
	}
	return detectCharset(data)
}

// detectCharset tells UTF-8, EUC-KR and UTF-16 without a byte order mark apart. Damaged text is assigned
// to a charset only if nearly all of its characters are valid there and it makes little sense in the
// other; anything else is an error, because a wrong guess would garble names.
func detectCharset(data []byte) (string, encoding.Encoding, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		if order, ok := utf16Order(data); ok {
			if order == unicode.LittleEndian {
				return "utf-16le", unicode.UTF16(order, unicode.IgnoreBOM), nil
			}
			return "utf-16be", unicode.UTF16(order, unicode.IgnoreBOM), nil
		}
	}
	if utf8.Valid(data) {
		return "utf-8", nil, nil
	}
	u, k := countUTF8(data), countEUCKR(data)
	switch {
	case u.mostlyValid() && u.bad <= k.bad && u.good > k.bad:
		return "utf-8", nil, nil
	// In Korean EUC-KR text few pairs of bytes happen to be UTF-8, and never three in a row.
	case k.bad == 0 && u.bad > u.good, k.mostlyValid() && u.bad > 4*u.good && u.bad > 4*k.bad:
		return "euc-kr", korean.EUCKR, nil
	}
	line := func(offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }
	at := invalidByte(data, u.first, line(u.first), "utf-8")
	if k.bad > 0 {
		at += ", " + invalidByte(data, k.first, line(k.first), "euc-kr")
	}
	return "", nil, fmt.Errorf("the charset is uncertain: %s; set option charset: %w", at, ErrUnsupported)
}

// validity counts the characters beyond ASCII that are valid in a charset, and the bytes that are not.
type validity struct {
	good, bad int
	first     int // offset of the first invalid byte
}

func (v validity) mostlyValid() bool { return v.bad*20 <= v.good }

func (v *validity) invalid(offset int) {
	if v.bad == 0 {
		v.first = offset
	}
	v.bad++
}

func countUTF8(data []byte) validity {
	var v validity
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			v.invalid(i)
		case r >= utf8.RuneSelf:
			v.good++
		}
		i += size
	}
	return v
}

// countEUCKR counts pairs of bytes as in the decoder of the Encoding standard.
func countEUCKR(data []byte) validity {
	var v validity
	decoder := korean.EUCKR.NewDecoder()
	pairs := map[uint16]bool{}
	for i := 0; i < len(data); {
		if data[i] < 0x80 {
			i++
			continue
		}
		valid := false
		if i+1 < len(data) && data[i+1] >= 0x41 {
			pair := uint16(data[i])<<8 | uint16(data[i+1])
			known := false
			if valid, known = pairs[pair]; !known {
				text, err := decoder.Bytes(data[i : i+2])
				valid = err == nil && !bytes.Contains(text, []byte("\uFFFD"))
				pairs[pair] = valid
			}
		}
		if valid {
			v.good++
			i += 2
			continue
		}
		v.invalid(i)
		i++
	}
	return v
}

// utf16Order recognizes UTF-16 without a byte order mark. Commas, spaces, digits and line breaks are in
// every table; in UTF-16 each has a zero byte on the same side.
func utf16Order(data []byte) (unicode.Endianness, bool) {
	if len(data)%2 != 0 || len(data) < 4 {
		return unicode.LittleEndian, false
	}
	var little, big int
	for i := 0; i < len(data); i += 2 {
		switch {
		case data[i] == 0 && data[i+1] == 0:
			return unicode.LittleEndian, false
		case data[i+1] == 0 && isPlainASCII(data[i]):
			little++
		case data[i] == 0 && isPlainASCII(data[i+1]):
			big++
		case data[i] == 0 || data[i+1] == 0:
			// Part of a character such as 가 (U+AC00).
		}
	}
	order, most, least := unicode.LittleEndian, little, big
	if big > little {
		order, most, least = unicode.BigEndian, big, little
	}
	return order, most*20 >= len(data)/2 && least*20 <= most
}

func isPlainASCII(b byte) bool { return b >= ' ' && b < 0x7f || b == '\n' || b == '\r' || b == '\t' }
