package hosting

import "testing"

// The expectations are the results of minimatch 3, which the Firebase CLI uses.
func TestGlobs(t *testing.T) {
	for _, tc := range []struct {
		glob      string
		yes, no   []string
		forIgnore bool
	}{
		{glob: "**", yes: []string{"/", "/a", "/a/b.c"}, no: []string{"/.git", "/a/.b"}},
		{glob: "/apis/v2/**", yes: []string{"/apis/v2/", "/apis/v2/a/b"}, no: []string{"/apis/v2", "/apis/v20/a", "/x/apis/v2/a"}},
		{glob: "/login/", yes: []string{"/login/"}, no: []string{"/login", "/login/x"}},
		{glob: "/*", yes: []string{"/a", "/a.b"}, no: []string{"/a/b", "/.a"}},
		{glob: "*.js", yes: []string{"/a.js"}, no: []string{"/a/b.js", "/a.jsx"}},
		{glob: "**/*.js", yes: []string{"/a.js", "/a/b.js"}, no: []string{"/a.jsx", "/.a.js"}},
		{glob: "/a/**/z", yes: []string{"/a/z", "/a/b/z", "/a/b/c/z"}, no: []string{"/az", "/a/zz"}},
		{glob: "**/*.@(jpg|png)", yes: []string{"/x.jpg", "/d/x.png"}, no: []string{"/x.gif"}},
		{glob: "/{a,b/c}", yes: []string{"/a", "/b/c"}, no: []string{"/b", "/c"}},
		{glob: "/foo{,/**}", yes: []string{"/foo", "/foo/a", "/foo/a/b"}, no: []string{"/food"}},
		{glob: "/{a}", yes: []string{"/{a}"}, no: []string{"/a"}},
		{glob: "/a?", yes: []string{"/ab"}, no: []string{"/a", "/a/"}},
		{glob: "/[ab]c", yes: []string{"/ac", "/bc"}, no: []string{"/cc"}},
		{glob: "/[!a]c", yes: []string{"/bc"}, no: []string{"/ac"}},
		{glob: "/a+(b)", yes: []string{"/ab", "/abb"}, no: []string{"/a"}},
		{glob: "/a*(b)c", yes: []string{"/ac", "/abbc"}, no: []string{"/axc"}},
		{glob: "/a?(b)c", yes: []string{"/ac", "/abc"}, no: []string{"/abbc"}},
		{glob: "/!(admin)/x", yes: []string{"/user/x"}, no: []string{"/admin/x", "/x"}},
		{glob: "/!(a|b).html", yes: []string{"/c.html"}, no: []string{"/a.html", "/b.html"}},
		{glob: "!/@(js|css)/**", yes: []string{"/x", "/jsx/a", "/"}, no: []string{"/js/a", "/css/a/b"}},
		{glob: "/강의/*", yes: []string{"/강의/시간표"}, no: []string{"/시간표/강의"}},
		{glob: `/a\*b`, yes: []string{"/a*b"}, no: []string{"/axb"}},
		{forIgnore: true, glob: "**/.*", yes: []string{".env", "a/.env"}, no: []string{"a", ".well-known/x"}},
		{forIgnore: true, glob: "**/node_modules/**", yes: []string{"node_modules/a", "b/node_modules/a/b", "node_modules/.bin/a"}, no: []string{"node_modules2/a"}},
		{forIgnore: true, glob: "firebase.json", yes: []string{"firebase.json"}, no: []string{"a/firebase.json"}},
	} {
		compile := compileSource
		if tc.forIgnore {
			compile = compileIgnore
		}
		p, err := compile(tc.glob)
		if err != nil {
			t.Errorf("%s: %v", tc.glob, err)
			continue
		}
		for _, path := range tc.yes {
			if !p.matches(path) {
				t.Errorf("%s does not match %s, want a match", tc.glob, path)
			}
		}
		for _, path := range tc.no {
			if p.matches(path) {
				t.Errorf("%s matches %s, want no match", tc.glob, path)
			}
		}
	}
}
