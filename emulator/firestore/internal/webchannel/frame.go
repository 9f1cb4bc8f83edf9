package webchannel

import (
	"net/http"
	"strconv"
)

// frame is JSON with its length before it, as the client's language counts: in units of UTF-16.
func frame(text string) []byte {
	b := strconv.AppendInt(nil, int64(units([]byte(text))), 10)
	b = append(b, '\n')
	return append(b, text...)
}

// units is the length of text, which is UTF-8, in UTF-16.
func units(text []byte) int {
	n := 0
	for _, c := range text {
		if c&0xC0 != 0x80 { // the first byte of a character
			n++
		}
		if c >= 0xF0 { // of one that takes two units
			n++
		}
	}
	return n
}

// arrays appends a frame of arrays.
func arrays(list []array) []byte {
	size := len(list) + 1 // brackets and commas
	length := size
	var head []byte
	for _, a := range list {
		head = strconv.AppendInt(head[:0], int64(a.id), 10)
		length += units(a.data) + len(head) + len(`[,[]]`)
		size += len(a.data) + len(head) + len(`[,[]]`)
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
	h.Set("X-Accel-Buffering", "no") // a proxy in between would keep frames back
}
