package rules

import "strings"

// A path made by path() can contain placeholders, $(name), {name} or {name=**}, which bind replaces.
// Value.nano of a path is templatePath if it has placeholders, and otherwise the number of the
// bindings in evaluator.bindings that its values can be looked up in, 0 for none.
const templatePath = -1

// builtinPath is path(string). It does not accept a path
// (https://firebase.google.com/docs/reference/rules/rules.Path).
func builtinPath(_ *evaluator, e *expr, args []Value) Value {
	if args[0].kind != KindString {
		return unsupported(e, "path()", args[0])
	}
	text := strings.Trim(args[0].text(), "/")
	if text == "" || strings.Contains(text, "//") {
		return fail(e, "# is not a path.", args[0])
	}
	v := PathValue("/" + text)
	for segment := range strings.SplitSeq(text, "/") {
		if _, _, ok := placeholder(segment); ok {
			v.nano = templatePath
		}
	}
	return v
}

// placeholder returns the name of a placeholder, and whether it stands for any number of segments.
func placeholder(segment string) (name string, many, ok bool) {
	switch {
	case strings.HasPrefix(segment, "$(") && strings.HasSuffix(segment, ")"):
		name = segment[2 : len(segment)-1]
	case strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}"):
		name, many = strings.CutSuffix(segment[1:len(segment)-1], "=**")
	}
	name = strings.TrimSpace(name)
	return name, many, name != "" && strings.Trim(name, nameChars) == ""
}

const nameChars = "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// pathMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.Path. A bind
// on a path literal runs as evalBind, because the literal's variables may only exist in the map.
var pathMethods = methodTable{
	kind:      KindPath,
	overloads: map[string]overload{"bind": {1, 1, pathBind}},
	returns:   map[string]kindSet{"bind": setOf(KindPath)},
}

// pathBind replaces the placeholders of a path made by path().
func pathBind(r *evaluator, e *expr, self Value, args []Value) Value {
	switch args[0].kind {
	case kindUnknown:
		return anything
	case KindMap:
	case KindNull:
		return nullValue(e)
	default:
		return unsupported(e, "bind", args[0])
	}
	values := args[0].fields()
	if self.nano != templatePath {
		return r.bound(self, values)
	}
	var out strings.Builder
	for segment := range strings.SplitSeq(self.text()[1:], "/") {
		name, many, ok := placeholder(segment)
		if !ok {
			out.WriteString("/" + segment)
			continue
		}
		v, ok := values.Get(name)
		switch {
		case !ok:
			return fail(e, "The path has no value for #.", StringValue(name))
		case v.kind == kindUnknown:
			return anything
		case v.kind == KindNull:
			return nullValue(e)
		case v.kind == KindPath:
			out.WriteString(v.text())
		case v.kind != KindString:
			return fail(e, "A path consists of strings and paths, not #.", v)
		case many && isPathText(v.text()):
			out.WriteString("/" + strings.Trim(v.text(), "/"))
		case v.text() == "" || strings.IndexByte(v.text(), '/') >= 0:
			return fail(e, "A path segment must not be empty or contain a slash: #.", v)
		default:
			out.WriteString("/" + v.text())
		}
		if out.Len() > maxTextBytes {
			return fail(e, "The path would be too long.")
		}
	}
	return r.bound(PathValue(out.String()), values)
}

func isPathText(s string) bool {
	s = strings.Trim(s, "/")
	return s != "" && !strings.Contains(s, "//")
}

// bound returns path with values as its bindings, which path.name and path['name'] look up.
func (r *evaluator) bound(path Value, values Fields) Value {
	if path.kind == KindPath {
		r.bindings = append(r.bindings, values)
		path.nano = int32(len(r.bindings))
	}
	return path
}

// binding returns path.name.
func (r *evaluator) binding(e *expr, path Value, name string) Value {
	if path.nano > 0 {
		if v, ok := r.bindings[path.nano-1].Get(name); ok {
			return v
		}
	}
	return fail(e, "The path has no binding "+name+".")
}
