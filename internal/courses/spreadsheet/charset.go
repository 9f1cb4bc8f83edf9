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

// KnownCharset says whether a charset's web name is known here.
func KnownCharset(name string) bool {
	_, err := htmlindex.Get(name)
	return err == nil
}

// decode gives the text of data as UTF-8. Bytes that the charset does not know become U+FFFD.
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

// Text is the beginning of data as UTF-8, at most so many bytes of it, for a message to a person.
func Text(data []byte, most int) string {
	text, err := decode(data[:min(len(data), most)], "")
	if err != nil {
		return ""
	}
	s, _ := io.ReadAll(text) // what could be decoded will do
	return strings.ToValidUTF8(string(s), "\uFFFD")
}

// charsetOf is the encoding of data, nil for UTF-8.
func charsetOf(data []byte, name string) (encoding.Encoding, error) {
	if name != "" {
		e, err := htmlindex.Get(name)
		if err != nil {
			return nil, fmt.Errorf("charset %q is not known: %w", name, ErrUnsupported)
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

// undecodable counts the bytes of data that EUC-KR does not know.
func undecodable(data []byte) int {
	text, err := korean.EUCKR.NewDecoder().Bytes(data)
	if err != nil {
		return len(data)
	}
	return bytes.Count(text, []byte("\uFFFD"))
}
