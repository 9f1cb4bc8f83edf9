package rules

// operandKinds are the kinds that operators accept, where both operands accept the same.
var operandKinds = map[op]kindSet{
	opAnd: setOf(KindBool), opOr: setOf(KindBool), opNot: setOf(KindBool), opNegate: setOf(KindInt, KindFloat),
	opMultiply: setOf(KindInt, KindFloat), opDivide: setOf(KindInt, KindFloat), opModulo: setOf(KindInt, KindFloat),
	opAdd:      setOf(KindInt, KindFloat, KindString, KindBytes, KindTimestamp, KindDuration),
	opSubtract: setOf(KindInt, KindFloat, KindTimestamp, KindDuration),
	opLess:     ordered, opLessEqual: ordered, opGreater: ordered, opGreaterEqual: ordered,
}

var ordered = setOf(KindInt, KindFloat, KindString, KindBytes, KindTimestamp, KindDuration)

// checkTypes warns about operators and methods whose operands can never have an accepted type.
// Operands whose type is not known until evaluation pass.
func (c *checker) checkTypes(e *expr) {
	expect := func(k *expr, want kindSet) {
		if got := kindsOf(k); got&want == 0 {
			c.warn("type", k.pos, "Invalid type. Received one of [%s]. Expected one of [%s].", got, want)
		}
	}
	if want, ok := operandKinds[e.op]; ok {
		for _, k := range e.children {
			expect(k, want)
		}
	}
	switch e.op {
	case opTernary:
		expect(e.children[0], setOf(KindBool))
	case opMember:
		expect(e.children[0], setOf(KindMap, KindPath))
	case opIndex:
		expect(e.children[0], setOf(KindMap, KindList, KindString, KindPath))
	case opRange:
		expect(e.children[0], setOf(KindList, KindString))
		expect(e.children[1], setOf(KindInt))
		expect(e.children[2], setOf(KindInt))
	case opIn:
		expect(e.children[1], setOf(KindList, KindMap, KindSet))
	case opMap:
		for i := 0; i < len(e.children); i += 2 {
			expect(e.children[i], setOf(KindString))
		}
	case opPath:
		for _, k := range e.children {
			expect(k, setOf(KindString, KindPath))
		}
	case opMethod:
		if e.method != nil {
			expect(e.children[0], e.method.kinds())
		}
	}
}

// kindsOf returns the kinds that an expression can evaluate to.
func kindsOf(e *expr) kindSet {
	switch e.op {
	case opConst:
		return setOf(e.value.kind)
	case opAnd, opOr, opNot, opEqual, opNotEqual, opLess, opLessEqual, opGreater, opGreaterEqual, opIn, opIs:
		return setOf(KindBool)
	case opNegate, opMultiply, opDivide, opModulo:
		return setOf(KindInt, KindFloat)
	case opAdd, opSubtract:
		return operandKinds[opAdd]
	case opTernary:
		return kindsOf(e.children[1]) | kindsOf(e.children[2])
	case opList, opRange:
		if e.op == opRange {
			return setOf(KindList, KindString)
		}
		return setOf(KindList)
	case opMap:
		return setOf(KindMap)
	case opPath:
		return setOf(KindPath)
	case opCall:
		if e.builtin != nil {
			return e.builtin.returns
		}
	case opMethod:
		if e.method != nil && e.method.returns != 0 {
			return e.method.returns
		}
	}
	return allKinds
}
