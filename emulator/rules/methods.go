package rules

// method is a method of the language, by name. What it does depends on the kind that it is called on.
type method struct {
	name      string
	overloads [KindMapDiff + 1]*overload // nil for kinds that do not have it
	returns   kindSet
}

// form is a method of one kind.
type overload struct {
	minArgs, maxArgs int // how many arguments it takes
	call             func(r *evaluator, e *expr, self Value, args []Value) Value
}

// methods are all of them. They are gathered once; after that they do not change.
var methods = buildMethods()

// methodsOf is one kind's methods, with what they give.
type methodTable struct {
	kind      Kind
	overloads map[string]overload
	returns   map[string]kindSet
}

func buildMethods() map[string]*method {
	all := map[string]*method{}
	for _, of := range []methodTable{stringMethods, bytesMethods, listMethods, setMethods, mapMethods, mapDiffMethods,
		timestampMethods, durationMethods, latlngMethods, pathMethods} {
		for name, f := range of.overloads {
			m := all[name]
			if m == nil {
				m = &method{name: name}
				all[name] = m
			}
			m.overloads[of.kind] = &f
			m.returns |= of.returns[name]
		}
	}
	return all
}

// kinds are the kinds that have the method.
func (m *method) kinds() kindSet {
	var s kindSet
	for k, f := range m.overloads {
		if f != nil {
			s |= 1 << k
		}
	}
	return s
}

// plain is a method without arguments.
func noArgs(do func(self Value) Value) overload {
	return overload{0, 0, func(_ *evaluator, _ *expr, self Value, _ []Value) Value { return do(self) }}
}

// pathMethods: bind is done by evalBind, since its path must not be evaluated before it. What comes here is a path that
// is complete.
var pathMethods = methodTable{
	kind:      KindPath,
	overloads: map[string]overload{"bind": {1, 1, func(_ *evaluator, _ *expr, self Value, _ []Value) Value { return self }}},
	returns:   map[string]kindSet{"bind": setOf(KindPath)},
}
