package spreadsheet

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// InvalidByte describes the first byte of a text file that its charset does not have: the byte, its
// position in the file, and its line. It returns "" if there is none. For UTF-16, it returns "".
func InvalidByte(data []byte, charset string) string {
	_, e, err := charsetOf(data, charset)
	if err != nil {
		return ""
	}
	position := -1
	switch {
	case e == nil:
		position = invalidUTF8(data)
	case !bytes.HasPrefix(data, []byte("\xff\xfe")) && !bytes.HasPrefix(data, []byte("\xfe\xff")):
		position = invalidIn(e, data)
	}
	if position < 0 {
		return ""
	}
	return fmt.Sprintf("byte 0x%02x at position %d (line %d)", data[position], position, 1+bytes.Count(data[:position], []byte("\n")))
}

// invalidUTF8 returns the position of the first byte that is not UTF-8, -1 if there is none.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// invalidIn is invalidUTF8 for another encoding. In all multi-byte encodings that HTML knows except
// UTF-16, a line break is a byte of its own, so each line can be decoded by itself.
func invalidIn(e encoding.Encoding, data []byte) int {
	begin := 0
	for line := range bytes.Lines(data) {
		if position := invalidInLine(e, line); position >= 0 {
			return begin + position
		}
		begin += len(line)
	}
	return -1
}

// invalidInLine shortens the line to the longest beginning that is valid.
func invalidInLine(e encoding.Encoding, line []byte) int {
	invalid := func(part []byte) bool {
		text, err := e.NewDecoder().Bytes(part)
		return err != nil || bytes.Contains(text, []byte("\uFFFD"))
	}
	if len(line) > maxCellBytes || !invalid(line) {
		return -1
	}
	// A beginning that is cut within a character is invalid, too, but becomes valid with the next byte.
	low, high := 0, len(line)
	for low < high {
		middle := (low + high) / 2
		if invalid(line[:middle]) && (middle == len(line) || invalid(line[:middle+1])) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return max(low-1, 0)
}
