package rules

// method is a method of the language, by name. What it does depends on the kind that it is called on.
type method struct {
	name  string
	forms [KindMapDiff + 1]*form // nil for kinds that do not have it
	gives kindSet
}

// form is a method of one kind.
type form struct {
	least, most int // how many arguments it takes
	do          func(r *run, e *expr, self Value, args []Value) Value
}

// methods are all of them. They are gathered once; after that they do not change.
var methods = gatherMethods()

// methodsOf is one kind's methods, with what they give.
type methodsOf struct {
	kind  Kind
	forms map[string]form
	gives map[string]kindSet
}

func gatherMethods() map[string]*method {
	all := map[string]*method{}
	for _, of := range []methodsOf{stringMethods, bytesMethods, listMethods, setMethods, mapMethods, mapDiffMethods,
		timestampMethods, durationMethods, latlngMethods, pathMethods} {
		for name, f := range of.forms {
			m := all[name]
			if m == nil {
				m = &method{name: name}
				all[name] = m
			}
			m.forms[of.kind] = &f
			m.gives |= of.gives[name]
		}
	}
	return all
}

// kinds are the kinds that have the method.
func (m *method) kinds() kindSet {
	var s kindSet
	for k, f := range m.forms {
		if f != nil {
			s |= 1 << k
		}
	}
	return s
}

// plain is a method without arguments.
func plain(do func(self Value) Value) form {
	return form{0, 0, func(_ *run, _ *expr, self Value, _ []Value) Value { return do(self) }}
}

// pathMethods: bind is done by evalBind, since its path must not be evaluated before it. What comes here is a path that
// is complete.
var pathMethods = methodsOf{
	kind:  KindPath,
	forms: map[string]form{"bind": {1, 1, func(_ *run, _ *expr, self Value, _ []Value) Value { return self }}},
	gives: map[string]kindSet{"bind": setOf(KindPath)},
}
