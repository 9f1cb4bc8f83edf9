package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// rulesWith returns a rules file with body in the match block for documents in things.
func rulesWith(body string) string {
	return "rules_version = '2';\nservice cloud.firestore {\n  match /databases/{database}/documents/things/{id} {\n" + body + "\n  }\n}"
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{``, `x.rules:1:1: error: missing service block: expected 'service cloud.firestore { … }'`},
		{`service cloud.storage {}`, "x.rules:1:9: error: unknown service cloud.storage: expected cloud.firestore or firebase.storage\n    service cloud.storage {}\n            ^"},
		{`rules_version = '3';`, `x.rules:1:17: error: unknown rules_version "3": expected '1' or '2'`},
		{`rules_version = 2;`, `x.rules:1:17: error: unexpected number 2: expected '1' or '2' in quotes`},
		{"service cloud.firestore {}\nrules_version = '2';", `x.rules:2:1: error: rules_version must be the first statement`},
		{`service cloud.firestore {`, `x.rules:1:26: error: unexpected end of file: expected 'match', 'function' or '}'`},
		{`service cloud.firestore { match { } }`, `x.rules:1:33: error: unexpected '{': expected a path that starts with '/'`},
		{`service cloud.firestore { match /a//b { } }`, `unexpected end of file`},
		{`service cloud.firestore { match /a/$(b) { } }`, `unexpected "$(b)" in a match's path`},
		{`service cloud.firestore { match /a/{1} { } }`, `expected the wildcard's name after '{'`},
		{`service cloud.firestore { match /a/{b=***} { } }`, `expected '**' after '=' in a wildcard`},
		{`service cloud.firestore { match /a/{b=**/c { } }`, `expected '}' or '=**' in the wildcard {b}`},
		{rulesWith("allow reed: if true;"), "x.rules:4:7: error: unknown method reed: expected read, write, get, list, create, update or delete\n    allow reed: if true;\n          ^"},
		{rulesWith("allow read if true;"), `x.rules:4:12: error: unexpected 'if': expected ':' before 'if'`},
		{rulesWith("allow read: true;"), `x.rules:4:13: error: unexpected 'true': expected 'if' before the condition`},
		{rulesWith("allow read: if true\nallow write: if false;"), `x.rules:4:20: error: missing ';' after the allow statement, before 'allow'`},
		{rulesWith("function f() { let a = 1 return a; }"), `x.rules:4:25: error: missing ';' after the variable, before 'return'`},
		{rulesWith("function f() { 1 }"), `x.rules:4:16: error: unexpected number 1: expected 'let' or 'return'`},
		{rulesWith("function f(a b) { return 1; }"), `expected ',' or ')'`},
		{rulesWith("allow read: if a &  b;"), `x.rules:4:18: error: unexpected '&': write '&&'`},
		{rulesWith("allow read: if a == ;"), `x.rules:4:21: error: unexpected ';': expected an expression`},
		{rulesWith("allow read: if (a;"), `x.rules:4:18: error: unexpected ';': expected ')' to match the '('`},
		{rulesWith("allow read: if [a;"), `expected ',' or ']'`},
		{rulesWith("allow read: if {'a' 1};"), `expected ':' after the map's key`},
		{rulesWith("allow read: if a ? b;"), `expected ':' between the two values of '?'`},
		{rulesWith("allow read: if a is strin;"), `x.rules:4:21: error: unknown type strin: expected one of bool, bytes,`},
		{rulesWith("allow read: if 'a;"), `x.rules:4:16: error: unterminated string: expected '`},
		{rulesWith(`allow read: if 'a\.b';`), `unknown escape \.: use \\ for a backslash`},
		{rulesWith(`allow read: if b'\xF';`), `the escape \x requires 2 digits`},
		{rulesWith(`allow read: if 99999999999999999999;`), `99999999999999999999 is not a 64-bit integer`},
		{rulesWith(`allow read: if 1a;`), `unexpected 'a' after a number`},
		{rulesWith(`allow read: if /a/$(b;`), `expected ')' after the path's expression`},
		{rulesWith(`allow read: if /a/ == b;`), `expected a name or $(…) after '/' in a path`},
		{rulesWith("allow read: if é;"), `unexpected character 'é'`},
		{rulesWith("/* unterminated"), `unterminated comment: expected '*/'`},
		{rulesWith("allow read: if " + strings.Repeat("(", 300)), `the expression nests deeper than 250`},
		{rulesWith("\tallow read: if 한글;"), "\n    \tallow read: if 한글;\n    \t               ^"},
	} {
		_, _, err := rules.Compile("x.rules", c.source)
		if err == nil {
			t.Errorf("%s: no error, want %q", c.source, c.want)
			continue
		}
		var list *rules.Error
		if !errors.As(err, &list) || len(list.Issues) == 0 {
			t.Errorf("%s: error of type %T, want *rules.Error with issues", c.source, err)
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", c.source, err, c.want)
		}
	}
}

