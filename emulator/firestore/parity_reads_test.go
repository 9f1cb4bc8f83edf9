package firestore_test

import (
	"fmt"
	"strings"
)

// parityGets are cases of GetDocument and BatchGetDocuments.
func parityGets() parityGroup {
	return parityGroup{heading: "GetDocument, BatchGetDocuments", seed: map[string]map[string]any{
		"c/a": {"n": 1, "b": map[string]any{"x": 1, "y": 2}}, "c/b": {"n": 2},
	}, cases: []parityCase{
		{name: "a mask", steps: []string{"GET /c/a?mask.fieldPaths=b.x&mask.fieldPaths=none"}, official: "c/a {b: {x: 1}}"},
		{name: "an invalid mask", steps: []string{"GET /c/a?mask.fieldPaths=a..b"}, production: invalidArgument},
		{name: "the mask `__x__`", steps: []string{"GET /c/a?mask.fieldPaths=__x__"}, production: invalidArgument},
		{name: "the mask `__name__`: no fields", steps: []string{"GET /c/a?mask.fieldPaths=__name__"}, production: "c/a"},
		{name: "several documents, in the order of the request", steps: []string{`POST :batchGet {"documents":["$/c/b","$/c/none","$/c/a"]}`}, official: "c/b missing:c/none c/a"},
		{name: "no documents", steps: []string{`POST :batchGet {"documents":[]}`}, official: "{}"},
		{name: "in a new transaction", steps: []string{`POST :batchGet {"documents":["$/c/b"],"newTransaction":{"readOnly":{}}}`}, official: "transaction c/b"},
		{name: "the name of a collection", steps: []string{`POST :batchGet {"documents":["$/c"]}`}, production: invalidArgument},
		{name: "`readTime` before the document", steps: []string{"GET /c/a?readTime=2001-01-01T00:00:00Z"}, official: invalidArgument,
			production: "FAILED_PRECONDITION", why: "it is before the hour that is kept; Google's emulator rejects every `readTime` over REST"},
		{name: "`readTime` in the future", steps: []string{"GET /c/a?readTime=2999-01-01T00:00:00Z"}, official: invalidArgument},
	}}
}

