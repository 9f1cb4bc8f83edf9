package rules

import (
	"context"
	"fmt"
	"strings"
)

// Documents gives rules the documents that get(), exists() and the other access calls read. Paths
// have the form /databases/(default)/documents/users/alice. Both methods return nil Fields for a
// missing document, and an error only if they cannot read it; that error becomes Decision.Err.
type Documents interface {
	// Get returns a document before the request.
	Get(ctx context.Context, path string) (Fields, error)
	// GetAfter returns a document as it will be if the whole request succeeds.
	GetAfter(ctx context.Context, path string) (Fields, error)
}

// Access makes the access calls of one request, caching the documents and enforcing the limits. The
// writes of a batch or transaction share one, so that a document read twice counts once. It is not
// safe for concurrent use.
type Access struct {
	docs      Documents
	total     int // calls of the whole request
	each      int // calls of the operation being evaluated
	maxTotal  int
	maxEach   int
	documents []*document // the documents read, missing ones included
}

// NewAccess returns the Access for a single-document request or a query.
func NewAccess(docs Documents) *Access {
	return &Access{docs: docs, maxTotal: MaxAccessCalls, maxEach: MaxAccessCalls}
}

// NewBatchAccess returns the Access for the writes of a batch or transaction, and for a request
// that reads several documents.
func NewBatchAccess(docs Documents) *Access {
	return &Access{docs: docs, maxTotal: MaxAccessCallsBatch, maxEach: MaxAccessCalls}
}

// Calls returns how many documents have been read, each counted once. Each is billed as a read.
func (a *Access) Calls() int { return a.total }

// Paths returns the paths of the documents that were read, so that a listener can be evaluated
// again when one of them changes. A path appears twice if it was read before and after the request.
func (a *Access) Paths() []string {
	list := make([]string, len(a.documents))
	for i, d := range a.documents {
		list[i] = d.path
	}
	return list
}

// document is a document as rules see it: {data, id, __name__}. It implements Fields.
type document struct {
	path   string
	data   Value // a map or a symbolic value
	after  bool  // read by getAfter or existsAfter
	exists bool
	err    error
}

func (d *document) Len() int { return 3 }

func (d *document) Get(name string) (Value, bool) {
	switch name {
	case "data":
		return d.data, true
	case "id":
		if d.path == "" {
			return unknownString, true
		}
		return StringValue(d.path[strings.LastIndexByte(d.path, '/')+1:]), true
	case "__name__":
		if d.path == "" {
			return unknownPath, true
		}
		return PathValue(d.path), true
	}
	return Value{}, false
}

func (d *document) Names(yield func(string) bool) {
	for _, name := range []string{"data", "id", "__name__"} {
		if !yield(name) {
			return
		}
	}
}

// lookupDocument returns a document, reading it unless it is cached. On failure or at a limit it
// returns nil and an error value.
func (r *evaluator) lookupDocument(e *expr, path Value, after bool) (*document, Value) {
	if path.kind != KindPath {
		return nil, unsupported(e, e.name, path)
	}
	a := r.access
	for _, d := range a.documents {
		if d.after == after && d.path == path.text() {
			return r.documentResult(e, d)
		}
	}
	if !namesDocument(path.text()) {
		return nil, fail(e, "The path # is not a document path: expected /databases/(default)/documents/… with "+
			"alternating collection and document IDs.", path)
	}
	if a.each >= a.maxEach {
		return nil, r.exceed(e, fmt.Sprintf("Too many access calls: more than %d documents in one request or operation.", a.maxEach))
	}
	if a.total >= a.maxTotal {
		return nil, r.exceed(e, fmt.Sprintf("Too many access calls: more than %d documents in one batch or transaction.", a.maxTotal))
	}
	a.each++
	a.total++
	d := &document{path: path.text(), after: after}
	var fields Fields
	switch {
	case a.docs == nil:
		d.err = fmt.Errorf("the request has no Access to documents")
	case after:
		fields, d.err = a.docs.GetAfter(r.ctx, path.text())
	default:
		fields, d.err = a.docs.Get(r.ctx, path.text())
	}
	if d.err == nil && fields != nil {
		d.exists, d.data = true, MapValue(fields)
	}
	a.documents = append(a.documents, d)
	return r.documentResult(e, d)
}

// documentResult turns the error of a read into an error value.
func (r *evaluator) documentResult(e *expr, d *document) (*document, Value) {
	if d.err == nil {
		return d, Value{}
	}
	if r.err == nil {
		r.err = fmt.Errorf("read %s for rules: %w", d.path, d.err)
	}
	return nil, fail(e, "Service call error. Function: ["+e.name+"], Argument: [#].", PathValue(d.path))
}

// builtinGet is get(path) and getAfter(path). The documentation says that they return null for a
// missing document; in production they are errors
// (https://github.com/firebase/firebase-js-sdk/issues/3908).
func builtinGet(after bool) func(*evaluator, *expr, []Value) Value {
	return func(r *evaluator, e *expr, args []Value) Value {
		d, failed := r.lookupDocument(e, args[0], after)
		if d == nil {
			return failed
		}
		if !d.exists {
			return fail(e, "Service call error. Function: ["+e.name+"], Argument: [#]: the document does not exist.", args[0])
		}
		return Value{kind: KindMap, ref: d}
	}
}

// builtinExists is exists(path) and existsAfter(path).
func builtinExists(after bool) func(*evaluator, *expr, []Value) Value {
	return func(r *evaluator, e *expr, args []Value) Value {
		d, failed := r.lookupDocument(e, args[0], after)
		if d == nil {
			return failed
		}
		return BoolValue(d.exists)
	}
}

// namesDocument reports whether a path is /databases/x/documents/ followed by pairs of collection
// and document IDs.
func namesDocument(path string) bool {
	const prefix = "/databases/"
	if !strings.HasPrefix(path, prefix) || strings.Contains(path, "//") || strings.HasSuffix(path, "/") {
		return false
	}
	_, rest, ok := strings.Cut(path[len(prefix):], "/")
	return ok && strings.HasPrefix(rest, "documents/") && strings.Count(rest, "/")%2 == 0
}
