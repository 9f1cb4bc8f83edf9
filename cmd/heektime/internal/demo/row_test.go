package demo_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestRowFormat checks that each field has Korea University's format, and that every irregularity of
// real rows occurs. It is long because it lists them all.
func TestRowFormat(t *testing.T) {
	s := start(t, 1, 2000)
	s.openSearch(t)
	_, _, rows := parse(t, s.body(t, "2026", "2R"))
	seen := map[string]int{}
	saw := func(what string, present bool) {
		if present {
			seen[what]++
		} else {
			seen[what] += 0
		}
	}
	credit := regexp.MustCompile(`^(0|0\.5|[123])\( *\d\)$`)
	meeting := regexp.MustCompile(`^[월화수목금토]\(([1-8])(-[1-9])?\)( [가-힣0-9]+ (B?\d{3}호|대강의실))?$`)
	br := regexp.MustCompile(`(?i)\s*<br ?/?>\s*`)
	spaces := regexp.MustCompile(`(?:\x{a0}|&nbsp;| )+`)
	for _, r := range rows {
		if !credit.MatchString(r["CREDIT"].(string)) {
			t.Errorf("%s: credit %q", r.id(), r["CREDIT"])
		}
		title := r["COUR_NM"].(string)
		if strings.TrimSpace(title) == "" || r["DEPARTMENT"] == "" || r["ISU_NM"] == "" {
			t.Errorf("%s: title, department or category is empty", r.id())
		}
		if want := fmt.Sprintf("%s@%s", r["COUR_CD"], r["COUR_CLS"]); r["PARAMS"] != want {
			t.Errorf("%s: PARAMS %q", r.id(), r["PARAMS"])
		}
		times, _ := r["TIME_ROOM"].(string)
		professor, _ := r["PROF_NM"].(string)
		if times != "" {
			for _, m := range br.Split(times, -1) {
				clean := spaces.ReplaceAllString(m, " ")
				if !meeting.MatchString(clean) {
					t.Errorf("%s: meeting %q in %q", r.id(), clean, times)
				}
				saw("meeting without room", !strings.Contains(clean, " "))
			}
		}
		saw("null professor", r["PROF_NM"] == nil)
		saw("empty professor", r["PROF_NM"] == "")
		saw("several professors", strings.Contains(professor, ", "))
		saw("null time", r["TIME_ROOM"] == nil)
		saw("empty time", r["TIME_ROOM"] == "")
		saw("three meetings", len(br.FindAllString(times, -1)) == 2)
		saw("odd line break", br.MatchString(times) && !strings.Contains(times, "<br>"))
		saw("no-break space in a room", strings.ContainsRune(times, '\u00a0'))
		saw("entity in a room", strings.Contains(times, "&nbsp;"))
		saw("entity in a title", strings.Contains(title, "&middot;"))
		saw("line break in a title", strings.Contains(title, "<br>"))
		saw("padded title", title != strings.TrimSpace(title))
		saw("taught in English", strings.Contains(title, "(영강)"))
		saw("no credit", strings.HasPrefix(r["CREDIT"].(string), "0("))
		saw("half a credit", strings.HasPrefix(r["CREDIT"].(string), "0.5("))
		saw("padded credit", strings.Contains(r["CREDIT"].(string), "( "))
	}
	for what, count := range seen {
		if count == 0 || count > 400 {
			t.Errorf("%s in %d of %d rows, want 1 to 400", what, count, len(rows))
		}
	}
}
