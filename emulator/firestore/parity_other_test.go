package firestore_test

import (
	"fmt"
	"net/http"
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// parityAuthorization are Authorization headers of a ListCollectionIds, which only servers may call, and of a get
// that needs a user.
func parityAuthorization() parityGroup {
	ids := func(authorization string) []string { return []string{authorization + ": POST :listCollectionIds {}"} }
	get := func(authorization string) []string { return []string{authorization + ": GET /users/ann"} }
	const denied, server, unauthenticated = "PERMISSION_DENIED", "{}", "UNAUTHENTICATED"
	const invalid = "as Google's APIs answer an invalid token"
	const unsigned, signed = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln"
	rules := `rules_version = '2';
service cloud.firestore { match /databases/{db}/documents { match /users/{uid} { allow read: if request.auth.uid == uid; } } }`
	return parityGroup{heading: "Authorization", rules: rules, cases: []parityCase{
		{name: "none", steps: ids("nobody"), official: denied},
		{name: "`Bearer owner`", steps: ids("Bearer owner"), official: server},
		{name: "`bearer OWNER`", steps: ids("bearer OWNER"), official: server},
		{name: "`Bearer ya29.x`, an access token", steps: ids("Bearer ya29.x"), official: server},
		{name: "`Bearer YA29.x`", steps: ids("Bearer YA29.x"), official: server},
		{name: "`Bearer ya29`, without a dot", steps: ids("Bearer ya29"), official: invalidArgument, production: unauthenticated, why: invalid},
		{name: "`Bearer garbage`", steps: ids("Bearer garbage"), official: invalidArgument, production: unauthenticated, why: invalid},
		{name: "`Basic …`", steps: ids("Basic dXNlcjpwYXNz"), official: "UNKNOWN", production: unauthenticated, why: invalid},
		{name: "an unsigned ID token", steps: ids(unsigned), official: denied},
		{name: "an unsigned ID token, for its own document", steps: get(unsigned), production: "NOT_FOUND"},
		{name: "an ID token without `sub`", steps: ids("Bearer eyJhbGciOiJub25lIn0.e30."), official: denied, production: unauthenticated, why: "every ID token has one"},
		{name: "a signed ID token", steps: ids(signed), official: denied, here: unauthenticated,
			why: "unless signed tokens are accepted (`--accept-signed-tokens`, `Config.AcceptSignedTokens`): nobody can verify the project's key offline"},
	}}
}

// parityREST are paths and bodies of REST.
func parityREST() parityGroup {
	return parityGroup{heading: "REST, and v1beta1", seed: map[string]map[string]any{"c/a": {"n": 1}, "c/b": {"n": 1}}, cases: []parityCase{
		{name: "a field that the request does not have", steps: []string{`POST :commit {"unknown":1}`}, official: invalidArgument},
		{name: "a field of another type", steps: []string{`POST :commit {"writes":"x"}`}, official: invalidArgument},
		{name: "a body that is not JSON", steps: []string{`POST :commit {nope`}, official: invalidArgument},
		{name: "a parameter that the request does not have", steps: []string{"GET /c/a?nope=1"}, production: invalidArgument},
		{name: "a parameter that does not parse", steps: []string{"GET /c?pageSize=abc"}, official: "no answer", production: invalidArgument, why: "Google's emulator never answers"},
		{name: ":executePipeline", steps: []string{"POST :executePipeline {}"}, official: invalidArgument, here: "UNIMPLEMENTED", why: "the editions of Firestore that have pipelines are not emulated"},
		{name: ":partitionQuery", steps: []string{`POST :partitionQuery {"structuredQuery":{"from":[{"collectionId":"c","allDescendants":true}]},"partitionCount":"2"}`},
			official: "UNIMPLEMENTED", production: "{}", why: "production has it"},
		{name: ":partitionQuery below a document", steps: []string{`POST /c/a:partitionQuery {"structuredQuery":{"from":[{"collectionId":"c","allDescendants":true}]},"partitionCount":"2"}`}, production: invalidArgument},
		{name: "an unknown verb", do: status0("POST", ":nosuchverb"), official: "404"},
		{name: ":listen", do: status0("POST", ":listen"), official: "404", here: "501", why: "the error names what to use instead"},
		{name: "PUT of a document", do: status0("PUT", "/c/a"), official: "404", here: "405", why: "405 is HTTP's code for it"},
		{name: "GET of a verb", do: status0("GET", ":commit"), official: "404", here: "405", why: "as above"},
		{name: "documents, without a slash", do: status0("GET", ""), official: "404"},
		{name: "v1beta1: get", steps: []string{"GET ~/v1beta1/$/c/a"}, production: "c/a {n: 1}"},
		{name: "v1beta1: commit", steps: []string{`POST ~/v1beta1/$:commit {"writes":[{"delete":"$/c/a"}]}`}, official: "committed: no time"},
		{name: "v1beta1: get over gRPC", do: func(p *parity) string {
			var d pb.Document
			err := p.connAs(p.t, "Bearer owner").Invoke(p.t.Context(), "/google.firestore.v1beta1.Firestore/GetDocument", &pb.GetDocumentRequest{Name: p.root + "/c/b"}, &d)
			if err != nil {
				return codeOf(err)
			}
			return fmt.Sprintf("c/b {n: %d}", d.GetFields()["n"].GetIntegerValue())
		}, official: "c/b {n: 1}"},
		{name: "v1beta1: a missing document", steps: []string{"GET ~/v1beta1/$/c/a"}, official: "NOT_FOUND"},
	}}
}

// status0 returns a case that shows only the HTTP status.
func status0(method, path string) func(*parity) string {
	return func(p *parity) string { return fmt.Sprint(p.send1(method + " " + path + " {}").status) }
}

// parityControl are the emulator's own requests.
func parityControl() parityGroup {
	documents := func(path string) []string { return []string{"DELETE ~/emulator/v1/$" + path} }
	left := []string{"POST :runQuery " + `{"structuredQuery":{"from":[{"allDescendants":true}]}}`}
	from := func(origin string) func(*parity) string {
		return func(p *parity) string {
			r, err := http.NewRequest(http.MethodGet, p.url+"/v1/"+p.root+"/c/none", nil)
			if err != nil {
				p.t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			return fmt.Sprint(p.send(r).status)
		}
	}
	n := map[string]any{}
	return parityGroup{heading: "The emulator's own API", seed: map[string]map[string]any{"c/a": n, "c/a/s/x": n, "c/b": n, "d/a": n, "d/b/c/x": n, "e/a": n}, cases: []parityCase{
		{name: "delete a document and what is below", steps: append(documents("/c/a"), left...), production: "c/b d/a d/b/c/x e/a"},
		{name: "delete a collection and what is below", steps: append(documents("/d"), left...), production: "c/b e/a"},
		{name: "delete a path with an empty part", steps: documents("/c//x"), official: invalidArgument},
		{name: "delete a path that ends with a slash", steps: documents("/c/"), official: invalidArgument},
		{name: "delete all documents of a database", steps: append(documents(""), left...), official: "{}"},
		{name: "POST /reset", do: func(p *parity) string { return strings.TrimSpace(string(p.send1("POST ~/reset").body)) }, official: "Resetting..."},
		{name: "a page of this machine", do: from("http://localhost:3000"), official: "404"},
		{name: "a page of another site", do: from("https://example.com"), official: "404", here: "403", why: "any page that you visit could read and write your data"},
	}}
}

// ruleExpressions are built-ins of the security rules: all are true by
// https://firebase.google.com/docs/reference/rules/rules.
const ruleExpressions = `
Boolean | !false && (true || false) && bool('true') && !bool('false')
Integer | 7 / 2 == 3 && -7 / 2 == -3 && 7 % 4 == 3 && int('2') == 2 && int(2.9) == 2
Float | 3 / 2.0 == 1.5 && float('1.5') == 1.5 && 1 == 1.0
String: operators | 'a' + 'b' == 'ab' && 'a' < 'b' && 'abc'[0] == 'a' && 'abcde'[1:3] == 'bc'
String: lower, upper, trim, size | 'ABC'.lower() == 'abc' && 'abc'.upper() == 'ABC' && '  a '.trim() == 'a' && '한글'.size() == 2
String: matches, replace, split | 'user@domain.com'.matches('.*@domain[.]com') && 'banana'.replace('a', 'o') == 'bonono' && 'foo,bar'.split(',') == ['foo', 'bar']
string() | string(true) == 'true' && string(1) == '1' && string(2.5) == '2.5' && string(null) == 'null'
String.toUtf8, Bytes | 'a'.toUtf8().size() == 1 && b'\x61'.toHexString() == '61' && 'a'.toUtf8().toBase64() == 'YQ=='
List: in, index, range, size | 2 in [1, 2] && !(3 in [1, 2]) && [1, 2, 3][1] == 2 && [1, 2, 3][0:2] == [1, 2] && [1, 2].size() == 2
List: concat, join, removeAll, toSet | [1].concat([2]) == [1, 2] && ['a', 'b'].join('-') == 'a-b' && [1, 2, 2].removeAll([2]) == [1] && [1, 1].toSet() == [1].toSet()
List: hasAll, hasAny, hasOnly | [1, 2, 3].hasAll([1, 3]) && [1, 2].hasAny([2, 9]) && [1, 1, 2].hasOnly([1, 2]) && ![1, 2].hasOnly([1])
Set: union, intersection, difference | ['a'].toSet().union(['b'].toSet()) == ['a', 'b'].toSet() && ['a', 'b'].toSet().intersection(['b'].toSet()) == ['b'].toSet() && ['a', 'b'].toSet().difference(['b'].toSet()) == ['a'].toSet()
Set: hasAll, hasAny, hasOnly, size | ['a', 'b'].toSet().hasAll(['a']) && ['a'].toSet().hasAny(['a', 'c']) && ['a'].toSet().hasOnly(['a']) && ['a', 'a'].toSet().size() == 1
Map: get, in, keys, size, values | {'a': 1}.get('a', 0) == 1 && {'a': 1}.get('b', 7) == 7 && 'a' in {'a': 1} && {'a': 1}.keys() == ['a'] && {'a': 1}.size() == 1 && {'a': 1}.values() == [1]
Map: get of a path | {'a': {'b': 1}}.get(['a', 'b'], 0) == 1 && {'a': {'b': 1}}.get(['a', 'c'], 9) == 9
Map.diff: affectedKeys, unchangedKeys | {'a': 1, 'b': 2}.diff({'a': 1, 'b': 3}).affectedKeys() == ['b'].toSet() && {'a': 1, 'b': 2}.diff({'a': 1, 'b': 3}).unchangedKeys() == ['a'].toSet()
MapDiff: addedKeys, removedKeys, changedKeys | {'a': 1, 'n': 1}.diff({'a': 2, 'o': 1}).addedKeys() == ['n'].toSet() && {'a': 1}.diff({'o': 1}).removedKeys() == ['o'].toSet() && {'a': 1}.diff({'a': 2}).changedKeys() == ['a'].toSet()
math | math.abs(-1) == 1 && math.ceil(1.2) == 2.0 && math.floor(1.8) == 1.0 && math.round(1.5) == 2.0 && math.sqrt(4.0) == 2.0 && math.pow(2, 3) == 8.0
math.isInfinite, isNaN | math.isInfinite(1.0 / 0.0) && math.isNaN(0.0 / 0.0)
timestamp | timestamp.date(2026, 11, 29) < timestamp.date(2026, 11, 30) && timestamp.value(1000) == timestamp.date(1970, 1, 1) + duration.value(1, 's')
Timestamp: parts | timestamp.date(2026, 11, 29).year() == 2026 && timestamp.date(2026, 11, 29).month() == 11 && timestamp.date(2026, 11, 29).day() == 29 && timestamp.date(2026, 11, 29).dayOfWeek() == 7 && timestamp.date(2026, 2, 1).dayOfYear() == 32
Timestamp: time of day | timestamp.value(3723004).hours() == 1 && timestamp.value(3723004).minutes() == 2 && timestamp.value(3723004).seconds() == 3 && timestamp.value(3723004).nanos() == 4000000 && timestamp.value(1000).toMillis() == 1000
Timestamp: date, time | timestamp.value(90000000).date() == timestamp.date(1970, 1, 2) && timestamp.value(3600000).time() == duration.time(1, 0, 0, 0)
duration | duration.value(1, 'm') == duration.value(60, 's') && duration.time(1, 1, 1, 0).seconds() == 3661 && duration.abs(duration.value(-1, 'd')) == duration.value(1, 'd') && duration.value(5, 'ms').nanos() == 5000000
latlng | latlng.value(1.5, 2.5).latitude() == 1.5 && latlng.value(1.5, 2.5).longitude() == 2.5 && latlng.value(0.0, 0.0).distance(latlng.value(0.0, 0.0)) == 0.0
hashing | hashing.md5('a').toHexString() == '0CC175B9C0F1B6A831C399E269772661' || hashing.md5('a').toHexString() == '0cc175b9c0f1b6a831c399e269772661'
hashing: crc32, crc32c, sha256 | hashing.crc32('a').size() == 4 && hashing.crc32c('a').size() == 4 && hashing.sha256('a').size() == 32
Path | path('/a/b') == /a/b && /a/$('b') == /a/b && path('a/b')[0] == 'a'
is | 1 is int && 1.5 is float && 1 is number && 'a' is string && [1] is list && {} is map && true is bool && null == null && timestamp.value(1) is timestamp && duration.value(1, 's') is duration && latlng.value(1.0, 1.0) is latlng && /a is path
conditional | (true ? 1 : 2) == 1
|| passes over an error | true || 1 / 0 == 1
get, exists | exists(/databases/$(db)/documents/c/a) && get(/databases/$(db)/documents/c/a).data.n == 1 && !exists(/databases/$(db)/documents/c/none)
request | request.method == 'get' && request.auth == null && request.path[3] == 'get' && request.time > timestamp.date(2020, 1, 1)
a variable and a function | twice(2) == 4
`

// parityRules are built-ins of the security rules. Each is the condition of a get.
func parityRules() parityGroup {
	var rules strings.Builder
	rules.WriteString("rules_version = '2';\nservice cloud.firestore { match /databases/{db}/documents {\nfunction twice(x) { let y = x * 2; return y; }\n")
	g := parityGroup{heading: "Security rules: built-ins", seed: map[string]map[string]any{"c/a": {"n": 1}}}
	for i, line := range strings.Split(strings.TrimSpace(ruleExpressions), "\n") {
		name, expression, _ := strings.Cut(line, " | ")
		fmt.Fprintf(&rules, "match /get/%d { allow get: if %s; }\n", i, expression)
		g.cases = append(g.cases, parityCase{name: "`` " + name + " ``: " + "`` " + expression + " ``", do: func(p *parity) string {
			switch answer := p.request(fmt.Sprintf("nobody: GET /get/%d", i)); answer {
			case "NOT_FOUND": // allowed
				return "true"
			case "PERMISSION_DENIED":
				return "false"
			default:
				return answer
			}
		}, production: "true"})
	}
	rules.WriteString("}}")
	g.rules = rules.String()
	return g
}
