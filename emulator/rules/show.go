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
	shownText     = 60 // characters of a string
	shownElements = 8  // of a list or map
	shownDepth    = 3
)

// String shows a value as one would write it in rules. Long values are cut, so it is for people.
func (v Value) String() string { return v.show(shownDepth) }

func (v Value) show(depth int) string {
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
		return quote(shorten(v.text(), shownText))
	case KindBytes:
		if len(v.text()) > shownText/4 {
			return "b'" + escaped(v.text()[:shownText/4]) + "…'"
		}
		return "b'" + escaped(v.text()) + "'"
	case KindTimestamp:
		return v.time().Format(time.RFC3339Nano)
	case KindDuration:
		return fmt.Sprintf("duration(%d.%09ds)", v.num, max(v.nano, -v.nano))
	case KindLatLng:
		return fmt.Sprintf("latlng(%g, %g)", v.point().latitude, v.point().longitude)
	case KindPath:
		return v.text()
	case KindList, kindKeys:
		return "[" + showElements(v.elements(), depth) + "]"
	case KindSet:
		return "set[" + showElements(v.elements(), depth) + "]"
	case KindMap:
		return "{" + showFields(v.fields(), depth) + "}"
	case KindMapDiff:
		return "a map's difference"
	case kindError:
		return "error: " + v.fail().String()
	}
	return "unknown"
}

func quote(s string) string {
	s = strconv.Quote(s)
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`), "'", `\'`) + "'"
}

func escaped(b string) string {
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

func showElements(list Elements, depth int) string {
	if depth == 0 {
		return "…"
	}
	var parts []string
	for i := range list.Len() {
		if i == shownElements {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, list.At(i).show(depth-1))
	}
	return strings.Join(parts, ", ")
}

func showFields(f Fields, depth int) string {
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
		if i == shownElements {
			parts = append(parts, "…")
			break
		}
		v, _ := f.Get(name)
		parts = append(parts, shorten(name, shownText)+": "+v.show(depth-1))
	}
	return strings.Join(parts, ", ")
}
