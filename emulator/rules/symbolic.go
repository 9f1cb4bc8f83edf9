package rules

// unknown is a symbolic value, one that the query does not determine. Every operation on it must
// return a value that holds for all its possible values, or else unknown again.
type unknown struct {
	constraint *constraint // nil if there is none
	sure       bool        // certainly a value and not an error
	keys       bool        // the list of keys of the map that constraint describes
}

// anything may be any value or an error.
var anything = Value{kind: kindUnknown, ref: &unknown{}}

var (
	someBool  = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindBool)}, sure: true}}
	maybeBool = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindBool)}}}
)

// unknownBool returns a value that is true or false or, unless it is sure, an error.
func unknownBool(sure bool) Value {
	if sure {
		return someBool
	}
	return maybeBool
}

// sure reports whether v is certainly not an error. v must not be an error value.
func sure(v Value) bool { return v.kind != kindUnknown || v.unknown().sure }

// surelyBool reports whether v is certainly true or false.
func surelyBool(v Value) bool {
	return v.kind == KindBool || v.kind == kindUnknown && v.unknown().sure && v.unknown().only(KindBool)
}

// truthValue returns the value of a truth about a and b.
func truthValue(t truth, a, b Value) Value {
	if t == maybe {
		return unknownBool(sure(a) && sure(b))
	}
	return BoolValue(t == yes)
}

// only reports whether u, if it is not an error, has this kind.
func (u *unknown) only(k Kind) bool {
	return u.constraint != nil && !u.keys && u.constraint.kinds == setOf(k)
}

func (u *unknown) exact() (Value, bool) {
	if u.constraint == nil || u.keys || u.constraint.exact == nil {
		return Value{}, false
	}
	return *u.constraint.exact, true
}

// field returns u.name or u[name].
func (u *unknown) field(name string) Value {
	if u.constraint != nil && !u.keys {
		if child := u.constraint.fields[name]; child != nil {
			return child.value()
		}
	}
	return anything
}

func (u *unknown) equals(v Value) truth {
	if u.constraint == nil || u.keys {
		return maybe
	}
	if x, ok := u.exact(); ok {
		return equal(x, v)
	}
	if v.kind == kindUnknown {
		return maybe
	}
	if u.sure && !u.constraint.kinds.has(v.Kind()) {
		return no
	}
	for _, n := range u.constraint.notEqual {
		if equal(n, v) == yes {
			return no
		}
	}
	if outside(u.constraint.low, v, 1) || outside(u.constraint.high, v, -1) {
		return no
	}
	return maybe
}

// outside reports whether v lies beyond a bound. side is how the bound compares to such a value.
func outside(b *bound, v Value, side int) bool {
	if b == nil {
		return false
	}
	order, ok, unordered := compare(b.value, v)
	return ok && !unordered && (order == side || order == 0 && !b.inclusive)
}

// flipped maps comparisons to those with exchanged operands.
var flipped = map[op]op{opLess: opGreater, opLessEqual: opGreaterEqual, opGreater: opLess, opGreaterEqual: opLessEqual}

// compareUnknown evaluates a comparison with at least one unknown operand.
func compareUnknown(e *expr, a, b Value) Value {
	o := e.op
	if a.kind != kindUnknown {
		a, b, o = b, a, flipped[o]
	}
	u := a.unknown()
	if b.kind == kindUnknown || u.constraint == nil || u.keys {
		return maybeBool
	}
	if x, ok := u.exact(); ok {
		order, ok, unordered := compare(x, b)
		if !ok {
			return unsupported(e, symbols[e.op], a, b)
		}
		return BoolValue(!unordered && orderHolds(o, order))
	}
	upper, lower := u.constraint.high, u.constraint.low
	if o == opGreater || o == opGreaterEqual {
		upper, lower = lower, upper
	}
	// From here on, upper is the bound that can prove the comparison and lower the one that can
	// refute it.
	side := 1
	if o == opLess || o == opLessEqual {
		side = -1
	}
	strict := o == opLess || o == opGreater
	if upper != nil {
		order, ok, unordered := compare(upper.value, b)
		if ok && !unordered && (order == side || order == 0 && (!strict || !upper.inclusive)) {
			return BoolValue(true)
		}
	}
	if lower != nil {
		order, ok, unordered := compare(lower.value, b)
		if ok && !unordered && (order == -side || order == 0 && (strict || !lower.inclusive)) {
			return BoolValue(false)
		}
	}
	_, ok, _ := compare(b, b)
	return unknownBool(u.sure && ok && u.constraint.kinds&^comparableKinds(b) == 0)
}

