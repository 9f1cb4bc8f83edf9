package firestore_test

import (
	"fmt"
	"strings"
)

const invalidArgument = "INVALID_ARGUMENT"

// parityWrites are cases of Commit, CreateDocument, UpdateDocument and DeleteDocument. It is long because it is a
// table.
func parityWrites() parityGroup {
	commit := func(writes string) string { return `POST :commit {"writes":[` + writes + `]}` }
	set := func(path, fields string) string {
		return `{"update":{"name":"$/` + path + `","fields":{` + fields + `}}`
	}
	one := `"a":{"integerValue":"1"}`
	return parityGroup{heading: "Commit, CreateDocument, UpdateDocument, DeleteDocument", cases: []parityCase{
		{name: "get a missing document", steps: []string{"GET /c/none"}, official: "NOT_FOUND"},
		{name: "create", steps: []string{`POST /c?documentId=a {"fields":{` + one + `}}`}, official: "c/a {a: 1}"},
		{name: "create again", steps: []string{`POST /c?documentId=a {}`}, official: "ALREADY_EXISTS"},
		{name: "create without an id", steps: []string{`POST /r {"fields":{` + one + `}}`}, official: "r/(random) {a: 1}"},
		{name: "create with the id `a/b`", steps: []string{`POST /c?documentId=a%2Fb {}`}, official: invalidArgument},
		{name: "create with the id `.`", steps: []string{`POST /c?documentId=. {}`}, official: invalidArgument},
		{name: "create with the id `__x__`", steps: []string{`POST /c?documentId=__x__ {}`}, official: invalidArgument},
		{name: "create with the id `__idx__`", steps: []string{`POST /c?documentId=__idx__ {}`}, official: invalidArgument},
		{name: "create with the id `__id5__`", steps: []string{`POST /c?documentId=__id5__ {}`}, official: "c/__id5__"},
		{name: "create in the collection `__id5__`", steps: []string{`POST /__id5__?documentId=a {}`}, official: invalidArgument},
		{name: "create in the collection `__x__` of a document", steps: []string{`POST /c/a/__x__?documentId=a {}`}, official: invalidArgument},
		{name: "a write in the collection `__id5__`", steps: []string{commit(set("__id5__/a", "") + "}")}, official: invalidArgument},
		{name: "update what must exist and does not", steps: []string{commit(set("c/none", one) + `,"currentDocument":{"exists":true}}`)}, official: "NOT_FOUND"},
		{name: "create what exists", steps: []string{commit(set("c/a", one) + `,"currentDocument":{"exists":false}}`)}, official: "ALREADY_EXISTS"},
		{name: "update another version", steps: []string{commit(set("c/a", one) + `,"currentDocument":{"updateTime":"2001-01-01T00:00:00Z"}}`)}, official: "FAILED_PRECONDITION"},
		{name: "delete what must exist and does not", steps: []string{commit(`{"delete":"$/c/none","currentDocument":{"exists":true}}`)}, official: "NOT_FOUND"},
		{name: "delete what does not exist", steps: []string{commit(`{"delete":"$/c/none"}`)}, official: "committed: no time"},
		{name: "set and delete: a delete has no `updateTime`", steps: []string{commit(set("c/b", one) + `},{"delete":"$/c/b"}`)}, official: "committed: time, no time"},
		{name: "DELETE of a missing document", steps: []string{"DELETE /c/none"}, production: "{}"},
		{name: "set the same fields again: the version stays", do: func(p *parity) string {
			before, _ := p.db().Get("c/a")
			p.request(commit(set("c/a", one) + "}"))
			after, _ := p.db().Get("c/a")
			return fmt.Sprint("the same version: ", after.Updated.Equal(before.Updated))
		}, official: "the same version: true"},
		{name: "a mask of three paths, one of which is not in the document", steps: []string{
			commit(set("c/m", one+`,"b":{"integerValue":"2"},"c":{"mapValue":{"fields":{"x":{"integerValue":"1"},"y":{"integerValue":"2"}}}}`) + "}"),
			commit(set("c/m", `"a":{"integerValue":"10"},"c":{"mapValue":{"fields":{"x":{"integerValue":"5"}}}},"e":{"integerValue":"9"}`) + `,"updateMask":{"fieldPaths":["a","c.x","d"]}}`),
			"GET /c/m",
		}, official: "c/m {a: 10, b: 2, c: {x: 5, y: 2}}"},
		{name: "a mask, and no document", steps: []string{
			commit(set("c/n", one+`,"b":{"mapValue":{"fields":{"x":{"integerValue":"1"}}}}`) + `,"updateMask":{"fieldPaths":["b.x"]}}`), "GET /c/n",
		}, official: "c/n {b: {x: 1}}"},
		{name: "the mask `a..b`", steps: []string{commit(set("c/a", one) + `,"updateMask":{"fieldPaths":["a..b"]}}`)}, official: invalidArgument},
		{name: "the mask `m.__x__`", steps: []string{commit(set("c/a", one) + `,"updateMask":{"fieldPaths":["m.__x__"]}}`)}, production: invalidArgument},
		{name: "the mask `__name__`", steps: []string{commit(set("c/a", one) + `,"updateMask":{"fieldPaths":["__name__"]}}`)}, production: invalidArgument},
		{name: "two writes of a document", steps: []string{commit(set("c/t", one) + "}," + set("c/t", "") + "}")}, official: "committed: time, time"},
		{name: "no writes", steps: []string{"POST :commit {}"}, official: "{}", production: "committed:", why: "`commit_time` is not optional in the protocol"},
		{name: "the id `__x__`", steps: []string{commit(set("c/__x__", one) + "}")}, official: invalidArgument},
		{name: "the id `.`", steps: []string{commit(set("c/.", one) + "}")}, official: invalidArgument},
		{name: "the id `__id5x__`", steps: []string{commit(set("c/__id5x__", one) + "}")}, official: invalidArgument},
		{name: "the field `__x__`", steps: []string{commit(set("c/a", `"__x__":{"integerValue":"1"}`) + "}")}, official: invalidArgument},
		{name: "an array in an array", steps: []string{commit(set("c/a", `"a":{"arrayValue":{"values":[{"arrayValue":{}}]}}`) + "}")}, official: invalidArgument},
		{name: "a document of another database", steps: []string{`POST :commit {"writes":[{"delete":"projects/other/databases/(default)/documents/c/a"}]}`}, production: invalidArgument},
	}}
}

