package rules

// method is a method of the language. Its implementation depends on the kind of the receiver.
type method struct {
	name      string
	overloads [KindMapDiff + 1]*overload // by receiver kind; nil where the kind lacks the method
	returns   kindSet
}

// overload is the implementation of a method for one kind.
type overload struct {
	minArgs, maxArgs int
	call             func(r *evaluator, e *expr, self Value, args []Value) Value
}

// methods holds every method by name. It is built once and not modified afterwards.
var methods = buildMethods()

// methodTable lists the methods of one kind and the kinds that they return.
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

// kinds returns the kinds that have the method.
func (m *method) kinds() kindSet {
	var s kindSet
	for k, f := range m.overloads {
		if f != nil {
			s |= 1 << k
		}
	}
	return s
}

// noArgs is a method without arguments.
func noArgs(f func(self Value) Value) overload {
	return overload{0, 0, func(_ *evaluator, _ *expr, self Value, _ []Value) Value { return f(self) }}
}