// holds returns `v in u`.
func (u *unknown) holds(v Value) Value {
	if u.constraint == nil {
		return anything
	}
	if u.keys || u.only(KindMap) {
		if v.kind == KindString && u.known(v.text()) {
			return BoolValue(true)
		}
		return unknownBool(u.sure && sure(v))
	}
	if !u.only(KindList) {
		return anything
	}
	if x, ok := u.exact(); ok {
		m := membersOf(x.elements())
		return truthValue(m.has(v), v, v)
	}
	if u.has(v) {
		return BoolValue(true)
	}
	return unknownBool(u.sure && sure(v))
}

// known reports whether the map certainly has this field.
func (u *unknown) known(name string) bool {
	child := u.constraint.fields[name]
	return child != nil && child.exists
}

// has reports whether the list certainly contains v.
func (u *unknown) has(v Value) bool {
	if u.keys {
		return v.kind == KindString && u.known(v.text())
	}
	for _, h := range u.constraint.contains {
		if equal(h, v) == yes {
			return true
		}
	}
	return false
}

// is returns `u is type`.
func (u *unknown) is(set kindSet) Value {
	if u.constraint == nil {
		return maybeBool
	}
	kinds := u.constraint.kinds
	if u.keys {
		kinds = setOf(KindList)
	}
	switch {
	case u.sure && kinds&^set == 0:
		return BoolValue(true)
	case u.sure && kinds&set == 0:
		return BoolValue(false)
	}
	return unknownBool(u.sure)
}

// call returns u.name(args).
func (u *unknown) call(e *expr, args []Value) Value {
	if u.constraint == nil {
		return anything
	}
	switch {
	case e.name == "keys" && len(args) == 0 && u.only(KindMap):
		return Value{kind: kindUnknown, ref: &unknown{constraint: u.constraint, sure: u.sure, keys: true}}
	case e.name == "get" && len(args) == 2 && u.only(KindMap):
		return u.get(args[0])
	case (e.name == "hasAll" || e.name == "hasAny") && len(args) == 1 && (u.keys || u.only(KindList)):
		return u.includes(e.name == "hasAny", args[0])
	}
	return anything
}

// get returns u.get(key, default) if the map certainly has the key.
func (u *unknown) get(key Value) Value {
	path := []Value{key}
	if key.isList() {
		path = path[:0]
		list := key.elements()
		for i := range list.Len() {
			path = append(path, list.At(i))
		}
	}
	v := Value{kind: kindUnknown, ref: u}
	for _, k := range path {
		if k.kind != KindString || v.kind != kindUnknown || v.unknown().constraint == nil || !v.unknown().known(k.text()) {
			return anything
		}
		v = v.unknown().field(k.text())
	}
	return v
}

// includes returns u.hasAll(list) or u.hasAny(list).
func (u *unknown) includes(any bool, list Value) Value {
	if list.kind != KindList && list.kind != KindSet {
		return anything
	}
	if x, ok := u.exact(); ok {
		if any {
			return truthValue(containsAny(x.elements(), list.elements()), list, list)
		}
		return truthValue(containsAll(x.elements(), list.elements()), list, list)
	}
	wanted := list.elements()
	found := 0
	for i := range wanted.Len() {
		if u.has(wanted.At(i)) {
			found++
		}
	}
	if any && found > 0 || !any && found == wanted.Len() {
		return BoolValue(true)
	}
	return unknownBool(u.sure)
}

// eitherOf returns cond ? a : b for an unknown condition.
func eitherOf(cond, a, b Value) Value {
	switch {
	case !surelyBool(cond) || a.kind == kindError || b.kind == kindError:
		return anything
	case a.kind == KindBool && b.kind == KindBool && a.num == b.num:
		return a
	case surelyBool(a) && surelyBool(b):
		return someBool
	}
	return anything
}
