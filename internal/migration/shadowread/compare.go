package shadowread

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// nothing stands for the value of a side that does not have an object.
const nothing = "nothing"

// codesOfClients are the error codes that old apps act on. They only show the messages of others.
var codesOfClients = []string{"AT003", "AL001", "AL002"}

// compare lists what differs between two responses to a request.
func compare(r request, older, newer response) []Difference {
	c := comparer{request: r}
	if older.status != newer.status {
		c.add("", "status", fmt.Sprint(older.status), fmt.Sprint(newer.status))
		return c.found
	}
	if !older.ok() {
		c.compareCodes(text(field(older.body, "code")), text(field(newer.body, "code")))
		return c.found
	}
	// Old apps compare the whole header.
	if older.contentType != newer.contentType {
		c.add("", "Content-Type", older.contentType, newer.contentType)
	}
	c.objects("", "", r.read(older.body), r.read(newer.body))
	return c.found
}

type comparer struct {
	request request
	found   []Difference
}

func (c *comparer) add(object, field, older, newer string) {
	c.found = append(c.found, Difference{
		Request: c.request.kind, UID: c.request.uid, Object: cmp.Or(object, c.request.object), Field: field, Old: shorten(older), New: shorten(newer), Path: c.request.path,
	})
}

func (c *comparer) compareCodes(older, newer string) {
	if older != newer && (slices.Contains(codesOfClients, older) || slices.Contains(codesOfClients, newer)) {
		c.add("", "code", older, newer)
	}
}

// objects compares two objects and their parts. prefix is that of their fields' names.
func (c *comparer) objects(id, prefix string, older, newer object) {
	for _, name := range keys(older.fields, newer.fields) {
		if a, b := encode(older.fields[name]), encode(newer.fields[name]); a != b {
			c.add(id, prefix+name, a, b)
		}
	}
	for _, key := range keys(older.parts, newer.parts) {
		kind, partID, _ := strings.Cut(key, " ")
		a, inOld := older.parts[key]
		b, inNew := newer.parts[key]
		switch {
		case !inOld:
			c.add(partID, kind, nothing, encode(b.fields))
		case !inNew:
			c.add(partID, kind, encode(a.fields), nothing)
		default:
			c.objects(partID, kind+".", a, b)
		}
	}
}

// keys returns the keys of two maps in order.
func keys[V any](a, b map[string]V) []string {
	var all []string
	for _, m := range []map[string]V{a, b} {
		for key := range m {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxValue is how many bytes of a value are shown.
const maxValue = 200

// shorten cuts a value at a character.
func shorten(value string) string {
	if len(value) <= maxValue {
		return value
	}
	end := maxValue
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "…"
}
