package courses

// period reads a period number, whole or half: 3 or 3.5.
func (c *cursor) period() (halfPeriods, bool) {
	n, digits := c.number()
	if digits == 0 || n > maxPeriod {
		return 0, false
	}
	switch {
	case c.word(".5"):
		return halfPeriods(2*n + 1), !isDigit(c.peek())
	case c.word(".0"):
		return halfPeriods(2 * n), !isDigit(c.peek())
	}
	return halfPeriods(2 * n), true
}

// periods reads single periods and ranges: 3,4 or 3-4.
func (c *cursor) periods() (periods []halfPeriods, ok bool) {
	ok = c.periodList(func(first, last halfPeriods, isRange bool) bool {
		if !isRange {
			last = first
		}
		for n := first; n <= last; n += 2 {
			periods = append(periods, n)
		}
		return first <= last
	})
	return periods, ok
}

// lengths reads single periods and pairs of start and length: 9,6-1.5.
func (c *cursor) lengths() (periods []halfPeriods, lengths []startLength, ok bool) {
	ok = c.periodList(func(first, second halfPeriods, isPair bool) bool {
		if isPair {
			lengths = append(lengths, startLength{first, second})
		} else {
			periods = append(periods, first)
		}
		return true
	})
	return periods, lengths, ok
}

// periodList reads a list, separated by commas, of period numbers and pairs of them with a dash, and
// passes each to take. It does not read a comma that no number follows.
func (c *cursor) periodList(take func(first, second halfPeriods, isPair bool) bool) bool {
	for n := 0; ; n++ {
		begin := c.pos
		if n > 0 {
			c.skipBlank()
			comma := c.word(",") || c.word("·")
			c.skipBlank()
			if !comma || !isDigit(c.peek()) {
				c.pos = begin
				return true
			}
		}
		first, ok := c.period()
		if !ok {
			return false
		}
		second, isPair := halfPeriods(0), c.dash()
		if isPair {
			if second, ok = c.period(); !ok {
				return false
			}
		}
		if !take(first, second, isPair) {
			return false
		}
	}
}
