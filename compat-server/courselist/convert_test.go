package courselist

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/internal/schema"
)

// Converting arbitrary content either fails or produces a complete list.
func FuzzConvert(f *testing.F) {
	for _, text := range []string{
		`[]`, `[{"identifier":"a","title":"b","times":[{"weekday":1,"timeBegin":540,"timeEnd":615,"room":""}],"metas":null}]`,
		`[{},`, `[null]`, `{`, ``,
	} {
		f.Add(text)
	}
	s := &catalog.Semester{Periods: []schema.Period{{Period: 1, TimeBegin: 540, TimeEnd: 615}}}
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if convert(&out, strings.NewReader(text), s) != nil {
			return
		}
		var list []map[string]any
		if err := json.Unmarshal(out.Bytes(), &list); err != nil || list == nil {
			t.Fatalf("converting %q gave %q: %v", text, out.Bytes(), err)
		}
		for _, l := range list {
			for _, name := range []string{"identifier", "title", "professor", "credit", "times", "category", "metas", "url", "tags"} {
				if l[name] == nil {
					t.Errorf("converting %q: no %s in %v", text, name, l)
				}
			}
		}
	})
}
