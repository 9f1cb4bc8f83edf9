package rules_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// evalText evaluates an expression in a condition and returns its value as text, or "error: …".
func evalText(t *testing.T, expression string) string {
	t.Helper()
	source := `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function one() { return 1; }
    function twice(x) { let y = x + x; return y; }
    function second(a, b) { return b; }
    match /things/{thing} {
      allow get: if debug(` + expression + `) == 'never';
    }
    match /{path=**}/deep/{id} {
      allow get: if debug(` + expression + `) == 'never';
    }
  }
}`
	set, _, err := rules.Compile("test.rules", source)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	var got *rules.Value
	w := &store{before: map[string]map[string]rules.Value{
		root + "/things/other": {"name": text("other"), "n": rules.IntValue(3)},
	}, after: map[string]map[string]rules.Value{
		root + "/things/new":   {"name": text("new")},
		root + "/things/other": {"name": text("changed")},
	}}
	d := set.Evaluate(t.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Get, Path: root + "/things/this",
		Auth: &rules.Auth{UID: "alice", Token: rules.Claims{"email": "a@example.com", "email_verified": true, "level": 3.0,
			"ratio": 0.5, "firebase": map[string]any{"sign_in_provider": "password", "identities": map[string]any{"email": []any{"a@example.com"}}}}},
		Time: now, Explain: true, Access: rules.NewAccess(w), Before: fields{
			"b": rules.BoolValue(true), "i": rules.IntValue(7), "f": rules.FloatValue(1.5), "s": text("text"),
			"y": rules.BytesValue("\x01\x02"), "t": rules.TimeValue(now), "d": rules.DurationValue(90e9), "n": {},
			"p": rules.PathValue(root + "/things/other"), "g": rules.LatLngValue(37.5, 127),
			"l": rules.ListOf(rules.IntValue(1), rules.IntValue(2), rules.IntValue(3)),
			"m": rules.MapOf(map[string]rules.Value{"x": rules.IntValue(1), "inner": rules.MapOf(map[string]rules.Value{"y": text("z")})}),
		},
		Debug: func(_ int, v rules.Value) { got = &v }})
	if d.Err != nil {
		t.Fatalf("%s: %v", expression, d.Err)
	}
	if got != nil {
		return got.String()
	}
	if d.Denial == nil || len(d.Denial.Tried) == 0 {
		t.Fatalf("%s: no denial", expression)
	}
	return d.Denial.Tried[0].Result
}

