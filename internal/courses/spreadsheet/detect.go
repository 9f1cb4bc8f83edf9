package spreadsheet

import (
	"bytes"
	"unicode/utf8"
)

// Detect returns the format of a file according to its first bytes, or "" if it is not supported.
func Detect(data []byte) Format {
	head := data[:min(len(data), 1024)]
	switch {
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return XLS
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return XLSX
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(text) > 0 && text[0] == '<' && hasHTMLTag(head):
		return HTML
	case len(text) > 0 && isText(data):
		return CSV
	}
	return ""
}

// hasHTMLTag distinguishes a page from a CSV file that begins with a title in angle brackets.
func hasHTMLTag(head []byte) bool {
	head = bytes.ToLower(head)
	for _, tag := range []string{"<!doctype", "<html", "<head", "<meta", "<body", "<title", "<script", "<table", "<div"} {
		if bytes.Contains(head, []byte(tag)) {
			return true
		}
	}
	return false
}

// isText reports whether the first 4 KiB of data are text in a charset that Options.Charset detects.
func isText(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return true // UTF-16
	}
	head := data[:min(len(data), 4096)]
	control, high := 0, 0
	for _, b := range head {
		switch {
		case b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f', b == 0x7f:
			control++
		case b >= 0x80:
			high++
		}
	}
	if control > 0 {
		return false
	}
	// EUC-KR characters are pairs of high bytes, so random bytes contain many invalid ones.
	return high == 0 || hasValidPrefix(head) || invalidEUCKR(head)*50 < len(head)
}

// hasValidPrefix reports whether head is UTF-8, possibly cut within its last character.
func hasValidPrefix(head []byte) bool {
	for cut := range min(len(head), utf8.UTFMax) {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}