// parityLists are cases of ListDocuments and ListCollectionIds, under rules that allow everything.
func parityLists() parityGroup {
	n := map[string]any{"n": 1, "m": 1}
	return parityGroup{heading: "ListDocuments, ListCollectionIds", rules: everythingAllowed, seed: map[string]map[string]any{
		"c/a": n, "d/b": n, "c/b": n, "a/z": n, "B/x": n, "c/m/sub/x": n, "e/q/sub/y": n, "c/a/s/1": n, "c/a/t/2": n,
	}, cases: []parityCase{
		{name: "a collection", steps: []string{"GET /c"}, official: "c/a c/b"},
		{name: "a page", steps: []string{"GET /c?pageSize=1"}, official: "c/a …"},
		{name: "all collections of the root", steps: []string{"GET /"}, official: "B/x a/z c/a c/b d/b"},
		{name: "all collections of a document", steps: []string{"GET /c/a/"}, official: "c/a/s/1 c/a/t/2"},
		{name: "all collections of a missing document", steps: []string{"GET /c/m/"}, official: "c/m/sub/x"},
		{name: "a page of all collections", steps: []string{"GET /?pageSize=2"}, official: "B/x a/z …"},
		{name: "its next page", do: func(p *parity) string {
			var page struct{ NextPageToken string }
			unmarshal(p.t, p.send1("GET /?pageSize=2").body, &page)
			return p.request("GET /?pageSize=2&pageToken=" + page.NextPageToken)
		}, official: "c/a c/b …"},
		{name: "all collections, with a mask", steps: []string{"GET /?mask.fieldPaths=n"}, official: "B/x a/z c/a c/b d/b"},
		{name: "all collections, by nobody", steps: []string{"nobody: GET /"}, official: "B/x a/z c/a c/b d/b", here: "PERMISSION_DENIED",
			why: "a query of all collections is a server's; rules cannot be evaluated for one"},
		{name: "all collections by name", steps: []string{"GET /?orderBy=__name__"}, official: "B/x a/z c/a c/b d/b"},
		{name: "by name, descending", steps: []string{"GET /?orderBy=__name__+desc"}, official: "FAILED_PRECONDITION", here: invalidArgument,
			why: "as with any other order of all collections"},
		{name: "by a field", steps: []string{"GET /?orderBy=n"}, official: invalidArgument},
		{name: "all collections, with missing documents", steps: []string{"GET /?showMissing=true"}, official: invalidArgument},
		{name: "a collection with missing documents", steps: []string{"GET /c?showMissing=true"}, official: "c/a c/b c/m"},
		{name: "with missing documents, by nobody", steps: []string{"nobody: GET /c?showMissing=true"}, official: "PERMISSION_DENIED"},
		{name: "with missing documents and an order", steps: []string{"GET /c?showMissing=true&orderBy=n"}, production: invalidArgument},
		{name: "a negative page size", steps: []string{"GET /c?pageSize=-1"}, official: invalidArgument},
		{name: "a collection by name, descending", steps: []string{"GET /c?orderBy=__name__+desc"}, official: "FAILED_PRECONDITION", production: "c/b c/a",
			why: "production has indexes by name"},
		{name: "documents/c/", steps: []string{"GET /c/"}, official: invalidArgument},
		{name: "documents/c/a/s/", steps: []string{"GET /c/a/s/"}, official: invalidArgument},
		{name: "documents//", steps: []string{"GET //"}, official: invalidArgument},
		{name: "documents/c//", steps: []string{"GET /c//"}, official: invalidArgument},
		{name: "documents/c/a//s", steps: []string{"GET /c/a//s"}, official: invalidArgument},
		{name: "ids of the root", steps: []string{"POST :listCollectionIds {}"}, official: "B a c d e"},
		{name: "ids below a document", steps: []string{"POST /c/a:listCollectionIds {}"}, official: "s t"},
		{name: "a page of ids", steps: []string{`POST :listCollectionIds {"pageSize":1}`}, official: "B …"},
		{name: "ids, by nobody", steps: []string{"nobody: POST :listCollectionIds {}"}, official: "PERMISSION_DENIED"},
		{name: "a page token that is none", steps: []string{"GET /c?pageToken=Z2FyYmFnZQ"}, production: invalidArgument},
		{name: "a page token that is not base64", steps: []string{"GET /c?pageToken=!"}, production: invalidArgument},
		{name: "a page token of ids that is none", steps: []string{`POST /c/a:listCollectionIds {"pageToken":"AAE"}`}, production: invalidArgument},
	}}
}