// parityTransforms are cases of field transforms.
func parityTransforms() parityGroup {
	transform := func(list string) string {
		return `POST :commit {"writes":[{"update":{"name":"$/c/d","fields":{}},"updateMask":{},"updateTransforms":[` + list + `]}]}`
	}
	by := func(field, kind, value string) string {
		return `{"fieldPath":"` + field + `","` + kind + `":` + value + `}`
	}
	return parityGroup{heading: "Field transforms", seed: map[string]map[string]any{
		"c/d": {"i": 5, "d": 1.5, "text": "x", "big": int64(1<<63 - 1), "small": int64(-1 << 63), "list": []any{1, "a"}, "n": 1, "lo": 3},
	}, cases: []parityCase{
		{name: "the server's time", steps: []string{transform(by("at", "setToServerValue", `"REQUEST_TIME"`) + "," + by("m.at", "setToServerValue", `"REQUEST_TIME"`))},
			official: "committed: time [time (ms), time (ms)]"},
		{name: "increments of 5, 1.5, a string and nothing", steps: []string{transform(strings.Join([]string{
			by("i", "increment", `{"integerValue":"3"}`), by("d", "increment", `{"integerValue":"2"}`),
			by("text", "increment", `{"integerValue":"7"}`), by("none", "increment", `{"doubleValue":0.5}`)}, ","))},
			official: "committed: time [8, 3.5, 7, 0.5]"},
		{name: "increments saturate", steps: []string{transform(by("big", "increment", `{"integerValue":"1"}`) + "," + by("small", "increment", `{"integerValue":"-1"}`))},
			official: "committed: time [9223372036854775807, -9223372036854775808]"},
		{name: "an integer by a double", steps: []string{transform(by("i", "increment", `{"doubleValue":2.5}`))}, official: "committed: time [10.5]"},
		{name: "maximum of 1 and 1.0, and of 1 and NaN", steps: []string{transform(by("n", "maximum", `{"doubleValue":1.0}`) + "," + by("n", "maximum", `{"doubleValue":"NaN"}`))},
			official: "committed: time [1, NaN]"},
		{name: "minimum of 3 and 2.5, of a string and 1", steps: []string{transform(by("lo", "minimum", `{"doubleValue":2.5}`) + "," + by("list", "minimum", `{"integerValue":"1"}`))},
			official: "committed: time [2.5, 1]"},
		{name: "the server's time as `__x__`", steps: []string{transform(by("__x__", "setToServerValue", `"REQUEST_TIME"`))}, production: invalidArgument},
		{name: "append what is missing: 1.0 equals 1", steps: []string{
			`POST :commit {"writes":[{"update":{"name":"$/c/e","fields":{"list":{"arrayValue":{"values":[{"integerValue":"1"}]}}}},"updateTransforms":[` +
				by("list", "appendMissingElements", `{"values":[{"doubleValue":1.0},{"stringValue":"b"},{"stringValue":"b"},{"nullValue":null}]}`) + `]}]}`, "GET /c/e",
		}, official: `c/e {list: [1, "b", null]}`},
		{name: "append NaN twice", steps: []string{
			`POST :commit {"writes":[{"update":{"name":"$/c/f","fields":{}},"updateTransforms":[` +
				by("list", "appendMissingElements", `{"values":[{"doubleValue":"NaN"},{"doubleValue":"NaN"}]}`) + `]}]}`, "GET /c/f",
		}, official: "c/f {list: [NaN]}"},
	}}
}

