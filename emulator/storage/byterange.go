package storage

import (
	"strconv"
	"strings"
)

type rangeKind int

const (
	rangeWhole rangeKind = iota // no range that this server understands: send everything
	rangePart
	rangeUnsatisfiable
)

// parseRange reads a Range header ("bytes=2-4", "bytes=2-", "bytes=-3") for size bytes into the bytes from start up to
// and without end. Several ranges at once, and what is malformed, give the whole, as RFC 9110 allows.
func parseRange(header string, size int64) (start, end int64, kind rangeKind) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || !digits(first) || !digits(last) || first == "" && last == "" {
		return 0, size, rangeWhole
	}
	if first == "" {
		n := position(last)
		if n == 0 || size == 0 {
			return 0, 0, rangeUnsatisfiable
		}
		return max(0, size-n), size, rangePart
	}
	start = position(first)
	if last != "" {
		if end = position(last); end < start {
			return 0, size, rangeWhole
		}
	}
	if start >= size {
		return 0, 0, rangeUnsatisfiable
	}
	if last == "" || end >= size-1 {
		return start, size, rangePart
	}
	return start, end + 1, rangePart
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// position reads a number of digits only; one that is too large is the largest there is.
func position(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // out of range gives the largest
	return n
}
