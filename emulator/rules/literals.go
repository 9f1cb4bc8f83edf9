package rules

// evalList evaluates a list literal.
func evalList(r *evaluator, e *expr) Value {
	list := make(valueList, 0, len(e.children))
	n := int64(1)
	for _, child := range e.children {
		v := r.eval(child)
		n += countValues(v)
		switch {
		case v.kind == kindError:
			return v
		case !sure(v):
			return anything // it may be an error, which would make the list one
		}
		list = append(list, v)
	}
	return limitValues(e, ListValue(list), n)
}

// evalMap evaluates a map literal.
func evalMap(r *evaluator, e *expr) Value {
	m := make(valueMap, len(e.children)/2)
	n := int64(1)
	for i := 0; i < len(e.children); i += 2 {
		key, value := r.eval(e.children[i]), r.eval(e.children[i+1])
		switch {
		case key.kind == kindError:
			return key
		case value.kind == kindError:
			return value
		case key.kind == kindUnknown || !sure(value):
			return anything
		case key.kind != KindString:
			return fail(e.children[i], "A map's key must be a string, not #.", key)
		}
		m[key.text()] = value
		n += countValues(value)
	}
	return limitValues(e, MapValue(m), n)
}

// evalConstList returns a list of constants. Its elements count as evaluated expressions.
func evalConstList(r *evaluator, e *expr) Value {
	r.evaluated += len(e.children)
	return e.value
}