// parityLimits are cases of the limits of documents.
func parityLimits() parityGroup {
	const most = 1<<20 - 89
	set := func(fields string) []string {
		return []string{`POST :commit {"writes":[{"update":{"name":"$/c/x","fields":{` + fields + `}}}]}`}
	}
	text := func(n int) string { return `{"stringValue":"` + strings.Repeat("x", n) + `"}` }
	array := func(v string) string { return `{"arrayValue":{"values":[` + v + `]}}` }
	object := func(name, v string) string { return `{"mapValue":{"fields":{"` + name + `":` + v + `}}}` }
	name := func(n int) string { return strings.Repeat("k", n) }
	const one, ok = `{"integerValue":"1"}`, "OK"
	levels := func(n int) string {
		v := one
		for range n {
			v = object("m", v)
		}
		return v
	}
	vector := func(v string) string {
		return `"v":{"mapValue":{"fields":{"__type__":{"stringValue":"__vector__"},"value":` + array(v) + `}}}`
	}
	dimensions := func(n int) string { return strings.TrimSuffix(strings.Repeat(`{"doubleValue":1},`, n), ",") }
	return parityGroup{heading: "Limits and values of documents", statusOnly: true, cases: []parityCase{
		{name: "a string of 1,048,487 bytes", steps: set(`"s":` + text(most)), official: ok},
		{name: "of 1,048,488 bytes", steps: set(`"s":` + text(most+1)), official: invalidArgument},
		{name: "349,495 times `€`", steps: set(`"s":{"stringValue":"` + strings.Repeat("€", most/3) + `"}`), official: ok},
		{name: "349,496 times `€`", steps: set(`"s":{"stringValue":"` + strings.Repeat("€", most/3+1) + `"}`), official: invalidArgument},
		{name: "1,048,488 bytes in an array", steps: set(`"a":` + array(text(most+1))), official: invalidArgument},
		{name: "1,048,488 bytes in a map", steps: set(`"m":` + object("s", text(most+1))), official: invalidArgument},
		{name: "1,048,488 bytes in a map in an array", steps: set(`"a":` + array(object("s", text(most+1)))), official: invalidArgument},
		{name: "two strings of 600,000 bytes", steps: set(`"a":` + text(600_000) + `,"b":` + text(600_000)), official: invalidArgument},
		{name: "a field name of 1,500 bytes", steps: set(`"` + name(1500) + `":` + one), official: ok},
		{name: "of 1,501 bytes", steps: set(`"` + name(1501) + `":` + one), official: invalidArgument},
		{name: "a path m.n.k of 1,500 bytes", steps: set(`"m":` + object("n", object(name(1496), one))), official: ok},
		{name: "of 1,501 bytes", steps: set(`"m":` + object("n", object(name(1497), one))), official: invalidArgument},
		{name: "a map in an array, 1,500 bytes with the array's name", steps: set(`"long":` + array(object(name(1495), one))), official: invalidArgument,
			here: ok, why: "the path counts the array's name; Google's emulator counts `array` instead"},
		{name: "a collection's id of 1,501 bytes", steps: []string{`POST /` + name(1501) + `?documentId=a {}`}, official: invalidArgument},
		{name: "20 maps in each other", steps: set(`"f":` + levels(20)), official: ok},
		{name: "21 maps in each other", steps: set(`"f":` + levels(21)), official: invalidArgument},
		{name: "a vector of 2,048 doubles", steps: set(vector(dimensions(2048))), official: ok},
		{name: "of 2,049", steps: set(vector(dimensions(2049))), official: invalidArgument},
		{name: "of none", steps: set(vector("")), official: invalidArgument},
		{name: "a vector of integers", steps: set(vector(one)), official: invalidArgument},
		{name: "a vector with NaN", steps: set(vector(`{"doubleValue":"NaN"}`)), official: invalidArgument},
		{name: "a vector in an array", steps: set(`"a":` + array(`{"mapValue":{"fields":{"__type__":{"stringValue":"__vector__"},"value":`+array(dimensions(1))+`}}}`)), official: ok},
		{name: "a `__type__` that is not a vector's", steps: set(`"v":` + object("__type__", `{"stringValue":"other"}`)), official: invalidArgument},
		{name: "a `__type__` that is not a string", steps: set(`"v":` + object("__type__", one)), official: invalidArgument},
		{name: "the field `__x__` of a map", steps: set(`"m":` + object("__x__", one)), official: invalidArgument},
	}}
}

