package rules

import (
	"math"
	"time"
)

const nanosPerSecond = int64(time.Second)

// durationOf returns a duration of some seconds and nanoseconds, normalized so that both have the
// same sign.
func durationOf(seconds, nanos int64) Value {
	seconds += nanos / nanosPerSecond
	nanos %= nanosPerSecond
	switch {
	case seconds > 0 && nanos < 0:
		seconds, nanos = seconds-1, nanos+nanosPerSecond
	case seconds < 0 && nanos > 0:
		seconds, nanos = seconds+1, nanos-nanosPerSecond
	}
	return Value{kind: KindDuration, num: seconds, nano: int32(nanos)}
}

// maxSeconds is ten thousand years, the range of google.protobuf.Duration. It keeps sums of times
// and durations far from overflow.
const maxSeconds = 315_576_000_000

// shiftTime returns a + b or a − b for timestamps and durations.
func shiftTime(e *expr, kind Kind, a, b Value, sign int64) Value {
	seconds, nanos := a.num+sign*b.num, int64(a.nano)+sign*int64(b.nano)
	if seconds > 2*maxSeconds || seconds < -2*maxSeconds {
		return fail(e, "The time is out of range.")
	}
	if kind == KindDuration {
		return durationOf(seconds, nanos)
	}
	return TimeValue(time.Unix(seconds, nanos))
}

// timestampMethods are the methods of
// https://firebase.google.com/docs/reference/rules/rules.Timestamp. All of them use UTC.
var timestampMethods = methodTable{
	kind: KindTimestamp,
	overloads: map[string]overload{
		"date": noArgs(func(v Value) Value {
			y, m, d := v.time().Date()
			return TimeValue(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
		}),
		"time": noArgs(func(v Value) Value {
			t := v.time()
			return durationOf(int64(t.Hour()*3600+t.Minute()*60+t.Second()), int64(t.Nanosecond()))
		}),
		"year":      noArgs(func(v Value) Value { return IntValue(int64(v.time().Year())) }),
		"month":     noArgs(func(v Value) Value { return IntValue(int64(v.time().Month())) }),
		"day":       noArgs(func(v Value) Value { return IntValue(int64(v.time().Day())) }),
		"dayOfWeek": noArgs(func(v Value) Value { return IntValue(int64(v.time().Weekday()+6)%7 + 1) }), // Monday is 1
		"dayOfYear": noArgs(func(v Value) Value { return IntValue(int64(v.time().YearDay())) }),
		"hours":     noArgs(func(v Value) Value { return IntValue(int64(v.time().Hour())) }),
		"minutes":   noArgs(func(v Value) Value { return IntValue(int64(v.time().Minute())) }),
		"seconds":   noArgs(func(v Value) Value { return IntValue(int64(v.time().Second())) }),
		"nanos":     noArgs(func(v Value) Value { return IntValue(int64(v.nano)) }),
		"toMillis":  noArgs(func(v Value) Value { return IntValue(v.time().UnixMilli()) }),
	},
	returns: map[string]kindSet{"date": setOf(KindTimestamp), "time": setOf(KindDuration), "year": setOf(KindInt),
		"month": setOf(KindInt), "day": setOf(KindInt), "dayOfWeek": setOf(KindInt), "dayOfYear": setOf(KindInt),
		"hours": setOf(KindInt), "minutes": setOf(KindInt), "seconds": setOf(KindInt), "nanos": setOf(KindInt),
		"toMillis": setOf(KindInt)},
}

// durationMethods are the methods of
// https://firebase.google.com/docs/reference/rules/rules.Duration.
var durationMethods = methodTable{
	kind: KindDuration,
	overloads: map[string]overload{
		"seconds": noArgs(func(v Value) Value { return IntValue(v.num) }),
		"nanos":   noArgs(func(v Value) Value { return IntValue(int64(v.nano)) }),
	},
	returns: map[string]kindSet{"seconds": setOf(KindInt), "nanos": setOf(KindInt)},
}

// timestampFunctions are the functions of
// https://firebase.google.com/docs/reference/rules/rules.timestamp_.
var timestampFunctions = map[string]*builtin{
	"date": {3, 3, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		for _, a := range args {
			if a.kind != KindInt {
				return unsupported(e, "timestamp.date", a)
			}
		}
		y, m, d := args[0].num, args[1].num, args[2].num
		if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31 {
			return fail(e, "#-#-# is not a valid date.", args...)
		}
		t := time.Date(int(y), time.Month(m), int(d), 0, 0, 0, 0, time.UTC)
		if int64(t.Day()) != d {
			return fail(e, "#-#-# is not a valid date.", args...)
		}
		return TimeValue(t)
	}), setOf(KindTimestamp)},
	"value": {1, 1, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		if args[0].kind != KindInt {
			return unsupported(e, "timestamp.value", args[0])
		}
		if args[0].num > maxSeconds*1000 || args[0].num < -maxSeconds*1000 {
			return fail(e, "The time is out of range.")
		}
		return TimeValue(time.UnixMilli(args[0].num))
	}), setOf(KindTimestamp)},
}

// durationUnits are the units of duration.value.
var durationUnits = map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour,
	"m": time.Minute, "s": time.Second, "ms": time.Millisecond, "ns": time.Nanosecond}

// durationFunctions are the functions of
// https://firebase.google.com/docs/reference/rules/rules.duration_.
var durationFunctions = map[string]*builtin{
	"abs": {1, 1, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		v := args[0]
		if v.kind != KindDuration {
			return unsupported(e, "duration.abs", v)
		}
		if v.num < 0 || v.nano < 0 {
			return durationOf(-v.num, -int64(v.nano))
		}
		return v
	}), setOf(KindDuration)},
	"time": {4, 4, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		for _, a := range args {
			if a.kind != KindInt {
				return unsupported(e, "duration.time", a)
			}
			if a.num > maxSeconds || a.num < -maxSeconds {
				return fail(e, "The time is out of range.")
			}
		}
		return durationOf(args[0].num*3600+args[1].num*60+args[2].num, args[3].num)
	}), setOf(KindDuration)},
	"value": {2, 2, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		n, u := args[0], args[1]
		if n.kind != KindInt || u.kind != KindString {
			return unsupported(e, "duration.value", n, u)
		}
		unit, ok := durationUnits[u.text()]
		if !ok {
			return fail(e, "Unknown unit #: expected w, d, h, m, s, ms or ns.", u)
		}
		if unit >= time.Second {
			if seconds := int64(unit / time.Second); n.num > math.MinInt64 && magnitude(n.num) <= uint64(maxSeconds/seconds) {
				return durationOf(n.num*seconds, 0)
			}
			return fail(e, "The time is out of range.")
		}
		perSecond := int64(time.Second / unit)
		return durationOf(n.num/perSecond, n.num%perSecond*int64(unit))
	}), setOf(KindDuration)},
}
