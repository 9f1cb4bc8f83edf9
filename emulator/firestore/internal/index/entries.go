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
	name        int // size of the document's name
	parent      int // size of the name of its parent document

	number, bytes, largest int
}

// CheckDocument returns INVALID_ARGUMENT if a document has more or larger index entries than Firestore
// allows. A nil d has the automatic indexes only.
func (d *Definitions) CheckDocument(key resource.Key, f *value.Fields) error {
	if d == nil {
		d = &Definitions{}
	}
	e := &entries{definitions: d, group: key.Group(), name: value.NameSize(key.Path())}
	if parent := key.Collection().Collection(); parent != "" {
		e.parent = value.NameSize(parent.Path())
	}
	if e.surelyFit(f.Size()) {
		return nil
	}
	e.addFields(nil, f, nil, false)
	for _, x := range d.composites {
		if x.CollectionGroup == e.group {
			e.addComposite(x, f)
		}
	}
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

// add counts n entries of a collection or a collection group whose fields and values have this size.
func (e *entries) add(n, size int, queryScope string) {
	size += e.name + entryOverhead
	if queryScope == Collection {
		size += e.parent
	}
	if n > 0 {
		e.number += n
		e.bytes += n * size
		e.largest = max(e.largest, size)
	}
}

// addFields counts the entries of single-field indexes. Maps have none themselves; their fields take
// the configuration of the nearest map that has one, which inherited is
// (https://firebase.google.com/docs/firestore/solutions/index-map-field).
func (e *entries) addFields(path fieldpath.Path, f *value.Fields, inherited []Single, isInherited bool) {
	if path == nil {
		inherited, isInherited = e.definitions.overrides[fieldKey{e.group, "*"}]
	}
	for _, field := range f.All() {
		at := append(path[:len(path):len(path)], field.Name)
		list, own := inherited, isInherited
		if len(e.definitions.overrides) > 0 {
			if o, ok := e.definitions.overrides[fieldKey{e.group, at.String()}]; ok {
				list, own = o, true
			}
		}
		if field.Value.Order() == value.Map {
			e.addFields(at, field.Value.Map(), list, own)
			continue
		}
		if !own {
			list = automatic
		}
		name := 0
		for _, id := range at {
			name += len(id) + 1
		}
		for _, s := range list {
			n, size := entriesOf(field.Value, s.ArrayConfig != "")
			e.add(n, name+size, s.QueryScope)
		}
	}
}

// automatic are the indexes of a field without an override
// (https://firebase.google.com/docs/firestore/query-data/index-overview#automatic_indexing).
var automatic = []Single{
	{QueryScope: Collection, Order: Ascending}, {QueryScope: Collection, Order: Descending},
	{QueryScope: Collection, ArrayConfig: Contains},
}

// entriesOf returns how many entries a value has in an index by order or of array elements, and the
// size of the value in the largest one. An index by order has none for arrays.
func entriesOf(v value.Value, array bool) (n, size int) {
	switch {
	case array != (v.Kind() == value.Array):
		return 0, 0
	case !array:
		return 1, min(v.Size(), maxIndexedValue)
	}
	seen := map[string]bool{}
	for _, element := range v.Array() {
		seen[string(value.AppendKey(nil, element))] = true
		size = max(size, min(element.Size(), maxIndexedValue))
	}
	return len(seen), size
}

// addComposite counts the entries of a composite index, which has one for each distinct element of its
// array, and none if the document lacks one of its fields.
func (e *entries) addComposite(x Index, f *value.Fields) {
	number, size := 1, 0
	for _, field := range x.Fields {
		path, err := fieldpath.Parse(field.FieldPath)
		if err != nil || path.IsName() {
			continue
		}
		v := f.At(path)
		if !v.Exists() {
			return
		}
		n, bytes := 1, min(v.Size(), maxIndexedValue)
		if field.ArrayConfig != "" {
			n, bytes = entriesOf(v, true)
		}
		number *= n
		size += bytes
	}
	e.add(number, size, x.QueryScope)
}
