package rules

// unknown is a value that a query says too little about to name it. Every operation on it must give a value that is
// right for all that it may be; what that cannot be said of is unknown again.
type unknown struct {
	constraint *constraint // nil when nothing is known
	sure       bool        // it is a value, and not an error
	keys       bool        // it is the list of the keys of the map that fact is about
}

// anything may be any value, and may be an error.
var anything = Value{kind: kindUnknown, ref: &unknown{}}

var (
	someBool  = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindBool)}, sure: true}}
	maybeBool = Value{kind: kindUnknown, ref: &unknown{constraint: &constraint{kinds: setOf(KindBool)}}}
)

// unknownBool is true or false, and unless it is sure, perhaps an error.
func unknownBool(sure bool) Value {
	if sure {
		return someBool
	}
	return maybeBool
}

// sure tells whether v is certainly not an error. v is not an error value.
func sure(v Value) bool { return v.kind != kindUnknown || v.unknown().sure }

// surelyBool tells whether v is certainly true or false.
func surelyBool(v Value) bool {
	return v.kind == KindBool || v.kind == kindUnknown && v.unknown().sure && v.unknown().only(KindBool)
}

// truthValue is a truth about a and b as a value.
func truthValue(t truth, a, b Value) Value {
	if t == maybe {
		return unknownBool(sure(a) && sure(b))
	}
	return BoolValue(t == yes)
}

// only tells whether u is of this kind, if it is a value.
func (u *unknown) only(k Kind) bool {
	return u.constraint != nil && !u.keys && u.constraint.kinds == setOf(k)
}

func (u *unknown) exact() (Value, bool) {
	if u.constraint == nil || u.keys || u.constraint.exact == nil {
		return Value{}, false
	}
	return *u.constraint.exact, true
}

// field is u.name and u[name].
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

// outside tells whether a value lies beyond a bound; side is how the bound then compares to it.
func outside(b *bound, v Value, side int) bool {
	if b == nil {
		return false
	}
	order, ok, unordered := compare(b.value, v)
	return ok && !unordered && (order == side || order == 0 && !b.inclusive)
}

// flipped are the comparisons with their operands exchanged.
var flipped = map[op]op{opLess: opGreater, opLessEqual: opGreaterEqual, opGreater: opLess, opGreaterEqual: opLessEqual}

// compareUnknown is a comparison of which at least one operand is unknown.
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
	// Below, "upper" is the bound that can prove the comparison, "lower" the one that can refute it.
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

// holds is `v in u`.
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

// known tells whether the map has this field.
func (u *unknown) known(name string) bool {
	child := u.constraint.fields[name]
	return child != nil && child.exists
}

// has tells whether the list is known to hold v.
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

// is is `u is type`.
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

// call is u.name(args).
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

// get is u.get(key, default) where the key is known to be there.
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

// includes is u.hasAll(list) and u.hasAny(list).
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

// eitherOf is cond ? a : b for an unknown condition.
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