// parityQueries are cases of RunQuery. It is long because it is a table.
func parityQueries() parityGroup {
	query := func(from, rest string) []string {
		return []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"` + from + `"}]` + rest + `}}`}
	}
	v := func(rest string) []string { return query("t", rest) }
	where := func(field, op, value string) string {
		return fmt.Sprintf(`{"fieldFilter":{"field":{"fieldPath":%q},"op":%q,"value":%s}}`, field, op, value)
	}
	filter := func(op, value string) []string { return v(`,"where":` + where("v", op, value)) }
	unary := func(op string) []string {
		return v(`,"where":{"unaryFilter":{"field":{"fieldPath":"v"},"op":"` + op + `"}}`)
	}
	values := func(list ...string) string { return `{"arrayValue":{"values":[` + strings.Join(list, ",") + `]}}` }
	order := func(path, direction string) string {
		return fmt.Sprintf(`,"orderBy":[{"field":{"fieldPath":%q},"direction":%q}]`, path, direction)
	}
	all := func(rest string) []string {
		return []string{`POST :runQuery {"structuredQuery":{"from":[{` + rest + `}]}}`}
	}
	const null, nan, one, a = `{"nullValue":null}`, `{"doubleValue":"NaN"}`, `{"integerValue":"1"}`, `{"stringValue":"a"}`
	t := map[string]map[string]any{"x/y/sub/z": {"w": 1}}
	for id, v := range map[string]any{
		"null": nil, "false": false, "nan": nanValue(), "one": 1, "onef": 1.0, "two": 2, "a": "a", "b": "b",
		"arr1": []any{1}, "arrnull": []any{nil}, "arrnan": []any{nanValue()}, "map": map[string]any{"a": 1},
	} {
		t["t/"+id] = map[string]any{"v": v}
	}
	t["t/nov"] = map[string]any{"u": 1}
	return parityGroup{heading: "RunQuery", seed: t, cases: []parityCase{
		{name: "ordered by `v`", steps: v(order("v", "ASCENDING")), official: "t/null t/false t/nan t/one t/onef t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map"},
		{name: "`v == 1`", steps: filter("EQUAL", one), official: "t/one t/onef"},
		{name: "`v == null`, not by IS_NULL", steps: filter("EQUAL", null), official: "{}"},
		{name: "`v == NaN`, not by IS_NAN", steps: filter("EQUAL", nan), official: "{}"},
		{name: "`v != 1`", steps: filter("NOT_EQUAL", one), official: "t/false t/nan t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map"},
		{name: "`v != null`, not by IS_NOT_NULL", steps: filter("NOT_EQUAL", null), official: "{}"},
		{name: "`v != NaN`, not by IS_NOT_NAN", steps: filter("NOT_EQUAL", nan), official: "t/false t/nan t/one t/onef t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map",
			here: "t/false t/one t/onef t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map", why: "as `not-in [NaN]` in production"},
		{name: "IS_NOT_NULL", steps: unary("IS_NOT_NULL"), production: "t/false t/nan t/one t/onef t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map"},
		{name: "IS_NOT_NAN", steps: unary("IS_NOT_NAN"), production: "t/false t/one t/onef t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map"},
		{name: "`v < 2`", steps: filter("LESS_THAN", `{"integerValue":"2"}`), official: "t/one t/onef"},
		{name: "`v >= 'a'`", steps: filter("GREATER_THAN_OR_EQUAL", a), production: "t/a t/b"},
		{name: "`v in [1, 'a']`", steps: filter("IN", values(one, a)), production: "t/a t/one t/onef"},
		{name: "`v in [1, null]`", steps: filter("IN", values(one, null)), official: "t/one t/onef"},
		{name: "`v in [1, NaN]`", steps: filter("IN", values(one, nan)), official: "t/one t/onef"},
		{name: "`v not-in [1, null]`", steps: filter("NOT_IN", values(one, null)), official: "{}"},
		{name: "`v not-in [1, NaN]`: NaN is listed, and found", steps: filter("NOT_IN", values(one, nan)), official: "t/false t/nan t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map",
			production: "t/false t/two t/a t/b t/arrnull t/arrnan t/arr1 t/map", why: "a test of Firebase's JavaScript SDK, `can use NOT_IN filters`, runs against production"},
		{name: "`v array-contains 1`", steps: filter("ARRAY_CONTAINS", one), production: "t/arr1"},
		{name: "`v array-contains null`", steps: filter("ARRAY_CONTAINS", null), official: "{}"},
		{name: "`v array-contains NaN`", steps: filter("ARRAY_CONTAINS", nan), official: "{}"},
		{name: "`v array-contains-any [1, null]`", steps: filter("ARRAY_CONTAINS_ANY", values(one, null)), official: "t/arr1"},
		{name: "IS_NULL", steps: unary("IS_NULL"), production: "t/null"},
		{name: "IS_NAN", steps: unary("IS_NAN"), production: "t/nan"},
		{name: "an offset", steps: v(order("v", "ASCENDING") + `,"offset":2,"limit":2`), official: "(2 skipped) t/nan t/one"},
		{name: "an offset beyond the results", steps: query("x", `,"offset":50`), production: "{}"},
		{name: "a limit of 0", steps: v(`,"limit":0`), production: "{}"},
		{name: "no fields selected", steps: v(`,"limit":1,"select":{"fields":[]}`), official: "t/a"},
		{name: "a field that is not there selected", steps: v(`,"limit":1,"select":{"fields":[{"fieldPath":"none"}]}`), production: "t/a"},
		{name: "an empty collection", steps: query("none", ""), official: "{}"},
		{name: "start at 2", steps: v(order("v", "ASCENDING") + `,"startAt":{"values":[{"integerValue":"2"}],"before":true},"endAt":{"values":[{"stringValue":"b"}],"before":true}`), official: "t/two t/a"},
		{name: "a cursor by an implicit order", steps: v(order("v", "ASCENDING") + `,"startAt":{"values":[` + one + `,{"referenceValue":"$/t/one"}]},"limit":2`),
			official: invalidArgument},
		{name: "by name, descending", steps: query("t", order("__name__", "DESCENDING")+`,"limit":1`), official: "FAILED_PRECONDITION", production: "t/two", why: "production has such indexes"},
		{name: "every collection: `from: [{}]`", steps: all(""), official: "t/a t/arr1 t/arrnan t/arrnull t/b t/false t/map t/nan t/nov t/null t/one t/onef t/two"},
		{name: "every descendant", steps: all(`"allDescendants":true`), official: "t/a t/arr1 t/arrnan t/arrnull t/b t/false t/map t/nan t/nov t/null t/one t/onef t/two x/y/sub/z"},
		{name: "every collection of a document", steps: []string{`POST /x/y:runQuery {"structuredQuery":{"from":[{}]}}`}, official: "x/y/sub/z"},
		{name: "`explainOptions`", steps: []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"x"}]},"explainOptions":{"analyze":true}}`}, official: "{}"},
		{name: "in a new transaction", steps: []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"x"}]},"newTransaction":{"readWrite":{}}}`}, official: "transaction"},
	}}
}

// parityQueryErrors are queries that are rejected.
func parityQueryErrors() parityGroup {
	query := func(rest string) []string {
		return []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"p"}]` + rest + `}}`}
	}
	field := func(path, op, value string) string {
		return fmt.Sprintf(`{"fieldFilter":{"field":{"fieldPath":%q},"op":%q,"value":%s}}`, path, op, value)
	}
	unary := func(path, op string) string {
		return fmt.Sprintf(`{"unaryFilter":{"field":{"fieldPath":%q},"op":%q}}`, path, op)
	}
	where := func(op string, list ...string) []string {
		return query(`,"where":{"compositeFilter":{"op":"` + op + `","filters":[` + strings.Join(list, ",") + `]}}`)
	}
	ints := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`{"integerValue":"%d"}`, i)
		}
		return `{"arrayValue":{"values":[` + strings.Join(list, ",") + `]}}`
	}
	const one = `{"integerValue":"1"}`
	notEqual, notIn := field("b", "NOT_EQUAL", one), field("a", "NOT_IN", ints(1))
	every := []string{`POST :runQuery {"structuredQuery":{"from":[{}],"orderBy":[{"field":{"fieldPath":"a"}}]}}`}
	return parityGroup{heading: "RunQuery: what is rejected", cases: []parityCase{
		{name: "the path `a..b`", steps: query(`,"where":` + field("a..b", "EQUAL", one)), official: invalidArgument},
		{name: "an order by `a..b`", steps: query(`,"orderBy":[{"field":{"fieldPath":"a..b"}}]`), official: invalidArgument},
		{name: "the path `__x__`", steps: query(`,"where":` + field("__x__", "EQUAL", one)), production: invalidArgument},
		{name: "an order by `m.__x__`", steps: query(`,"orderBy":[{"field":{"fieldPath":"m.__x__"}}]`), production: invalidArgument},
		{name: "`__x__` selected", steps: query(`,"select":{"fields":[{"fieldPath":"__x__"}]}`), production: invalidArgument},
		{name: "a negative limit", steps: query(`,"limit":-1`), official: invalidArgument},
		{name: "two collections", steps: []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"p"},{"collectionId":"t"}]}}`}, official: invalidArgument},
		{name: "every collection, filtered by a field", steps: []string{`POST :runQuery {"structuredQuery":{"from":[{}],"where":` + field("a", "EQUAL", one) + `}}`}, official: invalidArgument},
		{name: "every collection, ordered by a field", steps: every, official: invalidArgument},
		{name: "`in` with 31 values", steps: query(`,"where":` + field("a", "IN", ints(31))), official: invalidArgument},
		{name: "`array-contains-any` with 31 values", steps: query(`,"where":` + field("a", "ARRAY_CONTAINS_ANY", ints(31))), official: invalidArgument},
		{name: "31 alternatives", steps: where("OR", strings.Split(strings.TrimSuffix(strings.Repeat(field("a", "EQUAL", one)+"\n", 31), "\n"), "\n")...), official: invalidArgument},
		{name: "32 alternatives, by two `in`", steps: where("AND", field("a", "IN", ints(16)), field("b", "IN", ints(2))), official: invalidArgument},
		{name: "`not-in` and `!=`", steps: where("AND", notIn, notEqual), official: invalidArgument},
		{name: "two `not-in`", steps: where("AND", notIn, field("b", "NOT_IN", ints(1))), production: invalidArgument},
		{name: "two `!=`", steps: where("AND", notEqual, field("a", "NOT_EQUAL", one)), production: invalidArgument},
		{name: "IS_NOT_NULL and IS_NOT_NAN", steps: where("AND", unary("a", "IS_NOT_NULL"), unary("b", "IS_NOT_NAN")), official: invalidArgument},
		{name: "IS_NOT_NULL and `!=`", steps: where("AND", unary("a", "IS_NOT_NULL"), notEqual), official: invalidArgument},
		{name: "IS_NOT_NAN and `not-in`", steps: where("AND", unary("b", "IS_NOT_NAN"), notIn), official: invalidArgument},
		{name: "two `array-contains`", steps: where("AND", field("a", "ARRAY_CONTAINS", one), field("a", "ARRAY_CONTAINS", `{"integerValue":"2"}`)),
			official: "FAILED_PRECONDITION", production: invalidArgument, why: "a test of Firebase's JavaScript SDK against production has the text"},
		{name: "IS_NAN of `__name__`", steps: query(`,"where":` + unary("__name__", "IS_NAN")), official: invalidArgument},
		{name: "`__name__` contains a document", steps: query(`,"where":` + field("__name__", "ARRAY_CONTAINS", `{"referenceValue":"$/p/a"}`)), official: invalidArgument},
		{name: "`__name__ not-in ['p1']`", steps: query(`,"where":` + field("__name__", "NOT_IN", `{"arrayValue":{"values":[{"stringValue":"p1"}]}}`)), official: invalidArgument},
		{name: "`__name__` before a collection", steps: query(`,"where":` + field("__name__", "LESS_THAN", `{"referenceValue":"$/p"}`)), official: invalidArgument},
	}}
}

// parityAggregations are cases of RunAggregationQuery.
func parityAggregations() parityGroup {
	run := func(collection, rest, aggregations string) []string {
		return []string{`POST :runAggregationQuery {"structuredAggregationQuery":{"structuredQuery":{"from":[{"collectionId":"` + collection + `"}]` + rest + `},"aggregations":[` + aggregations + `]}}`}
	}
	by := func(kind, path, alias string) string {
		return fmt.Sprintf(`{"alias":%q,%q:{"field":{"fieldPath":%q}}}`, alias, kind, path)
	}
	const count = `{"alias":"n","count":{}}`
	three := count + "," + by("sum", "v", "sum") + "," + by("avg", "v", "avg")
	two := count + "," + by("sum", "v", "sum")
	seed := map[string]map[string]any{"mixed/missing": {"w": 1}}
	for collection, docs := range map[string]map[string]any{
		"mixed": {"i1": 1, "i2": 2, "half": 0.5, "str": "x", "null": nil, "true": true, "arr": []any{1}, "map": map[string]any{"a": 1}},
		"ints":  {"a": 1, "b": 2, "c": 3}, "over": {"a": int64(1<<63 - 1), "b": 1}, "back": {"a": int64(1<<63 - 1), "b": 1, "c": -1},
		"under": {"a": int64(-1 << 63), "b": -1}, "nan": {"a": 1, "b": nanValue()}, "tenths": {"a": 0.1, "b": 0.2}, "strings": {"a": "x"},
		"big": {"a": 9007199254740993, "b": 9007199254740993},
	} {
		for id, v := range docs {
			seed[collection+"/"+id] = map[string]any{"v": v, "w": 1}
		}
	}
	return parityGroup{heading: "RunAggregationQuery", seed: seed, cases: []parityCase{
		{name: "of numbers and other values", steps: run("mixed", "", three), official: "{avg: 1.16667, n: 8, sum: 3.5}"},
		{name: "of integers", steps: run("ints", "", three), official: "{avg: 2.0, n: 3, sum: 6}"},
		{name: "more than the largest integer", steps: run("over", "", three), official: "{avg: 4.61169e+18, n: 2, sum: 9.22337e+18}"},
		{name: "more, and back", steps: run("back", "", two), official: "{n: 3, sum: 9223372036854775807}"},
		{name: "less than the smallest", steps: run("under", "", two), official: "{n: 2, sum: -9.22337e+18}"},
		{name: "twice 2⁵³+1", steps: run("big", "", two), official: "{n: 2, sum: 18014398509481986}"},
		{name: "with NaN", steps: run("nan", "", three), official: "{avg: NaN, n: 2, sum: NaN}"},
		{name: "of 0.1 and 0.2", steps: run("tenths", "", two), official: "{n: 2, sum: 0.3}"},
		{name: "of nothing", steps: run("ints", "", by("sum", "none", "sum")+","+by("avg", "none", "avg")), official: "{avg: null, sum: 0}"},
		{name: "count beside a sum leaves out documents without the field", steps: run("mixed", "", two), official: "{n: 8, sum: 3.5}"},
		{name: "and so does a limit of 6", steps: run("mixed", `,"limit":6`, two), official: "{n: 6, sum: 3.5}"},
		{name: "an offset of 5, a limit of 1", steps: run("mixed", `,"offset":5,"limit":1`, two), official: "{n: 1, sum: 0}"},
		{name: "a count up to 1", steps: run("ints", "", `{"alias":"n","count":{"upTo":"1"}}`), official: "{n: 1}"},
		{name: "without aliases", steps: run("ints", "", `{"count":{}},{"sum":{"field":{"fieldPath":"v"}}}`), official: "{field_1: 3, field_2: 6}"},
		{name: "the alias `field_1`, and one without", steps: run("ints", "", `{"alias":"field_1","count":{}},{"count":{}}`), official: invalidArgument},
		{name: "an alias twice", steps: run("ints", "", count+","+count), official: invalidArgument},
		{name: "the alias `a.b`", steps: run("ints", "", `{"alias":"a.b","count":{}}`), official: "{a.b: 3}"},
		{name: "the alias `__x__`", steps: run("ints", "", `{"alias":"__x__","count":{}}`), official: invalidArgument},
		{name: "six aggregations", steps: run("ints", "", strings.TrimSuffix(strings.Repeat(`{"count":{}},`, 6), ",")), official: invalidArgument},
		{name: "no aggregation", steps: run("ints", "", ""), official: invalidArgument},
		{name: "no operator", steps: run("ints", "", `{"alias":"x"}`), official: invalidArgument},
		{name: "the sum of `__name__`", steps: run("ints", "", by("sum", "__name__", "s")), official: invalidArgument},
		{name: "the sum of `a..b`", steps: run("ints", "", by("sum", "a..b", "s")), official: invalidArgument},
		{name: "the sum of `__x__`", steps: run("ints", "", by("sum", "__x__", "s")), production: invalidArgument},
		{name: "a negative limit", steps: run("ints", `,"limit":-1`, count), official: invalidArgument},
	}}
}

// parityNearest are cases of find_nearest.
func parityNearest() parityGroup {
	vector := func(list ...string) string {
		return `{"mapValue":{"fields":{"__type__":{"stringValue":"__vector__"},"value":{"arrayValue":{"values":[` + strings.Join(list, ",") + `]}}}}}`
	}
	double := func(v string) string { return `{"doubleValue":` + v + `}` }
	of := func(x, y float64) map[string]any {
		return map[string]any{"__type__": "__vector__", "value": []any{x, y}}
	}
	near := func(measure, of, rest, query string) []string {
		return []string{`POST :runQuery {"structuredQuery":{"from":[{"collectionId":"v"}]` + query + `,"findNearest":{"vectorField":{"fieldPath":"v"},"queryVector":` + of +
			`,"distanceMeasure":"` + measure + `"` + rest + `}}}`}
	}
	ones := vector(double("1"), double("1"))
	const ten = `,"limit":10`
	name := func(path string) string { return `{"fieldPath":"` + path + `"}` }
	return parityGroup{heading: "RunQuery: find_nearest", seed: map[string]map[string]any{
		"v/z": {"v": of(1, 0), "k": 1}, "v/y": {"v": of(0, 1), "k": 2}, "v/x": {"v": of(2, 2), "k": 1}, "v/u": {"v": of(0, 0)}, "v/r": {"v": of(-1, -1)},
		"v/t": {"v": []any{1.0, 1.0}}, "v/s": {"v": 5}, "v/q": {"k": 3}, "v/w": {"v": map[string]any{"__type__": "__vector__", "value": []any{1.0, 0.0, 0.0}}},
	}, cases: []parityCase{
		{name: "EUCLIDEAN", steps: near("EUCLIDEAN", ones, ten, ""), official: "v/y v/z v/u v/x v/r"},
		{name: "COSINE: a zero vector is last", steps: near("COSINE", ones, ten, ""), official: "v/x v/y v/z v/r v/u"},
		{name: "DOT_PRODUCT: the largest first", steps: near("DOT_PRODUCT", ones, ten, ""), official: "v/x v/y v/z v/u v/r"},
		{name: "DOT_PRODUCT of 1.5 and more", steps: near("DOT_PRODUCT", ones, ten+`,"distanceThreshold":1.5`, ""), official: "v/x"},
		{name: "COSINE up to 0.1", steps: near("COSINE", ones, ten+`,"distanceThreshold":0.1`, ""), official: "v/x"},
		{name: "EUCLIDEAN up to 1.0", steps: near("EUCLIDEAN", ones, ten+`,"distanceThreshold":1.0`, ""), official: "v/y v/z"},
		{name: "NaN in the query's vector", steps: near("EUCLIDEAN", vector(double(`"NaN"`), double("1")), ten, ""), official: "v/r v/u v/x v/y v/z"},
		{name: "the distance, selected", steps: near("EUCLIDEAN", ones, `,"limit":1,"distanceResultField":"d"`, `,"select":{"fields":[`+name("d")+`]}`), official: "v/y {d: 1.0}"},
		{name: "the distance, not selected", steps: near("EUCLIDEAN", ones, `,"limit":1,"distanceResultField":"d"`, `,"select":{"fields":[`+name("k")+`]}`), official: "v/y {k: 2}"},
		{name: "a distance field `a.b` is one name", steps: near("EUCLIDEAN", ones, `,"limit":1,"distanceResultField":"a.b"`, `,"select":{"fields":[`+name("`a.b`")+`]}`), production: "v/y {a.b: 1.0}"},
		{name: "the distance field `__x__`", steps: near("EUCLIDEAN", ones, ten+`,"distanceResultField":"__x__"`, ""), official: invalidArgument},
		{name: "a limit of 0", steps: near("EUCLIDEAN", ones, `,"limit":0`, ""), official: invalidArgument},
		{name: "an empty vector", steps: near("EUCLIDEAN", vector(), ten, ""), official: invalidArgument},
		{name: "a vector of integers", steps: near("EUCLIDEAN", vector(`{"integerValue":"1"}`), ten, ""), official: invalidArgument},
		{name: "not a vector", steps: near("EUCLIDEAN", `{"integerValue":"1"}`, ten, ""), official: invalidArgument},
		{name: "a field that is no vector", steps: []string{strings.ReplaceAll(near("EUCLIDEAN", ones, ten, "")[0], `"fieldPath":"v"`, `"fieldPath":"none"`)}, official: "{}"},
		{name: "a limit of the query", steps: near("EUCLIDEAN", ones, ten, `,"limit":1`), official: invalidArgument},
		{name: "an offset", steps: near("EUCLIDEAN", ones, ten, `,"offset":1`), official: invalidArgument},
		{name: "a cursor", steps: near("EUCLIDEAN", ones, ten, `,"orderBy":[{"field":{"fieldPath":"__name__"}}],"startAt":{"values":[{"referenceValue":"$/v/y"}]}`), official: invalidArgument},
		{name: "the sum of the nearest 3 that have the field", steps: []string{`POST :runAggregationQuery {"structuredAggregationQuery":{"structuredQuery":{"from":[{"collectionId":"v"}],"findNearest":{"vectorField":{"fieldPath":"v"},"queryVector":` +
			ones + `,"distanceMeasure":"EUCLIDEAN","limit":3}},"aggregations":[{"alias":"s","sum":{"field":{"fieldPath":"k"}}}]}}`}, official: "{s: 4}"},
	}}
}
