package storage

import (
	"strconv"
	"strings"
)

// rangeKind is how to respond to a Range header.
type rangeKind int

const (
	rangeWhole rangeKind = iota // no supported range: send everything
	rangePart
	rangeUnsatisfiable
)

// parseRange parses a Range header ("bytes=2-4", "bytes=2-", "bytes=-3") for an object of size
// bytes. The range includes start and excludes end. Malformed headers and multiple ranges select
// the whole object, as RFC 9110 allows.
func parseRange(header string, size int64) (start, end int64, kind rangeKind) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || !digits(first) || !digits(last) || first == "" && last == "" {
		return 0, size, rangeWhole
	}
	if first == "" {
		n := parsePosition(last)
		if n == 0 || size == 0 {
			return 0, 0, rangeUnsatisfiable
		}
		return max(0, size-n), size, rangePart
	}
	start = parsePosition(first)
	if last != "" {
		if end = parsePosition(last); end < start {
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

// parsePosition parses a string of digits. Numbers that are too large become the largest int64.
func parsePosition(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // returns the largest int64 if out of range
	return n
}