// parityVerify are cases of verifies, which web SDKs send in transactions for what they only read.
func parityVerify() parityGroup {
	commit := func(writes string) []string { return []string{`POST :commit {"writes":[` + writes + `]}`} }
	const exists, absent = `,"currentDocument":{"exists":true}}`, `,"currentDocument":{"exists":false}}`
	return parityGroup{heading: "Commit: verify", statusOnly: true, seed: map[string]map[string]any{"c/a": {"n": 1}, "c/b": {"n": 1}}, cases: []parityCase{
		{name: "a document that exists", steps: commit(`{"verify":"$/c/a"` + exists), official: "OK"},
		{name: "that a missing one exists", steps: commit(`{"verify":"$/c/m"` + exists), official: "NOT_FOUND"},
		{name: "that a missing one is missing", steps: commit(`{"verify":"$/c/m"` + absent), official: "OK"},
		{name: "no precondition", steps: commit(`{"verify":"$/c/a"}`), official: invalidArgument},
		{name: "a mask", steps: commit(`{"verify":"$/c/a","updateMask":{"fieldPaths":["x"]}` + exists), official: invalidArgument},
		{name: "verify, then write", steps: commit(`{"verify":"$/c/a"` + exists + `,{"update":{"name":"$/c/a"}}`), official: invalidArgument},
		{name: "write, then verify", steps: commit(`{"update":{"name":"$/c/a"}},{"verify":"$/c/a"` + exists), official: invalidArgument},
		{name: "delete, then verify", steps: commit(`{"delete":"$/c/a"},{"verify":"$/c/a"` + exists), official: invalidArgument},
		{name: "verify twice", steps: commit(`{"verify":"$/c/a"` + exists + `,{"verify":"$/c/a"` + exists), official: invalidArgument},
		{name: "verify two documents", steps: commit(`{"verify":"$/c/a"` + exists + `,{"verify":"$/c/b"` + exists), official: "OK"},
		{name: "a verify that fails, and a write", steps: append(commit(`{"verify":"$/c/m"`+exists+`,{"update":{"name":"$/c/x"}}`), "GET /c/x"), official: "NOT_FOUND"},
	}}
}

const everythingAllowed = `rules_version = '2';
service cloud.firestore { match /databases/{db}/documents { match /{document=**} { allow read, write; } } }`

// parityBatchWrite are cases of BatchWrite, under rules that allow everything.
func parityBatchWrite() parityGroup {
	batch := func(writes string) string { return `POST :batchWrite {"writes":[` + writes + `]}` }
	const user = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.: "
	return parityGroup{heading: "BatchWrite", rules: everythingAllowed, seed: map[string]map[string]any{"c/e": {"n": 1}}, cases: []parityCase{
		{name: "a set, an update of nothing, a create of what exists, a delete", steps: []string{batch(
			`{"update":{"name":"$/c/new"}},{"update":{"name":"$/c/m"},"currentDocument":{"exists":true}},{"update":{"name":"$/c/e"},"currentDocument":{"exists":false}},{"delete":"$/c/o"}`)},
			production: "time, code 5, code 6, no time"},
		{name: "a set and a delete", steps: []string{batch(`{"update":{"name":"$/c/bw"}},{"delete":"$/c/zz"}`)}, official: "time, no time"},
		{name: "a document twice", steps: []string{batch(`{"delete":"$/c/a"},{"delete":"$/c/a"}`)}, official: invalidArgument},
		{name: "an invalid write fails all", steps: []string{batch(`{"update":{"name":"$/c/ok"}},{"update":{"name":"$/c/r","fields":{"__x__":{"integerValue":"1"}}}}`), "GET /c/ok"}, official: "NOT_FOUND"},
		{name: "by nobody", steps: []string{"nobody: " + batch(`{"update":{"name":"$/c/n"}}`)}, official: "PERMISSION_DENIED"},
		{name: "by a user", steps: []string{user + batch(`{"update":{"name":"$/c/n"}}`)}, official: "PERMISSION_DENIED"},
		{name: "and nothing is written", steps: []string{"GET /c/n"}, official: "NOT_FOUND"},
		{name: "with an invalid token", steps: []string{"Bearer garbage: " + batch(`{"update":{"name":"$/c/n"}}`)}, official: invalidArgument, production: "UNAUTHENTICATED", why: "as Google's APIs answer an invalid token"},
		{name: "verifies", do: func(p *parity) string {
			answer := p.request(batch(`{"verify":"$/c/e","currentDocument":{"exists":true}},{"verify":"$/c/m","currentDocument":{"exists":true}}`))
			return strings.Replace(answer, "time", "code 0", 1)
		}, official: "code 0, code 5"},
	}}
}
