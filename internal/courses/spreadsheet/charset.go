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

// decode decodes data to UTF-8. Bytes that are invalid in the charset become U+FFFD.
func decode(data []byte, charset string) (io.Reader, error) {
	e, err := charsetOf(data, charset)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if e == nil {
		return bytes.NewReader(data), nil
	}
	return e.NewDecoder().Reader(bytes.NewReader(data)), nil
}

// Preview returns the first maxBytes of data as UTF-8, for error messages.
func Preview(data []byte, maxBytes int) string {
	text, err := decode(data[:min(len(data), maxBytes)], "")
	if err != nil {
		return ""
	}
	s, _ := io.ReadAll(text) // a partial preview is fine
	return strings.ToValidUTF8(string(s), "\uFFFD")
}

// charsetOf returns the encoding of data, nil for UTF-8. If name is empty, it is detected.
func charsetOf(data []byte, name string) (encoding.Encoding, error) {
	if name != "" {
		e, err := htmlindex.Get(name)
		if err != nil {
			return nil, fmt.Errorf("unknown charset %q: %w", name, ErrUnsupported)
		}
		if e == unicode.UTF8 {
			return nil, nil
		}
		return e, nil
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case utf8.Valid(data):
		return nil, nil
	}
	return korean.EUCKR, nil
}

// invalidEUCKR counts the bytes of data that are not valid EUC-KR.
func invalidEUCKR(data []byte) int {
	text, err := korean.EUCKR.NewDecoder().Bytes(data)
	if err != nil {
		return len(data)
	}
	return bytes.Count(text, []byte("\uFFFD"))
}
