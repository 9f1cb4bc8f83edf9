package spreadsheet

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

const odsMimetype = "application/vnd.oasis.opendocument.spreadsheet"

// Detect returns the format of a file according to its content, or "" if it is not supported. The
// file's name does not matter.
func Detect(data []byte) Format {
	head := data[:min(len(data), 1024)]
	switch {
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return XLS
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		// The name and the content of the first file in an OpenDocument archive are at a fixed position,
		// so that programs can do just this (OpenDocument 1.3, part 2, 3.3).
		if len(head) > 30 && bytes.HasPrefix(head[30:], []byte("mimetype"+odsMimetype)) {
			return ODS
		}
		return archiveFormat(data)
	case Describe(data) != "":
		return ""
	}
	text := bytes.TrimLeft([]byte(Preview(data, 1024)), " \t\r\n")
	switch {
	case len(text) > 0 && text[0] == '<' && hasHTMLTag(text):
		return HTML
	case len(text) > 0 && isText(data):
		return CSV
	}
	return ""
}

// archiveFormat returns the format of a zip archive: of a spreadsheet that was unpacked and packed again,
// the files may be in any order.
func archiveFormat(data []byte) Format {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return XLSX
	}
	mimetype, err := archive.Open("mimetype")
	if err != nil {
		return XLSX
	}
	defer mimetype.Close()
	text, _ := io.ReadAll(io.LimitReader(mimetype, 200)) // XLSX if it is cut off
	if strings.TrimSpace(string(text)) == odsMimetype {
		return ODS
	}
	return XLSX
}

// Describe names a kind of file that Rows cannot read and that is often saved under the name of one it
// can, or returns "".
func Describe(data []byte) string {
	head := data[:min(len(data), 4096)]
	for _, kind := range []struct{ begins, contains, name string }{
		{"%PDF-", "", "a PDF document"},
		{"{\\rtf", "", "a rich-text document"},
		{"MIME-Version:", "", "a web archive (MHTML)"},
		{"<?xml", "urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet of Excel 2003"},
		{"<?xml", "urn:oasis:names:tc:opendocument:", "a flat OpenDocument file"},
		{"\x1f\x8b", "", "a gzip file"},
		{"7z\xbc\xaf", "", "a 7z archive"},
		{"Rar!", "", "a RAR archive"},
		{"HWP Document", "", "a HWP document"},
	} {
		text := bytes.TrimPrefix(head, []byte(byteOrderMark))
		if bytes.HasPrefix(text, []byte(kind.begins)) && bytes.Contains(text, []byte(kind.contains)) {
			return kind.name
		}
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

// isText reports whether the first 4 KiB of data are text: nearly without control characters, or UTF-16.
func isText(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return true
	}
	head := data[:min(len(data), 4096)]
	control := 0
	for _, b := range head {
		switch {
		case b == 0:
			_, wide := utf16Order(head[:len(head)&^1])
			return wide
		case b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f', b == 0x7f:
			control++
		}
	}
	return control*100 <= len(head)
}
