package rules

import (
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// How much of a value messages show.
const (
	maxShownText     = 60 // characters of a string
	maxShownElements = 8  // elements of a list, entries of a map
	maxShownDepth    = 3
)

// String formats a value the way rules spell it. It truncates long values, so it is for people
// only.
func (v Value) String() string { return v.format(maxShownDepth) }

func (v Value) format(depth int) string {
	switch v.kind {
	case KindNull:
		return "null"
	case KindBool:
		return strconv.FormatBool(v.num != 0)
	case KindInt:
		return strconv.FormatInt(v.num, 10)
	case KindFloat:
		text := strconv.FormatFloat(v.float(), 'g', -1, 64)
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0"
		}
		return text
	case KindString:
		return quote(truncate(v.text(), maxShownText))
	case KindBytes:
		if len(v.text()) > maxShownText/4 {
			return "b'" + escapeBytes(v.text()[:maxShownText/4]) + "…'"
		}
		return "b'" + escapeBytes(v.text()) + "'"
	case KindTimestamp:
		return v.time().Format(time.RFC3339Nano)
	case KindDuration:
		return fmt.Sprintf("duration(%d.%09ds)", v.num, max(v.nano, -v.nano))
	case KindLatLng:
		return fmt.Sprintf("latlng(%g, %g)", v.point().latitude, v.point().longitude)
	case KindPath:
		return v.text()
	case KindList, kindKeys:
		return "[" + formatElements(v.elements(), depth) + "]"
	case KindSet:
		return "set[" + formatElements(v.elements(), depth) + "]"
	case KindMap:
		return "{" + formatFields(v.fields(), depth) + "}"
	case KindMapDiff:
		return "a map's difference"
	case kindError:
		return "error: " + v.failure().String()
	}
	return "unknown"
}

func quote(s string) string {
	s = strconv.Quote(s)
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`), "'", `\'`) + "'"
}

func escapeBytes(b string) string {
	var out strings.Builder
	for i := range len(b) {
		if c := b[i]; c >= ' ' && c < 0x7f && c != '\'' && c != '\\' {
			out.WriteByte(c)
		} else {
			out.WriteString(`\x` + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return out.String()
}

func formatElements(list Elements, depth int) string {
	if depth == 0 {
		return "…"
	}
	var parts []string
	for i := range list.Len() {
		if i == maxShownElements {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, list.At(i).format(depth-1))
	}
	return strings.Join(parts, ", ")
}

func formatFields(f Fields, depth int) string {
	if depth == 0 {
		return "…"
	}
	var names []string
	f.Names(func(name string) bool {
		names = append(names, name)
		return len(names) < 200
	})
	sort.Strings(names)
	var parts []string
	for i, name := range names {
		if i == maxShownElements {
			parts = append(parts, "…")
			break
		}
		v, _ := f.Get(name)
		parts = append(parts, truncate(name, maxShownText)+": "+v.format(depth-1))
	}
	return strings.Join(parts, ", ")
}
