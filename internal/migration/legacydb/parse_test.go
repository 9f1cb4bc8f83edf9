package legacydb_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/legacydb"
)

func TestDefault(t *testing.T) {
	m := legacydb.Default()
	want := []string{
		"public.lecture_categories", "public.lecture_tags", "public.lecture_times", "public.lectures", "public.schools", "public.semesters",
		"public.timetables", "public.users",
	}
	if got := m.TableNames(); !slices.Equal(got, want) {
		t.Errorf("tables %v, want %v", got, want)
	}
	if got := m.IdentityColumns("public.timetables"); !slices.Equal(got, []string{"id", "semester_id", "user_id"}) {
		t.Errorf("identity columns of timetables: %v", got)
	}
	if m.TimeZone.String() != "Asia/Seoul" || m.Rules.Actions[legacydb.LectureCredit] != legacydb.Replace || m.Rules.Semester != "" {
		t.Errorf("zone %v, rules %+v", m.TimeZone, m.Rules)
	}
	if m.Terms["계절"].Name != "여름학기" || m.Terms["2학기"] != (legacydb.Term{Month: "09", Name: "2학기"}) {
		t.Errorf("terms %v", m.Terms)
	}
}

// Mistakes name the line and what to do.
func TestMappingExplains(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"zone":              {"timeZone: UTC", "timeZone: Seoul", `m.yaml:2: timeZone: "Seoul" is not a time zone: want a name such as Asia/Seoul`},
		"no zone":           {"timeZone: UTC", "", `m.yaml:3: timeZone: "" is not a time zone`},
		"unknown field":     {"timeZone: UTC", "timezone: UTC", `unknown field "timezone"`},
		"not YAML":          {"timeZone: UTC", "timeZone: [", "m.yaml: "},
		"two documents":     {"rows:", "---\nrows:", "2 YAML documents, want one"},
		"not UTF-8":         {"UTC", "\xff", "m.yaml is not UTF-8"},
		"unknown rule":      {"rows:", "rules: { lecture.titel: shorten }\nrows:", `m.yaml:3: rules.lecture.titel: there is no such rule; did you mean lecture.title?`},
		"impossible rule":   {"rows:", "rules:\n  lecture.title: rename\nrows:", `m.yaml:4: rules.lecture.title: "rename" is not possible: want shorten or leave out`},
		"timestamp":         {"rows:", "rules: { timestamp: 2017 }\nrows:", `"2017" is not a time: want a time such as`},
		"school id":         {"rows:", "schools: { a: b/c }\nrows:", "m.yaml:3: schools.a: "},
		"term":              {"rows:", "terms: { x: { month: \"03\" } }\nrows:", `m.yaml:3: terms.x: term "x" is not one of`},
		"month":             {"rows:", "terms: { 1학기: { month: \"3\" } }\nrows:", `want "01" to "12", in quotes`},
		"unknown kind":      {"  user:", "  usr:", "m.yaml:6: rows.usr: there is no such kind of row: want school, semester, user, timetable, lecture; did you mean user?"},
		"missing kind":      {"  user:", "  usr:", "m.yaml:3: rows: user is missing: say with select and key where the rows are"},
		"no select":         {"SELECT no, school AS school_id, year, term FROM terms;", "", "m.yaml:5: rows.semester.select: the SELECT is missing"},
		"no key":            {"key: no\n    select: SELECT no, member", "select: SELECT no, member", "m.yaml:10: rows.timetable.key: \"\" is not a column"},
		"no tables":         {"tables: { members: no }", "", "rows.user.tables: no tables: list those that the SELECT reads"},
		"malformed table":   {"members: no", "a b: no", `rows.user.tables.a b: "a b" is not the name of a table`},
		"malformed column":  {"members: no", "members: n o", `rows.user.tables.members: "n o" is not a column`},
		"no parent":         {"key: no, parent: plan", "key: no", "rows.lecture.tables: no table has a parent: name the column that has the key of the lecture's timetable"},
		"unknown parameter": {"tables: { members: no }", "tables: { members: no }\n    save: [\"SELECT @logn\"]\n    remove: [DELETE FROM x WHERE no = @no]", "rows.user.save: @logn is not a column of a user"},
		"save alone":        {"tables: { members: no }", "tables: { members: no }\n    save: [SELECT @no]", "rows.user.save: save and remove need each other"},
	} {
		text := strings.Replace(otherMapping, c.old, c.new, 1)
		if text == otherMapping {
			t.Fatalf("%s: nothing replaced", name)
		}
		_, err := legacydb.ParseMapping("m.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := legacydb.ReadMapping("/no/such/file"); err == nil {
		t.Error("read a file that does not exist")
	}
}

func TestParseTime(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2022-03-01 09:00:00":               "2022-03-01T00:00:00Z",
		"2022-03-01 09:00:00.123456":        "2022-03-01T00:00:00.123456Z",
		"2022-03-01 09:00:00.5+00":          "2022-03-01T09:00:00.5Z",
		"2022-03-01 09:00:00-03:30":         "2022-03-01T12:30:00Z",
		"1900-01-01 08:27:52+08:27:52":      "1900-01-01T00:00:00Z",
		"2022-03-01":                        "2022-02-28T15:00:00Z",
		"9999-12-31 23:59:59.999999":        "9999-12-31T14:59:59.999999Z",
		"0001-01-01 08:27:52":               "0001-01-01T00:00:00Z",
		"0001-01-01 08:27:51":               "", // before year 1 in UTC
		"10000-01-01 00:00:00":              "",
		"9999-12-31 23:59:59-01":            "",
		"0044-03-15 00:00:00 BC":            "",
		"infinity":                          "",
		"-infinity":                         "",
		"":                                  "",
		"2022-02-30 00:00:00":               "",
		"2022-03-01 09:00:00; DROP TABLE x": "",
	} {
		got, err := legacydb.ParseTime(text, seoul)
		if (err != nil) != (want == "") || err == nil && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: %v, %v, want %q", text, got, err, want)
		}
		if err != nil {
			continue
		}
		if again, err := legacydb.ParseTime(legacydb.FormatTime(got, seoul), time.UTC); err != nil || !again.Equal(got) {
			t.Errorf("%q: printed as %q", text, legacydb.FormatTime(got, seoul))
		}
	}
}