// A file for a service has rules for it.
func TestCompileFor(t *testing.T) {
	const documents, objects = "service cloud.firestore {}", "service firebase.storage {}"
	for _, c := range []struct {
		service      rules.Service
		source, want string // "" is no error
	}{
		{rules.Storage, "", "x.rules:1:1: error: missing service block: expected 'service firebase.storage { … }'"},
		{rules.Firestore, objects, "x.rules:1:1: error: these are rules for firebase.storage: expected 'service cloud.firestore { … }'"},
		{rules.Storage, documents, "x.rules:1:1: error: these are rules for cloud.firestore: expected 'service firebase.storage { … }'"},
		{rules.Firestore, objects + documents, ""},
		{rules.Storage, objects, ""},
	} {
		_, _, err := rules.CompileFor(c.service, "x.rules", c.source)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %q", c.source, c.service, err, c.want)
		}
	}
}

// TestCheckErrorsAndWarnings checks rules that parse but are wrong or suspicious.
func TestCheckErrorsAndWarnings(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"function f() { return 1; } function f(a) { return a; }", "error: Function is already defined: f, on line 4"},
		{"function f(a, a) { return a; }", "error: a is already defined in function f"},
		{"function f(a) { let a = 1; return a; }", "error: a is already defined in function f"},
		{"function f(a) { return a; } allow read: if f();", "error: wrong number of arguments for function f, declared on line 4: got 0, want 1"},
		{"allow read: if exists(/a/b, /c/d);", "error: wrong number of arguments for exists: got 2, want 1"},
		{"allow read: if 'a'.matches();", "error: no type has a method matches with 0 arguments"},
		{"allow read: if 'a'.matches('(');", "error: this is not a valid RE2 regular expression: error parsing regexp: missing closing ): `(`"},
		{"function f() { return g(); } function g() { return f(); } allow read: if f();", "recursion is not allowed"},
		{"function f() { return f(); } allow read: if f();", "error: function f calls itself through f"},
		{"match /{id}/{id} { allow read: if true; }", "error: the path has two wildcards {id}"},
		{"match /{a=**}/x/{b=**} { allow read: if true; }", "error: a match may have only one recursive wildcard {b=**}"},
		{"allow read: if nobody;", "warning: Invalid variable name: nobody."},
		{"allow read: if nothing();", "warning: Invalid function name: nothing."},
		{"allow read: if 'a'.nothing();", "warning: Invalid function name: nothing."},
		{"allow read: if math.cube(2) == 8;", "warning: Invalid function name: math.cube."},
		{"function f() { return 1; }", "warning: Unused function: f."},
		{"function f() { let a = 1; return 1; } allow read: if f() == 1;", "warning: Unused variable: a."},
		{"allow read: if true;", "warning: this allows everyone to read, signed in or not"},
		{"allow read, delete;", "warning: this allows everyone to read, delete"},
		{"function all() { return true; } allow write: if all();", "warning: this allows everyone to write"},
		{"allow read: if 'a';", "warning: Invalid type. Received one of [string]. Expected one of [bool]"},
		{"allow read: if 1 && true;", "warning: Invalid type. Received one of [int]. Expected one of [bool]."},
		{"allow read: if 'a' < null;", "warning: Invalid type. Received one of [null]."},
		{"allow read: if 'a' in null;", "warning: Invalid type. Received one of [null]. Expected one of [list, map, set]."},
		{"allow read: if 'a'.keys() == [];", "warning: Invalid type. Received one of [string]. Expected one of [map]."},
		{"match /sub { allow read: if request.auth != null; }", "warning: no request matches /databases/{database}/documents/things/{id}/sub: it ends in a collection"},
		{"match /sub/{x} { }", "warning: this match has no allow statement"},
	} {
		_, warnings, err := rules.Compile("x.rules", rulesWith(c.body))
		var all strings.Builder
		for _, w := range warnings {
			fmt.Fprintln(&all, w)
		}
		if err != nil {
			all.WriteString(err.Error())
		}
		if !strings.Contains(all.String(), c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", c.body, all.String(), c.want)
		}
		if isError := strings.HasPrefix(c.want, "error"); isError && err == nil {
			t.Errorf("%s: no error", c.body)
		} else if strings.HasPrefix(c.want, "warning") && err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
	}
}

