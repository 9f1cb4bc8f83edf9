package index

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Limits of https://firebase.google.com/docs/firestore/quotas#indexes. An indexed value counts at most
// maxIndexedValue bytes, because longer ones are truncated.
const (
	maxEntries      = 40_000  // index entries of a document
	maxEntryBytes   = 7_680   // 7.5 KiB, size of an index entry
	maxEntriesBytes = 8 << 20 // size of all index entries of a document
	maxIndexedValue = 1_500
	entryOverhead   = 32
)

// entries counts the index entries of one document and adds up their sizes
// (https://firebase.google.com/docs/firestore/storage-size#index-entry-size).
type entries struct {
	definitions *Definitions
	group       string
	overridden  bool // the group has overrides
	name        int  // size of the document's name
	parent      int  // size of the name of its parent document

	number, bytes, largest int
}

func (d *Definitions) newEntries(key resource.Key) entries {
	e := entries{definitions: d, group: key.Group(), name: nameSize(key)}
	e.overridden = d.overridden[e.group]
	if parent := key.Collection().Collection(); parent != "" {
		e.parent = nameSize(parent)
	}
	return e
}

// nameSize returns value.NameSize of a document's path.
func nameSize(key resource.Key) int { return value.NameSizeOf(key.PathSize()) }

// StoredBytes returns the storage that a document takes with its index entries, as Firestore bills it. A
// nil d has the automatic indexes only.
//
// Source: https://firebase.google.com/docs/firestore/storage-size
func (d *Definitions) StoredBytes(key resource.Key, f *value.Fields) int64 {
	if d == nil {
		d = &Definitions{}
	}
	e := d.newEntries(key)
	e.addAll(f)
	return int64(value.DocumentSizeOf(key.PathSize(), f) + e.bytes)
}

// addAll counts all entries of the document.
func (e *entries) addAll(f *value.Fields) {
	inherited, isInherited := e.definitions.overrides[fieldKey{e.group, "*"}]
	e.addFields(nil, 0, f, inherited, isInherited)
	for _, x := range e.definitions.composites {
		if x.CollectionGroup == e.group {
			e.addComposite(x, f)
		}
	}
}

// CheckDocument returns INVALID_ARGUMENT if a document has more or larger index entries than Firestore
// allows. A nil d has the automatic indexes only.
func (d *Definitions) CheckDocument(key resource.Key, f *value.Fields) error {
	if d == nil {
		d = &Definitions{}
	}
	e := d.newEntries(key)
	if e.surelyFit(f.Size()) {
		return nil
	}
	e.addAll(f)
	switch {
	case e.number > maxEntries:
		return status.Errorf(codes.InvalidArgument,
			"too many index entries for document %q: %d of at most %d. Exempt fields that no query uses from indexing.", key.Path(), e.number, maxEntries)
	case e.largest > maxEntryBytes:
		return status.Errorf(codes.InvalidArgument, "The largest index entry of document %q has %d bytes, more than %d.", key.Path(), e.largest, maxEntryBytes)
	case e.bytes > maxEntriesBytes:
		return status.Errorf(codes.InvalidArgument, "The index entries of document %q have %d bytes, more than %d.", key.Path(), e.bytes, maxEntriesBytes)
	}
	return nil
}

// surelyFit reports whether a document with fields of this size fits the limits whatever its fields
// are, so that small documents need not be counted. A scalar has at most four entries in single-field
// indexes (two orders, two scopes) and at least three bytes; an array's element has two, and one byte.
func (e *entries) surelyFit(size int) bool {
	number := 2 * size
	for _, x := range e.definitions.composites {
		if x.CollectionGroup == e.group {
			number += size + 1
		}
	}
	largest := e.name + e.parent + size + entryOverhead
	return number <= maxEntries && largest <= maxEntryBytes && number*largest <= maxEntriesBytes
}

// sizes are the entries that a value has in an index.
type sizes struct {
	number  int
	bytes   int // of the values in all entries
	largest int // of the value in the largest entry
}

// add counts entries of a collection or a collection group. Each has extra bytes in addition to its
// values.
func (e *entries) add(s sizes, extra int, queryScope string) {
	if s.number == 0 {
		return
	}
	extra += e.name + entryOverhead
	if queryScope == Collection {
		extra += e.parent
	}
	e.number += s.number
	e.bytes += s.bytes + s.number*extra
	e.largest = max(e.largest, s.largest+extra)
}

// addFields counts the entries of single-field indexes. Maps have none themselves; their fields take
// the configuration of the nearest map that has one, which inherited is
// (https://firebase.google.com/docs/firestore/solutions/index-map-field).
//
// path is where the fields are, in a group with overrides only, and size that of its names.
func (e *entries) addFields(path fieldpath.Path, size int, f *value.Fields, inherited []Single, isInherited bool) {
	for _, field := range f.All() {
		var at fieldpath.Path
		list, own := inherited, isInherited
		if e.overridden {
			at = append(path[:len(path):len(path)], field.Name)
			if o, ok := e.definitions.overrides[fieldKey{e.group, at.String()}]; ok {
				list, own = o, true
			}
		}
		name := size + len(field.Name) + 1
		if field.Value.Order() == value.Map {
			e.addFields(at, name, field.Value.Map(), list, own)
			continue
		}
		if !own {
			list = automatic
		}
		for _, s := range list {
			e.add(entriesOf(field.Value, s.ArrayConfig != ""), name, s.QueryScope)
		}
	}
}

// automatic are the indexes of a field without an override
// (https://firebase.google.com/docs/firestore/query-data/index-overview#automatic_indexing).
var automatic = []Single{
	{QueryScope: Collection, Order: Ascending}, {QueryScope: Collection, Order: Descending},
	{QueryScope: Collection, ArrayConfig: Contains},
}

// entriesOf returns the entries of a value in an index by order or of array elements. An index by order
// has none for arrays.
func entriesOf(v value.Value, array bool) sizes {
	switch {
	case array != (v.Kind() == value.Array):
		return sizes{}
	case !array:
		size := min(v.Size(), maxIndexedValue)
		return sizes{1, size, size}
	}
	var s sizes
	seen := map[string]bool{}
	for _, element := range v.Array() {
		key := string(value.AppendKey(nil, element))
		if seen[key] {
			continue
		}
		seen[key] = true
		size := min(element.Size(), maxIndexedValue)
		s.number++
		s.bytes += size
		s.largest = max(s.largest, size)
	}
	return s
}

// addComposite counts the entries of a composite index, which has one for each distinct element of its
// array, and none if the document lacks one of its fields.
func (e *entries) addComposite(x Index, f *value.Fields) {
	array, extra := sizes{number: 1}, 0
	for _, field := range x.Fields {
		path, err := fieldpath.Parse(field.FieldPath)
		if err != nil || path.IsName() {
			continue
		}
		v := f.At(path)
		if !v.Exists() {
			return
		}
		if field.ArrayConfig != "" {
			array = entriesOf(v, true) // an index has one array at most
			continue
		}
		extra += min(v.Size(), maxIndexedValue)
	}
	e.add(array, extra, x.QueryScope)
}
