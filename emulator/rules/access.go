package rules

import (
	"context"
	"fmt"
	"strings"
)

// Documents is where rules find the documents that they ask for by get(), exists() and their like. Paths are written
// as /databases/(default)/documents/users/alice. Both methods return nil Fields for a document that does not exist,
// and an error only if they cannot know; that error ends up in Decision.Err.
type Documents interface {
	// Get returns a document as it is.
	Get(ctx context.Context, path string) (Fields, error)
	// GetAfter returns a document as it will be if the whole request succeeds.
	GetAfter(ctx context.Context, path string) (Fields, error)
}

// Access is what the rules may ask of the documents during one request. The writes of a batch or transaction share one,
// so that a document asked for twice counts once. It belongs to one goroutine.
type Access struct {
	docs      Documents
	total     int // calls in all
	each      int // calls of the operation that is judged
	maxTotal  int
	maxEach   int
	documents []*document // what was asked for, the missing ones too
}

// NewAccess is for a request for one document or a query.
func NewAccess(docs Documents) *Access {
	return &Access{docs: docs, maxTotal: MaxAccessCalls, maxEach: MaxAccessCalls}
}

// NewBatchAccess is for the writes of a batch or transaction, and for reads of several documents in one request.
func NewBatchAccess(docs Documents) *Access {
	return &Access{docs: docs, maxTotal: MaxAccessCallsBatch, maxEach: MaxAccessCalls}
}

// Calls is how many documents were asked for so far, each counted once. Each of them is billed as a read.
func (a *Access) Calls() int { return a.total }

// Paths are the paths that were asked for, so that a listener can be judged again when they change. A path may be there
// twice, before and after the request.
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
	data   Value // a map, or symbolic
	after  bool  // it was asked for by getAfter or existsAfter
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

// find returns a document, asking for it if that has not been done yet. The error value is for limits and failures.
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
		return nil, fail(e, "The path # names no document: expected /databases/(default)/documents/…, a collection and "+
			"an id in turn.", path)
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
		d.err = fmt.Errorf("no documents were given to judge by")
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

func (r *evaluator) documentResult(e *expr, d *document) (*document, Value) {
	if d.err == nil {
		return d, Value{}
	}
	if r.err == nil {
		r.err = fmt.Errorf("rules asked for %s: %w", d.path, d.err)
	}
	return nil, fail(e, "Service call error. Function: ["+e.name+"], Argument: [#].", PathValue(d.path))
}

// builtinGet is get(path) and getAfter(path). The documentation says that it gives null for a document that does not
// exist; production gives an error (https://github.com/firebase/firebase-js-sdk/issues/3908).
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

// namesDocument tells whether a path is /databases/x/documents/ and then pairs of collection and id.
func namesDocument(path string) bool {
	const prefix = "/databases/"
	if !strings.HasPrefix(path, prefix) || strings.Contains(path, "//") || strings.HasSuffix(path, "/") {
		return false
	}
	_, rest, ok := strings.Cut(path[len(prefix):], "/")
	return ok && strings.HasPrefix(rest, "documents/") && strings.Count(rest, "/")%2 == 0
}