// expressions are expressions and their values, following the language reference type by type. The
// value "error: x" is any error whose message contains x.
var expressions = map[string][][2]string{
	"literals": {
		{`null`, `null`}, {`true`, `true`}, {`12`, `12`}, {`0x1F`, `31`}, {`1.5`, `1.5`}, {`1e3`, `1000.0`}, {`2.0`, `2.0`},
		{`'a\'b'`, `'a\'b'`}, {`"it's"`, `'it\'s'`}, {`'\n\t\\'`, `'\n\t\\'`}, {`'\u00e9\x41\101'`, `'éAA'`},
		{`'\U0001F600'.size()`, `1`}, {`b'\x00\377a'`, `b'\x00\xFFa'`}, {`[1, 'a', null]`, `[1, 'a', null]`}, {`[]`, `[]`},
		{`{'a': 1, 'b': [2]}`, `{a: 1, b: [2]}`}, {`{}`, `{}`}, {`/a/b-c/$(one() == 1 ? 'x' : 'y')`, `/a/b-c/x`},
		{`/* comment */ 1 // and another` + "\n", `1`}, {`{1: 2}`, `error: key must be a string`},
	},
	"boolean": {
		{`!true`, `false`}, {`!!true`, `true`}, {`!1`, `error: !`}, {`true == true`, `true`}, {`true != false`, `true`},
		{`true < false`, `error: <`}, {`bool('TRUE')`, `true`}, {`bool('no')`, `error: neither`}, {`bool(false)`, `false`},
		{`bool(1)`, `error: bool()`}, {`true ? 1 : 2`, `1`}, {`false ? 1 : true ? 3 : 4`, `3`}, {`1 ? 2 : 3`, `error: ?:`},
	},
	"errors are absorbed": {
		{`true || (1/0 == 1)`, `true`}, {`(1/0 == 1) || true`, `true`}, {`false && (1/0 == 1)`, `false`},
		{`(1/0 == 1) && false`, `false`}, {`(1/0 == 1) || false`, `error: Division by zero`},
		{`false || (1/0 == 1)`, `error: Division by zero`}, {`(1/0 == 1) && true`, `error: Division by zero`},
		{`true && (1/0 == 1)`, `error: Division by zero`}, {`!(1/0 == 1)`, `error: Division by zero`},
		{`1 || true`, `true`}, {`'a' && false`, `false`}, {`1 && true`, `error: &&`}, {`true && 1`, `error: &&`},
		{`null || false`, `error: ||`}, {`[1/0]`, `error: Division`}, {`{'a': 1/0}`, `error: Division`},
		{`(1/0) is int`, `error: Division`}, {`(1/0 == 1) ? 1 : 2`, `error: Division`}, {`true ? 1 : 1/0`, `1`},
		{`second(1/0, 5)`, `5`}, {`second(5, 1/0)`, `error: Division`}, {`1 in [1/0]`, `error: Division`},
		{`resource.data.none || true`, `true`}, {`resource.data.none == null`, `error: Property none is undefined on object.`},
	},
	"numbers": {
		{`1 + 2 * 3`, `7`}, {`(1 + 2) * 3`, `9`}, {`7 / 2`, `3`}, {`-7 / 2`, `-3`}, {`7 % 3`, `1`}, {`-7 % 3`, `-1`}, {`7.0 / 2`, `3.5`},
		{`1 + 0.5`, `1.5`}, {`5.5 % 2`, `1.5`}, {`-(3)`, `-3`}, {`- -3`, `3`}, {`1 == 1.0`, `true`}, {`1 < 1.5`, `true`}, {`2 >= 2.0`, `true`},
		{`9007199254740993 == 9007199254740992.0`, `false`}, {`9223372036854775807 + 1`, `error: overflow`},
		{`-9223372036854775807 - 2`, `error: overflow`}, {`4611686018427387904 * 2`, `error: overflow`},
		{`-4611686018427387904 * 2`, `-9223372036854775808`}, {`1 / 0`, `error: Division`}, {`1 % 0`, `error: Division`}, {`1.0 / 0 > 1`, `true`},
		{`0.0 / 0 == 0.0 / 0`, `false`}, {`0.0 / 0 < 1`, `false`}, {`1 < 'a'`, `error: <`}, {`1 == 'a'`, `false`}, {`null < 1`, `error: Null`},
		{`1 + 'a'`, `error: +`}, {`int('42')`, `42`}, {`int(2.9)`, `2`}, {`int(-2.9)`, `-2`}, {`int('x')`, `error: integer`}, {`int(1e300)`, `error: integer`},
		{`float('2.5')`, `2.5`}, {`float(2)`, `2.0`}, {`float('x')`, `error: number`}, {`float(true)`, `error: float()`}, {`one() + twice(3)`, `7`},
	},
	"is": {
		{`1 is int`, `true`}, {`1 is number`, `true`}, {`1 is float`, `false`}, {`1.0 is float`, `true`}, {`1.5 is number`, `true`}, {`'a' is string`, `true`},
		{`null is string`, `false`}, {`true is bool`, `true`}, {`b'a' is bytes`, `true`}, {`[] is list`, `true`}, {`{} is map`, `true`},
		{`{} is list`, `false`}, {`[].toSet() is set`, `true`}, {`[].toSet() is list`, `false`}, {`{}.keys() is list`, `true`}, {`/a/b is path`, `true`},
		{`resource.data.t is timestamp`, `true`}, {`resource.data.d is duration`, `true`}, {`resource.data.g is latlng`, `true`},
		{`{}.diff({}) is map_diff`, `true`}, {`resource.data is map`, `true`}, {`resource.data.p is path`, `true`}, {`resource.data.x is string`, `error: undefined`},
	},
	"string": {
		{`'a' + 'b'`, `'ab'`}, {`'a' < 'b'`, `true`}, {`'b' <= 'a'`, `false`}, {`'한글'.size()`, `2`}, {`'abc'[1]`, `'b'`}, {`'한글'[1]`, `'글'`}, {`'abc'[0:2]`, `'ab'`},
		{`'abc'[3:3]`, `''`}, {`'abc'[2:1]`, `error: bounds`}, {`'abc'[0:4]`, `error: bounds`}, {`'abc'[3]`, `error: bounds`}, {`'abc'[-1]`, `error: bounds`},
		{`'AbC'.lower()`, `'abc'`}, {`'AbC'.upper()`, `'ABC'`}, {`' a '.trim()`, `'a'`}, {`'é'.toUtf8()`, `b'\xC3\xA9'`},
		{`'user@domain.com'.matches('.*@domain[.]com')`, `true`}, {`'abc'.matches('b')`, `false`}, {`'a|b'.matches('a|b')`, `false`}, {`'b'.matches('a|b')`, `true`}, {`'a\nb'.matches('a.b')`, `false`},
		{`'a' .matches(1)`, `error: matches`}, {`'a'.matches('(' + 'b')`, `error: regular`}, {`'banana'.replace('a', 'o')`, `'bonono'`}, {`'ab12'.replace('[0-9]+', '#')`, `'ab#'`},
		{`'a/b/c'.split('/')`, `['a', 'b', 'c']`}, {`''.split('/')`, `['']`}, {`'a'.nothing()`, `error: not found`}, {`'a'.keys()`, `error: not found`},
		{`string(1)`, `'1'`}, {`string(1.0)`, `'1.0'`}, {`string(true)`, `'true'`}, {`string(null)`, `'null'`}, {`string([])`, `error: string()`}, {`string(/a/b)`, `'/a/b'`},
		{`'a' in 'abc'`, `error: in`}, {`'a'.size`, `error: undefined`},
	},
	"bytes": {
		{`b'\xFF\xFF'.size()`, `2`}, {`b'€'.size()`, `3`}, {`b'\xFB\xEF\xBE'.toBase64()`, `'----'`}, {`b'\x2A'.toHexString()`, `'2A'`}, {`b'*' == b'\052'`, `true`},
		{`b'a' < b'b'`, `true`}, {`b'a' + b'b'`, `b'ab'`}, {`b'a' == 'a'`, `false`},
	},
	"list": {
		{`[1, 2] == [1, 2]`, `true`}, {`[1, 2] == [2, 1]`, `false`}, {`[1, 2][1]`, `2`}, {`[1][1]`, `error: bounds`}, {`[1]['a']`, `error: []`}, {`[1, 2, 3][1:3]`, `[2, 3]`}, {`[1][0:2]`, `error: bounds`},
		{`2 in [1, 2]`, `true`}, {`2.0 in [1, 2]`, `true`}, {`3 in [1, 2]`, `false`}, {`[1] in [[1]]`, `true`}, {`[1].concat([2, 1])`, `[1, 2, 1]`}, {`[1].concat(2)`, `error: concat`},
		{`['a', 'b'].hasAll(['a'])`, `true`}, {`['a'].hasAll(['a', 'b'])`, `false`}, {`['a'].hasAll([])`, `true`}, {`['a', 'b'].hasAny(['c', 'a'])`, `true`}, {`['a'].hasAny([])`, `false`},
		{`['a', 'b'].hasOnly(['a', 'c'])`, `false`}, {`['a', 'a', 'b'].hasOnly(['a', 'b', 'b', 'c'])`, `true`}, {`['a'].hasOnly(['a', 'b'])`, `true`}, {`['a'].hasOnly('a')`, `error: hasOnly`},
		{`['a', 'b'].join(', ')`, `'a, b'`}, {`[1, true].join('-')`, `'1-true'`}, {`[].join('x')`, `''`}, {`[1, 2, 1].removeAll([1])`, `[2]`}, {`[].size()`, `0`}, {`[1, 1].size()`, `2`},
		{`[1, 1.0, 'a'].toSet()`, `set[1, 'a']`}, {`[1, 2] < [3]`, `error: <`}, {`['a'].hasAll(['a'].toSet())`, `true`},
		{`[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17].hasAny([17.0])`, `true`}, {`[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,[17]].hasAll([[17], 3])`, `true`},
	},
	"set": {
		{`['a', 'b'].toSet() == ['b', 'a'].toSet()`, `true`}, {`['a'].toSet() == ['a']`, `false`}, {`['a', 'b'].toSet().difference(['a', 'c'].toSet())`, `set['b']`},
		{`['a', 'b'].toSet().intersection(['b', 'c'].toSet())`, `set['b']`}, {`['a'].toSet().union(['b', 'a'].toSet()).size()`, `2`}, {`['a', 'b'].toSet().hasAll(['a'])`, `true`},
		{`['a', 'b'].toSet().hasAny(['c'].toSet())`, `false`}, {`['a', 'b'].toSet().hasOnly(['b', 'a'])`, `true`}, {`'a' in ['a'].toSet()`, `true`}, {`['a'].toSet().union(['a'])`, `error: union`},
	},
	"map": {
		{`{'a': 1} == {'a': 1.0}`, `true`}, {`{'a': 1} == {'a': 2}`, `false`}, {`{'a': 1} == {'b': 1}`, `false`}, {`{'a': 1}.a`, `1`}, {`{'a': 1}['a']`, `1`}, {`{'a': 1}.b`, `error: Property b is undefined`},
		{`'a' in {'a': 1}`, `true`}, {`'b' in {'a': 1}`, `false`}, {`1 in {'a': 1}`, `false`}, {`{'b': 1, 'a': 2}.keys()`, `['a', 'b']`}, {`{'b': 1, 'a': 2}.values()`, `[2, 1]`}, {`{'a': 1}.size()`, `1`},
		{`{'a': 1}.get('a', 0)`, `1`}, {`{'a': 1}.get('b', 0)`, `0`}, {`{'a': {'b': 3}}.get(['a', 'b'], 0)`, `3`}, {`{'a': {'b': 3}}.get(['a', 'c'], 0)`, `0`}, {`{'a': 1}.get(['a', 'c'], 0)`, `0`}, {`{}.get(1, 0)`, `error: get`},
		{`{'a': 1}.keys().hasOnly(['a', 'b'])`, `true`}, {`{'a': 1, 'c': 1}.keys().hasOnly(['a', 'b'])`, `false`}, {`{'a': 1}.keys().hasAll(['a', 'b'])`, `false`}, {`{'a': 1}.keys().hasAny(['b', 'a'])`, `true`},
		{`{'a': 1}.keys() == ['a']`, `true`}, {`{'a': 1}.keys()[0]`, `'a'`}, {`{'a': 1}.keys().size()`, `1`}, {`'a' in {'a': 1}.keys()`, `true`}, {`{'a': 1}.keys().toSet()`, `set['a']`}, {`null.a`, `error: Null value error.`},
		{`resource.data.m.inner.y`, `'z'`}, {`resource.data['m']['x']`, `1`}, {`resource.data.size()`, `12`}, {`null.size()`, `error: Null`},
	},
	"map difference": {
		{`{'a': 1}.diff({}).addedKeys()`, `set['a']`}, {`{}.diff({'a': 1}).removedKeys()`, `set['a']`}, {`{'a': 0}.diff({'a': 1, 'b': 4}).changedKeys()`, `set['a']`},
		{`{'a': 0}.diff({'a': 0}).unchangedKeys()`, `set['a']`}, {`{'a': 0, 'c': 0, 'u': 0}.diff({'r': 0, 'c': 1, 'u': 0}).affectedKeys() == ['a', 'r', 'c'].toSet()`, `true`},
		{`{'a': 0}.diff(null)`, `error: Null`}, {`{'a': 0}.diff([])`, `error: diff`}, {`{'a': [1]}.diff({'a': [1.0]}).affectedKeys().size()`, `0`},
	},
	"path": {
		{`/a/b == path('a/b')`, `true`}, {`path('/a/b/')`, `/a/b`}, {`path('')`, `error: not a path`}, {`/a/b[1]`, `'b'`}, {`(/a/b)[2]`, `error: bounds`}, {`/a/$(/b/c)/d`, `/a/b/c/d`}, {`/a/$(1)`, `error: path consists`},
		{`/a/$('b/c')`, `error: slash`}, {`/a/$('')`, `error: empty`}, {`/a/$(null)`, `error: Null`}, {`(/path/$(foo)/$(bar)).bind({'foo': 'x', 'bar': 'y'})`, `/path/x/y`}, {`(/path/$(foo)).bind({})`, `error: Variable not found`},
		{`path('/path/$(foo)/$(bar)').bind({'foo': 'x', 'bar': 'y'})`, `/path/x/y`}, {`path('path/{foo}/b').bind({'foo': 'x', 'other': 1})`, `/path/x/b`}, {`path('/a/$(x)').bind({})`, `error: no value for 'x'`},
		{`path('/a/{x=**}').bind({'x': 'b/c'})`, `/a/b/c`}, {`path('/a/{x=**}').bind({'x': 'b//c'})`, `error: slash`}, {`path('/a/$(x)').bind({'x': 'b/c'})`, `error: slash`}, {`path('/a/$(x)').bind({'x': ''})`, `error: empty`}, {`path('/a/$(x)/d').bind({'x': /b/c})`, `/a/b/c/d`},
		{`path('/a/$(x)').bind({'x': 1})`, `error: path consists`}, {`path('/a/$(x)').bind({'x': null})`, `error: Null`}, {`path('/a/b').bind('x')`, `error: bind`}, {`path('/a/b').bind(null)`, `error: Null`}, {`path('/a/b').bind({})`, `/a/b`},
		{`path('/a/$(x)').bind({'x': 'b'}).x`, `'b'`}, {`path('/a/$(x)').bind({'x': 'b'})['x']`, `'b'`}, {`path('/a/$(x)').bind({'x': 'b'})[1]`, `'b'`}, {`(/a/$(x)).bind({'x': 'b'}).x`, `'b'`}, {`path('/a/$(x)').bind({'x': 'b'}).y`, `error: no binding y`}, {`path('/a/b').x`, `error: no binding x`},
		{`path('/a/$(x)').bind({'x': 'b'}) == /a/b`, `true`}, {`path('/a/$(x)').bind({'x': 'b'}) in [/a/b]`, `true`}, {`path('/a/$(x)') is path`, `true`}, {`path('/a/$(x)')[1]`, `'$(x)'`}, {`path('/a/$()').bind({})`, `/a/$()`},
		{`get(path('/databases/$(db)/documents/things/{id}').bind({'db': database, 'id': 'other'})).data.name`, `'other'`}, {`path(/a/b)`, `error: path()`}, {`path(request.path)`, `error: path()`}, {`path(1)`, `error: path()`}, {`path('a//b')`, `error: not a path`},
		{`/databases/(default)/documents/a/b`, `/databases/(default)/documents/a/b`}, {`resource.__name__`, root + `/things/this`}, {`resource.id`, `'this'`}, {`/a/b < /a/c`, `error: <`},
	},
	"timestamp": {
		{`request.time`, `2026-03-02T09:00:00.123456Z`}, {`timestamp.date(2026, 3, 2)`, `2026-03-02T00:00:00Z`}, {`timestamp.date(2026, 2, 30)`, `error: not a valid date`}, {`timestamp.value(1772442000123)`, `2026-03-02T09:00:00.123Z`},
		{`request.time.date() == timestamp.date(2026, 3, 2)`, `true`}, {`request.time.year()`, `2026`}, {`request.time.month()`, `3`}, {`request.time.day()`, `2`}, {`request.time.dayOfWeek()`, `1`}, {`timestamp.date(2026, 3, 1).dayOfWeek()`, `7`},
		{`request.time.dayOfYear()`, `61`}, {`request.time.hours()`, `9`}, {`request.time.minutes()`, `0`}, {`request.time.seconds()`, `0`}, {`request.time.nanos()`, `123456000`}, {`request.time.toMillis()`, `1772442000123`},
		{`request.time.time()`, `duration(32400.123456000s)`}, {`request.time == resource.data.t`, `true`}, {`request.time < resource.data.t`, `false`}, {`request.time + duration.value(1, 'd')`, `2026-03-03T09:00:00.123456Z`},
		{`duration.value(1, 'h') + request.time`, `2026-03-02T10:00:00.123456Z`}, {`request.time - duration.value(1, 'h')`, `2026-03-02T08:00:00.123456Z`}, {`request.time - timestamp.date(2026, 3, 2)`, `duration(32400.123456000s)`}, {`request.time + 1`, `error: +`},
	},
	"duration": {
		{`duration.value(90, 's').seconds()`, `90`}, {`duration.value(1500, 'ms')`, `duration(1.500000000s)`}, {`duration.value(-1500, 'ms').nanos()`, `-500000000`}, {`duration.value(2, 'w') == duration.value(14, 'd')`, `true`}, {`duration.value(1, 'm') > duration.value(59, 's')`, `true`},
		{`duration.value(5, 'ns').nanos()`, `5`}, {`duration.value(1, 'y')`, `error: unit`}, {`duration.time(1, 2, 3, 4)`, `duration(3723.000000004s)`}, {`duration.abs(duration.value(-5, 's')).seconds()`, `5`}, {`duration.value(1, 's') - duration.value(2, 's')`, `duration(-1.000000000s)`},
		{`duration.value(9223372036854775807, 'w')`, `error: range`}, {`duration.value(1, 's') + duration.value(500, 'ms')`, `duration(1.500000000s)`},
	},
	"latlng": {
		{`latlng.value(37.5, 127)`, `latlng(37.5, 127)`}, {`latlng.value(91, 0)`, `error: out of range`}, {`resource.data.g.latitude()`, `37.5`}, {`resource.data.g.longitude()`, `127.0`}, {`resource.data.g == latlng.value(37.5, 127.0)`, `true`},
		{`math.round(latlng.value(0, 0).distance(latlng.value(0, 1)) / 1000)`, `111`}, {`latlng.value(0, 0).distance(1)`, `error: distance`},
	},
	"math": {
		{`math.abs(-2)`, `2`}, {`math.abs(-2.5)`, `2.5`}, {`math.ceil(4.2)`, `5`}, {`math.floor(4.8)`, `4`}, {`math.round(4.5)`, `5`}, {`math.round(-4.2)`, `-4`}, {`math.round(-4.5)`, `-4`}, {`math.round(0.49999999999999994)`, `0`}, {`math.round(4503599627370497.0)`, `4503599627370497`}, {`math.pow(2, 10)`, `1024.0`}, {`math.sqrt(4)`, `2.0`}, {`math.isNaN(0.0 / 0)`, `true`},
		{`math.isInfinite(1.0 / 0)`, `true`}, {`math.isNaN('a')`, `error: math.isNaN`}, {`math.ceil(1.0 / 0)`, `error: integer`}, {`math.cube(1)`, `error: not found`},
	},
	"hashing": {
		{`hashing.md5('hello').toHexString()`, `'5D41402ABC4B2A76B9719D911017C592'`}, {`hashing.sha256('').toHexString()[0:8]`, `'E3B0C442'`}, {`hashing.crc32('123456789').toHexString()`, `'2639F4CB'`},
		{`hashing.crc32c(b'123456789').toHexString()`, `'839206E3'`}, {`hashing.md5(1)`, `error: hashing.md5`},
	},
	"request": {
		{`request.auth.uid`, `'alice'`}, {`request.auth != null`, `true`}, {`request.auth.token.email`, `'a@example.com'`}, {`request.auth.token.email_verified`, `true`}, {`request.auth.token.level is int`, `true`}, {`request.auth.token.ratio`, `0.5`},
		{`request.auth.token.firebase.sign_in_provider`, `'password'`}, {`request.auth.token.firebase.identities.email[0]`, `'a@example.com'`}, {`request.auth.token.admin`, `error: undefined`}, {`'admin' in request.auth.token`, `false`}, {`request.auth.token.get('admin', false)`, `false`},
		{`request.method`, `'get'`}, {`request.path`, root + `/things/this`}, {`request.resource`, `null`}, {`request.resource.data`, `error: Null`}, {`request.query`, `error: undefined`}, {`thing`, `'this'`}, {`database`, `'(default)'`}, {`nobody`, `error: Variable not found`}, {`nothing()`, `error: Function not found`},
	},
	"documents": {
		{`exists(/databases/$(database)/documents/things/other)`, `true`}, {`exists(/databases/$(database)/documents/things/none)`, `false`}, {`existsAfter(/databases/$(database)/documents/things/new)`, `true`}, {`exists(/databases/$(database)/documents/things/new)`, `false`},
		{`get(/databases/$(database)/documents/things/other).data.name`, `'other'`}, {`getAfter(/databases/$(database)/documents/things/other).data.name`, `'changed'`}, {`get(resource.data.p).id`, `'other'`}, {`get(/databases/$(database)/documents/things/other).__name__`, root + `/things/other`},
		{`get(/databases/$(database)/documents/things/none)`, `error: Service call error`}, {`get(/databases/$(database)/documents/things/none) == null || true`, `true`}, {`exists('a')`, `error: exists`}, {`exists(/databases/$(database)/documents/things)`, `error: not a document path`}, {`exists(/things/other)`, `error: not a document path`},
		{`firestore.get(/a/b)`, `error: not found`},
	},
}

func TestExpressions(t *testing.T) {
	for group, table := range expressions {
		t.Run(group, func(t *testing.T) {
			for _, row := range table {
				got := evalText(t, row[0])
				if message, isError := strings.CutPrefix(row[1], "error: "); isError {
					if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, message) {
						t.Errorf("%s = %s, want an error containing %q", row[0], got, message)
					}
				} else if got != row[1] {
					t.Errorf("%s = %s, want %s", row[0], got, row[1])
				}
			}
		})
	}
}
