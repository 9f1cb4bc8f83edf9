package rules

import "strings"

// evalPath builds a path literal. An interpolated string is one segment, an interpolated path any
// number.
func evalPath(r *evaluator, e *expr) Value {
	args := r.arguments(e.children)
	v := joinPath(e, args)
	r.release(args)
	return v
}

func joinPath(e *expr, args []Value) Value {
	size := 0
	for _, a := range args {
		switch {
		case a.kind == kindError:
			return a
		case a.kind == kindUnknown:
			return anything
		case a.kind == KindNull:
			return nullValue(e)
		case a.kind != KindString && a.kind != KindPath:
			return fail(e, "A path consists of strings and paths, not #.", a)
		case a.kind == KindString && (a.text() == "" || strings.IndexByte(a.text(), '/') >= 0):
			return fail(e, "A path segment must not be empty or contain a slash: #.", a)
		}
		size += len(a.text())
	}
	for _, p := range e.parts {
		size += len(p)
	}
	var out strings.Builder
	out.Grow(size)
	for i, p := range e.parts {
		if i < len(args) && args[i].kind == KindPath {
			out.WriteString(strings.TrimSuffix(p, "/")) // the path has its own slash
		} else {
			out.WriteString(p)
		}
		if i < len(args) {
			out.WriteString(args[i].text())
		}
	}
	return PathValue(out.String())
}

// evalBind evaluates (/path/$(a)/$(b)).bind({'a': …, 'b': …}): names missing elsewhere come from
// the map.
func evalBind(r *evaluator, e *expr) Value {
	path := e.children[0]
	bound := r.eval(e.children[1])
	if bound.kind == kindError || bound.kind == kindUnknown {
		return bound
	}
	if bound.kind != KindMap {
		return unsupported(e, "bind", bound)
	}
	args := make([]Value, len(path.children))
	for i, k := range path.children {
		if k.op == opName {
			if v, ok := bound.fields().Get(k.name); ok {
				args[i] = v
				continue
			}
		}
		args[i] = r.eval(k)
	}
	return r.bound(joinPath(path, args), bound.fields())
}

// pathSegment returns segment i of a path.
func pathSegment(path string, i int64) (string, bool) {
	if i < 0 {
		return "", false
	}
	for rest := strings.TrimPrefix(path, "/"); rest != ""; i-- {
		segment, after, _ := strings.Cut(rest, "/")
		if i == 0 {
			return segment, true
		}
		rest = after
	}
	return "", false
}

// ReferencePath returns the path that rules use for a resource name:
// projects/p/databases/d/documents/users/alice becomes /databases/d/documents/users/alice. A name
// that does not start with a project only gains the leading slash.
func ReferencePath(name string) string {
	if rest, ok := strings.CutPrefix(name, "projects/"); ok {
		if _, after, ok := strings.Cut(rest, "/"); ok {
			name = after
		}
	}
	return "/" + strings.TrimPrefix(name, "/")
}