func TestFileWarnings(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"service cloud.firestore { match /{a=**} { allow read: if request.auth != null; } }", "Ruleset uses old version (version [1])"},
		{"rules_version = '1'; service cloud.firestore { match /databases/{d}/documents/{a=**} { allow read: if request.auth != null; } }", "version [1]"},
		{"rules_version = '2'; service cloud.firestore { match /users/{u} { allow read: if request.auth != null; } }",
			"no request matches /users/{u}: paths of this service start with /databases/{name}/documents"},
		{"rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { allow read: if request.auth != null; } }", "its path ends before a collection"},
		{"rules_version = '2'; service firebase.storage { match /b/{b}/o { allow read: if request.auth != null; } }", "its path ends before an object"},
	} {
		_, warnings, err := rules.Compile("x.rules", c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
		if len(warnings) == 0 || !strings.Contains(fmt.Sprint(warnings), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.source, warnings, c.want)
		}
	}
	if _, _, err := rules.Compile("x.rules", "service cloud.firestore { match /a/{b=**}/c { allow read: if false; } }"); err == nil ||
		!strings.Contains(err.Error(), "in rules_version 1, {b=**} must be the path's last segment") {
		t.Errorf("error %v", err)
	}
}

// TestAccepted checks source that Google's compiler accepts.
func TestAccepted(t *testing.T) {
	for _, source := range []string{
		"service cloud.firestore {}",
		"\ufeffrules_version='2' service cloud.firestore {}",
		rulesWith("allow read"),
		rulesWith("allow read: if request.auth != null"),
		rulesWith("function f(a, b) { return true } allow read: if f(1, 2);"),
		rulesWith("match /config.json/{x=*}/(default)/2022-09 { allow read: if false; }"),
		rulesWith("function get() { return true; } allow read: if get();"),
		rulesWith("match /services/{service} { allow read: if service == 'x' && resource.data.match == 1; }"),
		rulesWith("allow read: if request.auth\n  // claims\n  .token /* of the caller */ .email == 'x';"),
	} {
		if _, _, err := rules.Compile("x.rules", source); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestSourceLimits(t *testing.T) {
	chain := func(n int) string {
		var out strings.Builder
		fmt.Fprintf(&out, "allow read: if f%d();", n)
		for i := n; i > 1; i-- {
			fmt.Fprintf(&out, " function f%d() { return f%d(); }", i, i-1)
		}
		return out.String() + " function f1() { return true; }"
	}
	nested := func(n int) string { // rulesWith adds one level
		return strings.Repeat("match /a/b {", n) + "allow read: if false;" + strings.Repeat("}", n)
	}
	for _, c := range []struct {
		name         string
		within, over string
		want         string
	}{
		{"call depth", chain(20), chain(21), "the calls of function f21 nest deeper than 20"},
		{"arguments", "function f(a,b,c,d,e,f,g) { return 1; }", "function f(a,b,c,d,e,f,g,h) { return 1; }", "function f has 8 parameters: at most 7"},
		{"variables", "function f() { " + lets(10) + " return 1; }", "function f() { " + lets(11) + " return 1; }", "function f has 11 variables: at most 10"},
		{"match depth", nested(9), nested(10), "match blocks nest deeper than 10"},
		{"segments", "match " + strings.Repeat("/a", 95) + " { allow read: if false; }", "match " + strings.Repeat("/a", 96) + " { allow read: if false; }", "the path has 101 segments: at most 100"},
		{"captures", "match " + captures(18) + " { allow read: if false; }", "match " + captures(19) + " { allow read: if false; }", "the path has more than 20 wildcards"},
		{"size", "allow read: if false; // " + strings.Repeat("x", rules.MaxSourceBytes-200), "allow read: if false; // " + strings.Repeat("x", rules.MaxSourceBytes), "at most 262144"},
	} {
		if _, _, err := rules.Compile("x.rules", rulesWith(c.within)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, _, err := rules.Compile("x.rules", rulesWith(c.over)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func lets(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "let v%d = %d; ", i, i)
	}
	return out.String()
}

func captures(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "/{v%d}", i)
	}
	return out.String()
}
