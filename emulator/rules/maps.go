package rules

// mapMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.Map.
var mapMethods = methodTable{
	kind: KindMap,
	overloads: map[string]overload{
		"size":   noArgs(func(m Value) Value { return IntValue(int64(m.fields().Len())) }),
		"keys":   noArgs(func(m Value) Value { return Value{kind: kindKeys, ref: m.ref} }),
		"values": noArgs(mapValues),
		"get":    {2, 2, mapGet},
		"diff":   {1, 1, mapDiffOf},
	},
	returns: map[string]kindSet{"size": setOf(KindInt), "keys": setOf(KindList), "values": setOf(KindList),
		"get": allKinds, "diff": setOf(KindMapDiff)},
}

func mapValues(m Value) Value {
	f := m.fields()
	names := sortedNames(f)
	for i, n := range names {
		names[i], _ = f.Get(n.text())
	}
	return ListValue(valueList(names))
}

// mapGet is map.get(key, default), where key may be a list of keys into nested maps.
func mapGet(_ *evaluator, e *expr, self Value, args []Value) Value {
	key, otherwise := args[0], args[1]
	switch {
	case key.kind == KindString:
		if v, ok := self.fields().Get(key.text()); ok {
			return v
		}
		return otherwise
	case !key.isList():
		return unsupported(e, "get", key)
	}
	path := key.elements()
	for i := range path.Len() {
		name := path.At(i)
		switch {
		case name.kind == kindUnknown:
			return anything
		case name.kind != KindString:
			return unsupported(e, "get", name)
		case self.kind == kindUnknown:
			self = self.unknown().field(name.text())
			continue
		case self.kind != KindMap:
			return otherwise
		}
		v, ok := self.fields().Get(name.text())
		if !ok {
			return otherwise
		}
		self = v
	}
	return self
}

// mapDiff is the difference between two maps.
type mapDiff struct{ now, before Fields }

func mapDiffOf(_ *evaluator, e *expr, self Value, args []Value) Value {
	if args[0].kind != KindMap {
		if args[0].kind == KindNull {
			return nullValue(e)
		}
		return unsupported(e, "diff", args[0])
	}
	return Value{kind: KindMapDiff, ref: &mapDiff{self.fields(), args[0].fields()}}
}

// mapDiffMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.MapDiff.
var mapDiffMethods = methodTable{
	kind: KindMapDiff,
	overloads: map[string]overload{
		"addedKeys":     diffKeys(true, false, false, false),
		"removedKeys":   diffKeys(false, true, false, false),
		"changedKeys":   diffKeys(false, false, true, false),
		"unchangedKeys": diffKeys(false, false, false, true),
		"affectedKeys":  diffKeys(true, true, true, false),
	},
	returns: map[string]kindSet{"addedKeys": setOf(KindSet), "removedKeys": setOf(KindSet), "changedKeys": setOf(KindSet),
		"unchangedKeys": setOf(KindSet), "affectedKeys": setOf(KindSet)},
}

func diffKeys(added, removed, changed, unchanged bool) overload {
	return noArgs(func(v Value) Value {
		d := v.diff()
		var out valueList
		undecided := false
		d.now.Names(func(name string) bool {
			before, ok := d.before.Get(name)
			if !ok {
				if added {
					out = append(out, StringValue(name))
				}
				return true
			}
			if !changed && !unchanged {
				return true
			}
			now, _ := d.now.Get(name)
			switch t := equal(now, before); {
			case t == maybe:
				undecided = true
			case t == no && changed, t == yes && unchanged:
				out = append(out, StringValue(name))
			}
			return true
		})
		if removed {
			d.before.Names(func(name string) bool {
				if _, ok := d.now.Get(name); !ok {
					out = append(out, StringValue(name))
				}
				return true
			})
		}
		if undecided {
			return anything
		}
		return setValue(out)
	})
}
