package rules

// operands evaluates both operands. If one of them is an error, failed is true and a is that error.
func (r *evaluator) operands(e *expr) (a, b Value, failed bool) {
	a = r.eval(e.children[0])
	if a.kind == kindError {
		return a, b, true
	}
	b = r.eval(e.children[1])
	if b.kind == kindError {
		return b, b, true
	}
	return a, b, false
}

func evalEqual(r *evaluator, e *expr) Value {
	a, b, failed := r.operands(e)
	if failed {
		return a
	}
	return truthValue(equal(a, b), a, b)
}

func evalNotEqual(r *evaluator, e *expr) Value {
	a, b, failed := r.operands(e)
	if failed {
		return a
	}
	return truthValue(equal(a, b).not(), a, b)
}

func evalCompare(r *evaluator, e *expr) Value {
	a, b, failed := r.operands(e)
	if failed {
		return a
	}
	if a.kind == kindUnknown || b.kind == kindUnknown {
		return compareUnknown(e, a, b)
	}
	order, ok, unordered := compare(a, b)
	switch {
	case !ok && (a.kind == KindNull || b.kind == KindNull):
		return nullValue(e)
	case !ok:
		return unsupported(e, symbols[e.op], a, b)
	case unordered:
		return BoolValue(false)
	}
	return BoolValue(orderHolds(e.op, order))
}

// orderHolds reports whether a comparison is true for operands in this order.
func orderHolds(o op, order int) bool {
	switch o {
	case opLess:
		return order < 0
	case opLessEqual:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

func evalIn(r *evaluator, e *expr) Value {
	a, b, failed := r.operands(e)
	if failed {
		return a
	}
	switch b.kind {
	case KindList, KindSet:
		m := membersOf(b.ref.(Elements))
		return truthValue(m.has(a), a, b)
	case KindMap, kindKeys:
		switch a.kind {
		case KindString:
			_, ok := b.fields().Get(a.text())
			return BoolValue(ok)
		case kindUnknown:
			return anything
		}
		return BoolValue(false)
	case kindUnknown:
		return b.unknown().holds(a)
	case KindNull:
		return nullValue(e)
	}
	return unsupported(e, "in", a, b)
}

func evalIs(r *evaluator, e *expr) Value {
	switch v := r.eval(e.children[0]); v.kind {
	case kindError:
		return v
	case kindUnknown:
		return v.unknown().is(e.kind)
	default:
		return BoolValue(e.kind.has(v.Kind()))
	}
}
