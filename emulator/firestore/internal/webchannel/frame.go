package webchannel

import (
	"net/http"
	"strconv"
)

// frame prefixes JSON with its length as JavaScript counts it: in UTF-16 code units.
func frame(text string) []byte {
	b := strconv.AppendInt(nil, int64(utf16Len([]byte(text))), 10)
	b = append(b, '\n')
	return append(b, text...)
}

// utf16Len returns the length of UTF-8 text in UTF-16 code units.
func utf16Len(text []byte) int {
	n := 0
	for _, c := range text {
		if c&0xC0 != 0x80 { // the first byte of a character
			n++
		}
		if c >= 0xF0 { // the first byte of a character that takes two code units
			n++
		}
	}
	return n
}

// arraysFrame returns a frame of arrays.
func arraysFrame(list []array) []byte {
	size := len(list) + 1 // brackets and commas
	length := size
	var id []byte
	for _, a := range list {
		id = strconv.AppendInt(id[:0], int64(a.id), 10)
		length += utf16Len(a.data) + len(id) + len(`[,[]]`)
		size += len(a.data) + len(id) + len(`[,[]]`)
	}
	b := make([]byte, 0, size+21)
	b = strconv.AppendInt(b, int64(length), 10)
	b = append(b, '\n')
	for i, a := range list {
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(a.id), 10)
		b = append(b, ",["...)
		b = append(b, a.data...)
		b = append(b, "]]"...)
	}
	return append(b, ']')
}

func setHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache, no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // keeps a reverse proxy from buffering frames
}
