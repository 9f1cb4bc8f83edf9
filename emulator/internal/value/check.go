package value

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// MaxDepth is the maximum nesting depth of maps and arrays in a document
// (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields).
const MaxDepth = 20

// Limits of the same page: the bytes of a string or byte string, wherever it is in the document, and of a field path.
const (
	maxValueBytes = 1<<20 - 89
	maxPathBytes  = 1500
)

// place is where a value is in its document.
type place struct {
	depth int  // number of maps and arrays around it
	path  int  // bytes of the field path that leads to it, with the dot that a name would follow
	nan   bool // vectors may have elements that are NaN

	stored bool // the document has been stored, so that no check is needed: limits may have changed since
}

// in returns the place of what a map or array contains.
func (p place) in() place {
	p.depth++
	return p
}

// field returns the place of the value of a field with this name.
func (p place) field(name string) place {
	p.path += len(name) + 1
	return p
}

func errNoType() error { return status.Error(codes.InvalidArgument, "The value has no type set.") }

// errUnstorable is the error of values that only pipelines have, such as functions.
func errUnstorable() error {
	return status.Error(codes.InvalidArgument, "A value of this type cannot be stored in a document.")
}

func (p place) checkTime(s, n int64) error {
	if !p.stored && (n < 0 || n > 999_999_999 || s < int64(MinTime/1e6) || s > int64(MaxTime/1e6)) {
		return status.Error(codes.InvalidArgument, "The timestamp value is out of range: it must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.")
	}
	return nil
}

func (p place) checkReference(name string) error {
	if !p.stored && !isName(name) {
		return status.Errorf(codes.InvalidArgument, "The reference %q is not the name of a document: want projects/{project_id}/databases/{database_id}/documents/{path}.", name)
	}
	return nil
}

// isName reports whether s looks like the full name of a document.
func isName(s string) bool {
	parts := strings.SplitN(s, "/", 6)
	return len(parts) == 6 && parts[0] == "projects" && parts[2] == "databases" && parts[4] == "documents" &&
		parts[1] != "" && parts[3] != "" && strings.Count(parts[5], "/")%2 == 1 && !strings.Contains("/"+parts[5]+"/", "//")
}

func (p place) checkGeoPoint(lat, lng float64) error {
	if !p.stored && (!(lat >= -90 && lat <= 90) || !(lng >= -180 && lng <= 180)) {
		return status.Error(codes.InvalidArgument, "The geo point is out of range: latitude must be from -90 to 90 and longitude from -180 to 180.")
	}
	return nil
}

func (p place) checkSize(n int) error {
	if !p.stored && n > maxValueBytes {
		return status.Errorf(codes.InvalidArgument, "A value of %d bytes is longer than %d bytes.", n, maxValueBytes)
	}
	return nil
}

func (p place) checkDepth() error {
	if p.depth > MaxDepth && !p.stored {
		return status.Errorf(codes.InvalidArgument, "Property nesting depth exceeded: at most %d levels of maps and arrays are allowed.", MaxDepth)
	}
	return nil
}

// checkElement rejects arrays in arrays.
func (p place) checkElement(v Value) error {
	if v.kind == Array && !p.stored {
		return status.Error(codes.InvalidArgument, "Cannot convert an array value in an array value.")
	}
	return nil
}

// checkFieldName rejects empty, overlong and reserved names. Inside a map, __type__ is allowed: it
// marks a vector.
func (p place) checkFieldName(name string) error {
	switch {
	case p.stored:
	case name == "":
		return status.Error(codes.InvalidArgument, "field names must not be empty")
	case p.path+len(name) > maxPathBytes:
		return status.Errorf(codes.InvalidArgument, "The field path that ends with %.40q is longer than %d bytes.", name, maxPathBytes)
	case !utf8.ValidString(name):
		return status.Errorf(codes.InvalidArgument, "The field name %q is not valid UTF-8.", name)
	case len(name) >= 4 && name[:2] == "__" && name[len(name)-2:] == "__" && !(p.depth > 0 && name == "__type__"):
		return status.Errorf(codes.InvalidArgument, "field name %q is reserved", name)
	}
	return nil
}

// checkVector rejects malformed vectors. A map with the key __type__ must be a vector, which has 1
// to 2048 doubles.
func (p place) checkVector(v Value) error {
	if p.stored || !v.Map().Get("__type__").Exists() {
		return nil
	}
	elements, ok := v.Vector()
	if !ok {
		return status.Error(codes.InvalidArgument, `A map with the key "__type__" must be {"__type__": "__vector__", "value": [doubles]}.`)
	}
	if len(elements) == 0 || len(elements) > 2048 {
		return status.Errorf(codes.InvalidArgument, "A vector has from 1 to 2048 dimensions, not %d.", len(elements))
	}
	for _, e := range elements {
		if e.kind != Double {
			return status.Error(codes.InvalidArgument, "All elements of a vector must be doubles.")
		}
		if e.IsNaN() && !p.nan {
			return status.Error(codes.InvalidArgument, "A vector cannot contain NaN.")
		}
	}
	return nil
}
