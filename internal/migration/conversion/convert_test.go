package conversion_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

func text(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

// describe prints findings: field, problem, action and value after it.
func describe(all []conversion.Finding) string {
	var lines []string
	for _, f := range all {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", f.Field, f.Problem, f.Action, f.After)))
	}
	return strings.Join(lines, "; ")
}

// check reports what the schema says is wrong with a document.
func check(t *testing.T, doc *conversion.Document) {
	t.Helper()
	d := schema.DocumentAt(doc.Path())
	if d == nil {
		t.Errorf("%s is not in the schema", doc.Path())
		return
	}
	description := *d
	description.IDLengths = nil // old timetables keep their ids
	for _, fault := range description.Check(doc.Ref.ID, conversion.AsRead(doc.Fields)) {
		t.Errorf("%s: %s", doc.Path(), fault)
	}
}

func TestUser(t *testing.T) {
	c := converter(t, legacydb.Default())
	docs, findings := c.User(cleanUser())
	if len(findings) != 0 || docs == nil || docs.Credential == nil {
		t.Fatalf("%v, findings %s", docs, describe(findings))
	}
	got := map[string]string{}
	for _, d := range docs.All() {
		check(t, d)
		got[d.Path()] = string(conversion.Canonical(d))
	}
	want := map[string]string{
		"users/" + userID:              `{"createdAt":"2022-03-01T00:00:00.123456Z","updatedAt":"2022-03-02T00:00:00Z","username":"minsu"}`,
		"indices/user/usernames/minsu": `{"value":"` + userID + `"}`,
	}
	for path, fields := range want {
		if got[path] != fields {
			t.Errorf("%s is %s, want %s", path, got[path], fields)
		}
	}
	if docs.Credential.Fields["hash"] != *cleanUser().PasswordHash || docs.Credential.Fields["email"] != "minsu"+oldDomain {
		t.Error("the credential is not that of minsu")
	}
	if shown := string(conversion.Canonical(docs.Credential)); strings.Contains(shown, "pbkdf2") {
		t.Errorf("the canonical form shows the hash: %s", shown)
	}

	for name, c := range map[string]struct {
		change func(*legacydb.User)
		want   string
	}{
		"no hash":        {func(u *legacydb.User) { u.PasswordHash = nil }, "password_hash is NULL: leave out"},
		"bcrypt":         {func(u *legacydb.User) { u.PasswordHash = ptr("$2b$12$abc") }, "password_hash is not a hash of Werkzeug that the auth service supports: leave out"},
		"plain text":     {func(u *legacydb.User) { u.PasswordHash = ptr("hunter2") }, "password_hash is not a hash of Werkzeug that the auth service supports: leave out"},
		"no created_at":  {func(u *legacydb.User) { u.CreatedAt = nil }, "created_at is NULL: replace 2022-03-02T00:00:00Z"},
		"infinity":       {func(u *legacydb.User) { u.UpdatedAt = ptr("infinity") }, "updated_at is not within the years 1 to 9999: replace 2022-03-01T00:00:00Z"},
		"BC":             {func(u *legacydb.User) { u.CreatedAt = ptr("0044-03-15 00:00:00 BC") }, "created_at is not within the years 1 to 9999: replace 2022-03-02T00:00:00Z"},
		"no time at all": {func(u *legacydb.User) { u.CreatedAt, u.UpdatedAt = nil, nil }, "created_at is NULL: replace 2016-12-31T15:00:00Z; updated_at is NULL: replace 2016-12-31T15:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			u := cleanUser()
			c.change(&u)
			docs, findings := converter(t, legacydb.Default()).User(u)
			if docs == nil || describe(findings) != c.want {
				t.Fatalf("findings %s, want %s", describe(findings), c.want)
			}
			for _, d := range docs.All() {
				check(t, d)
			}
			if shown, _ := json.Marshal(findings); strings.Contains(string(shown), "hunter") || strings.Contains(string(shown), "$2b") {
				t.Errorf("findings quote the hash: %s", shown)
			}
		})
	}
}

// What is said about a name, and whom to tell.
func TestNameFindings(t *testing.T) {
	for name, c := range map[string]struct {
		username, want string
		tell           bool
	}{
		"clean":     {"희경minsu", "", false},
		"spaces":    {" clean ", "username is surrounded by spaces: replace clean", false},
		"NFD":       {"e\u0301tienne", "username is not in Unicode's NFC: replace étienne", false},
		"short":     {"kim", "username is not a name that new users can have: rename kim-*", true},
		"collision": {"MINSU", "username is an older user's, if case and Unicode's form are ignored: rename MINSU-*; username cannot be used to sign in any more: rename MINSU-*", true},
		"parens":    {"a(b)c", "username is not a name that new users can have: rename a_b_c-*", true},
		"reserved":  {"heekyung", "username is that of an account of the new side: rename heekyung-*", true},
	} {
		t.Run(name, func(t *testing.T) {
			conv := converter(t, legacydb.Default())
			conv.Names().Reserve("Heekyung")
			u := cleanUser()
			u.ID, u.Username = "33333333-3333-4333-8333-333333333333", &c.username
			u.CreatedAt = ptr("2023-01-01 00:00:00")
			conv.Names().Put(u)
			docs, findings := conv.User(u)
			got := describe(findings)
			if name, _ := conv.Names().Of(u.ID); docs != nil {
				i := strings.LastIndex(name.Username, "-")
				if i >= 0 {
					got = strings.ReplaceAll(got, name.Username, name.Username[:i+1]+"*")
				}
			}
			if !strings.EqualFold(got, c.want) {
				t.Errorf("findings %s, want %s", got, c.want)
			}
			for _, f := range findings {
				if f.TellUser != c.tell {
					t.Errorf("%s: tell the user: %v, want %v", f.Problem, f.TellUser, c.tell)
				}
			}
			m := legacydb.Default()
			m.Rules.Actions[legacydb.UserUsername] = legacydb.LeaveOut
			strict := converter(t, m)
			strict.Names().Reserve("Heekyung")
			strict.Names().Put(u)
			if docs, findings := strict.User(u); (docs == nil) != c.tell {
				t.Errorf("with the rule to leave out: %v, %s", docs, describe(findings))
			}
			tt := cleanTimetable()
			tt.UserID = &u.ID
			if doc, _ := strict.Timetable(tt); (doc == nil) != c.tell {
				t.Errorf("with the rule to leave out, their timetable is %v", doc)
			}
		})
	}
}

func TestTimetable(t *testing.T) {
	c := converter(t, legacydb.Default())
	doc, findings := c.Timetable(cleanTimetable())
	if doc == nil || len(findings) != 0 {
		t.Fatalf("findings %s", describe(findings))
	}
	check(t, doc)
	want := `{"createdAt":"2022-03-01T00:00:00Z","semester":"schools/고려대학교-서울/semesters/2022-0900","title":"시간표",` +
		`"updatedAt":"2022-03-02T00:00:00Z","visibility":"public"}`
	if doc.Path() != "users/"+userID+"/timetables/"+timetableID || string(conversion.Canonical(doc)) != want {
		t.Errorf("%s is %s", doc.Path(), conversion.Canonical(doc))
	}
	withSemester := legacydb.Default()
	withSemester.Rules.Semester = semesterID
	family := "👨‍👩‍👧"
	for name, c := range map[string]struct {
		change func(*legacydb.Timetable)
		m      *legacydb.Mapping
		want   string
		title  string // "" if left out
	}{
		"no user":               {func(t *legacydb.Timetable) { t.UserID = nil }, nil, "has no user: leave out", ""},
		"unknown user":          {func(t *legacydb.Timetable) { t.UserID = ptr("x") }, nil, "is of a user who is left out: leave out", ""},
		"slash in the id":       {func(t *legacydb.Timetable) { t.ID = "a/b" }, nil, "has an id that Firestore cannot have: leave out", ""},
		"odd id":                {func(t *legacydb.Timetable) { t.ID = "7" }, nil, "id is not 32 hexadecimal digits: keep 7", "시간표"},
		"upper-case id":         {func(t *legacydb.Timetable) { t.ID = strings.ToUpper(timetableID) }, nil, "", "시간표"},
		"no semester":           {func(t *legacydb.Timetable) { t.SemesterID = nil }, nil, "semester_id is not a semester: leave out", ""},
		"malformed semester":    {func(t *legacydb.Timetable) { t.SemesterID = ptr("2022-2") }, nil, "semester_id is not a semester: leave out", ""},
		"semester of the rules": {func(t *legacydb.Timetable) { t.SemesterID = nil }, withSemester, "semester_id is not a semester: replace " + semesterID, "시간표"},
		"semester without row":  {func(t *legacydb.Timetable) { t.SemesterID = ptr("closed_univ/2012-겨울학기") }, nil, "", "시간표"},
		"no title":              {func(t *legacydb.Timetable) { t.Title = nil }, nil, "title is NULL: replace", "="},
		"long title": {func(t *legacydb.Timetable) { t.Title = ptr(strings.Repeat("가", 40_000)) }, nil,
			"title is longer than 300 characters: shorten " + strings.Repeat("가", 80) + "…", strings.Repeat("가", 300)},
		"long title ends in an emoji of several": {func(t *legacydb.Timetable) { t.Title = ptr(strings.Repeat("가", 297) + family) }, nil,
			"title is longer than 300 characters: shorten " + strings.Repeat("가", 80) + "…", strings.Repeat("가", 297)},
		"NUL":       {func(t *legacydb.Timetable) { t.Title = ptr("a\x00b") }, nil, "title is not UTF-8, or contains NUL: replace ab", "ab"},
		"not UTF-8": {func(t *legacydb.Timetable) { t.Title = ptr("a\xffb") }, nil, "title is not UTF-8, or contains NUL: replace a�b", "a\ufffdb"},
		"controls":  {func(t *legacydb.Timetable) { t.Title = ptr("a\x01\n\u2028") }, nil, "", "a\x01\n\u2028"},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.m
			if m == nil {
				m = legacydb.Default()
			}
			row := cleanTimetable()
			c.change(&row)
			doc, findings := converter(t, m).Timetable(row)
			if describe(findings) != c.want || (doc == nil) != (c.title == "") {
				t.Fatalf("findings %s, want %s", describe(findings), c.want)
			}
			if doc == nil {
				return
			}
			check(t, doc)
			if title := doc.Fields["title"]; title != strings.TrimPrefix(c.title, "=") {
				t.Errorf("title %q, want %q", title, c.title)
			}
		})
	}
}

// It is long because of its table of dirt.
func TestLecture(t *testing.T) {
	c := converter(t, legacydb.Default())
	doc, findings := c.Lecture(cleanLecture())
	if doc == nil || len(findings) != 0 {
		t.Fatalf("findings %s", describe(findings))
	}
	check(t, doc)
	want := `{"category":["전공","필수"],"createdAt":"2022-03-01T00:00:00Z","credit":3,"identifier":"COSE101-01","metas":[{"name":"영강","type":"tag"}],` +
		`"professor":"홍길동","times":[{"room":"정보관 202","timeBegin":540,"timeEnd":615,"weekday":0}],"title":"자료구조","updatedAt":"2022-03-02T00:00:00Z"}`
	if got := string(conversion.Canonical(doc)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	times := func(json string) func(*legacydb.Lecture) { return func(l *legacydb.Lecture) { l.Times = &json } }
	tags := func(json string) func(*legacydb.Lecture) { return func(l *legacydb.Lecture) { l.Tags = &json } }
	credit := func(text string) func(*legacydb.Lecture) { return func(l *legacydb.Lecture) { l.Credit = &text } }
	one := `{"weekday":1,"timeBegin":600,"timeEnd":660,"room":""}`
	strict := legacydb.Default()
	for _, field := range []legacydb.Field{legacydb.LectureTitle, legacydb.LectureCredit, legacydb.LectureTags, legacydb.LectureRoom} {
		strict.Rules.Actions[field] = legacydb.LeaveOut
	}
	for name, c := range map[string]struct {
		change func(*legacydb.Lecture)
		want   string
		holds  string // in the canonical form; "" if left out
		m      *legacydb.Mapping
	}{
		"no timetable":         {func(l *legacydb.Lecture) { l.TimetableID = nil }, "has no timetable: leave out", "", nil},
		"no user":              {func(l *legacydb.Lecture) { l.UserID = nil }, "is in a timetable that is left out: leave out", "", nil},
		"no semester":          {func(l *legacydb.Lecture) { l.SemesterID = nil }, "is in a timetable that is left out: leave out", "", nil},
		"reserved id":          {func(l *legacydb.Lecture) { l.ID = "__x__" }, "has an id that Firestore cannot have: leave out", "", nil},
		"no title":             {func(l *legacydb.Lecture) { l.Title = nil }, "title is NULL: replace", `"title":""`, nil},
		"long title, strictly": {func(l *legacydb.Lecture) { l.Title = ptr(strings.Repeat("a", 301)) }, "title is longer than 300 characters: leave out", "", strict},
		"no credit":            {func(l *legacydb.Lecture) { l.Credit = nil }, "credit is NULL: replace 0", `"credit":0`, nil},
		"half a credit":        {credit("0.5"), "", `"credit":0.5`, nil},
		"credit -0":            {credit("-0"), "", `"credit":0`, nil},
		"NaN":                  {credit("NaN"), "credit is not a number: replace 0", `"credit":0`, nil},
		"infinity":             {credit("Infinity"), "credit is not a number: replace 0", `"credit":0`, nil},
		"1e400":                {credit("1e400"), "credit is not a number: replace 0", `"credit":0`, nil},
		"text for a credit":    {credit("3학점"), "credit is not a number: replace 0", `"credit":0`, nil},
		"negative credit":      {credit("-3"), "credit is not between 0 and 100: replace 0", `"credit":0`, nil},
		"1000 credits":         {credit("1000"), "credit is not between 0 and 100: replace 100", `"credit":100`, nil},
		"NaN, strictly":        {credit("NaN"), "credit is not a number: leave out", "", strict},
		"no times":             {func(l *legacydb.Lecture) { l.Times = nil }, "", `"times":[]`, nil},
		"weekday 7":            {times(`[{"weekday":7,"timeBegin":600,"timeEnd":660},` + one + `]`), "times[0] has a weekday that is not between 0 and 6: leave out", `"times":[{"room":"","timeBegin":600,"timeEnd":660,"weekday":1}]`, nil},
		"weekday -1":           {times(`[{"weekday":-1,"timeBegin":600,"timeEnd":660}]`), "times[0] has a weekday that is not between 0 and 6: leave out", `"times":[]`, nil},
		"ends before":          {times(`[{"weekday":1,"timeBegin":660,"timeEnd":600}]`), "times[0] ends before it begins: leave out", `"times":[]`, nil},
		"ends when it begins":  {times(`[{"weekday":1,"timeBegin":600,"timeEnd":600}]`), "times[0] ends before it begins: leave out", `"times":[]`, nil},
		"after midnight":       {times(`[{"weekday":1,"timeBegin":1400,"timeEnd":1500}]`), "times[0] is not within a day: leave out", `"times":[]`, nil},
		"before midnight":      {times(`[{"weekday":1,"timeBegin":-1,"timeEnd":60}]`), "times[0] is not within a day: leave out", `"times":[]`, nil},
		"NULL weekday":         {times(`[{"weekday":null,"timeBegin":600,"timeEnd":660}]`), "times[0] lacks weekday, begin or end: leave out", `"times":[]`, nil},
		"time null":            {times(`[null, 5, "x", []]`), strings.TrimSuffix(strings.Repeat("times[%] lacks weekday, begin or end: leave out; ", 4), "; "), `"times":[]`, nil},
		"half a minute":        {times(`[{"weekday":1,"timeBegin":600.5,"timeEnd":660}]`), "times[0] lacks weekday, begin or end: leave out", `"times":[]`, nil},
		"huge number":          {times(`[{"weekday":1,"timeBegin":1e999,"timeEnd":660}]`), "times[0] lacks weekday, begin or end: leave out", `"times":[]`, nil},
		"numbers as text":      {times(`[{"weekday":"1","timeBegin":"600","timeEnd":660.0}]`), "", `"timeBegin":600,"timeEnd":660,"weekday":1`, nil},
		"keys twice":           {times(`[{"weekday":9,"weekday":1,"timeBegin":600,"timeEnd":660}]`), "", `"weekday":1`, nil},
		"room NULL":            {times(`[{"weekday":1,"timeBegin":600,"timeEnd":660,"room":null}]`), "", `"room":""`, nil},
		"room is a number":     {times(`[{"weekday":1,"timeBegin":600,"timeEnd":660,"room":202}]`), "", `"room":"202"`, nil},
		"room with NUL":        {times(`[{"weekday":1,"timeBegin":600,"timeEnd":660,"room":"a\u0000b"}]`), "times[0].room is not UTF-8, or contains NUL: replace ab", `"room":"ab"`, nil},
		"half a surrogate":     {times(`[{"weekday":1,"timeBegin":600,"timeEnd":660,"room":"\ud83d"}]`), "", `"room":"�"`, nil},
		"long room": {times(`[{"weekday":1,"timeBegin":600,"timeEnd":660,"room":"` + strings.Repeat("x", 400) + `"}]`),
			"times[0].room is longer than 200 characters: shorten " + strings.Repeat("x", 80) + "…", `"room":"` + strings.Repeat("x", 200) + `"`, nil},
		"long room, strictly": {times(`[` + one + `,{"weekday":2,"timeBegin":600,"timeEnd":660,"room":"` + strings.Repeat("x", 400) + `"}]`),
			"times[1].room is longer than 200 characters: leave out", `"times":[{"room":"","timeBegin":600,"timeEnd":660,"weekday":1}]`, strict},
		"20 times":           {times("[" + strings.Repeat(one+",", 19) + one + "]"), "times has more than 12 entries: shorten 12 entries", `"times":[`, nil},
		"times are no JSON":  {times(`{not json`), "times is not a JSON array: replace []", `"times":[]`, nil},
		"times are a map":    {times(one), "times is not a JSON array: replace []", `"times":[]`, nil},
		"two JSON documents": {times("[][]"), "times is not a JSON array: replace []", `"times":[]`, nil},
		"times are null":     {times("null"), "", `"times":[]`, nil},
		"tag twice":          {tags(`["영강","온라인","영강"]`), "tags[2] has an entry twice: leave out", `"metas":[{"name":"영강","type":"tag"},{"name":"온라인","type":"tag"}]`, nil},
		"tags empty":         {tags(`[null,"", "영강"]`), "tags[0] has an entry that is NULL or empty: leave out; tags[1] has an entry that is NULL or empty: leave out", `"metas":[{"name":"영강","type":"tag"}]`, nil},
		"tags as objects":    {tags(`[{"name":"영강"}]`), "", `"metas":[{"name":"영강","type":"tag"}]`, nil},
		"12 tags":            {tags(`["a","b","c","d","e","f","g","h","i","j","k","l"]`), "tags has more than 8 entries: shorten 8 entries", `"h"`, nil},
		"long tag, strictly": {tags(`["` + strings.Repeat("x", 201) + `","a"]`), "tags[0] is longer than 200 characters: leave out", `"metas":[{"name":"a","type":"tag"}]`, strict},
		"deep JSON":          {tags(strings.Repeat("[", 20_000)), "tags is not a JSON array: replace []", `"metas":[]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.m
			if m == nil {
				m = legacydb.Default()
			}
			row := cleanLecture()
			c.change(&row)
			doc, findings := converter(t, m).Lecture(row)
			for i := 0; strings.Contains(c.want, "[%]"); i++ {
				c.want = strings.Replace(c.want, "[%]", fmt.Sprintf("[%d]", i), 1)
			}
			if got := describe(findings); len(got) > 300 || got != c.want {
				t.Fatalf("findings %.300s, want %s", got, c.want)
			}
			if (doc == nil) != (c.holds == "") {
				t.Fatalf("document %v", doc)
			}
			if doc == nil {
				return
			}
			check(t, doc)
			if got := string(conversion.Canonical(doc)); !strings.Contains(got, c.holds) {
				t.Errorf("%s, want %s in it", got, c.holds)
			}
		})
	}
}

func TestSchoolsAndSemesters(t *testing.T) {
	c := converter(t, legacydb.Default())
	school, _ := c.School(legacydb.School{ID: "korea_univ_anam", Name: ptr("고려대학교")})
	if school.Path() != "schools/고려대학교-서울" || string(conversion.Canonical(school)) != `{"legacyId":"korea_univ_anam","name":"고려대학교"}` || !school.CreateOnly {
		t.Errorf("%s %s", school.Path(), conversion.Canonical(school))
	}
	if closed, findings := c.School(legacydb.School{ID: "closed_univ"}); closed == nil || closed.Fields["name"] != "closed_univ" || describe(findings) != "name is NULL: replace" {
		t.Errorf("closed school: %v, %s", closed, describe(findings))
	}
	for name, s := range map[string]struct {
		row  legacydb.Semester
		path string // or what is wrong
	}{
		"row":               {legacydb.Semester{ID: "17", SchoolID: ptr("korea_univ_anam"), Year: ptr("2022"), Term: ptr("여름학기")}, "schools/고려대학교-서울/semesters/2022-0600"},
		"id only":           {legacydb.Semester{ID: semesterID}, "schools/고려대학교-서울/semesters/2022-0900"},
		"old name of term":  {legacydb.Semester{ID: "korea_univ_anam/2019-계절"}, "schools/고려대학교-서울/semesters/2019-0600"},
		"unknown term":      {legacydb.Semester{ID: "korea_univ_anam/2019-3학기"}, "has a term that is not in terms of the mapping"},
		"nothing":           {legacydb.Semester{ID: "korea_univ_anam/test"}, "has no school"},
		"year 22":           {legacydb.Semester{ID: "x", SchoolID: ptr("a"), Year: ptr("22"), Term: ptr("1학기")}, "has no year from 1900 to 2200"},
		"school of nothing": {legacydb.Semester{ID: "x", SchoolID: ptr("a/b"), Year: ptr("2022"), Term: ptr("1학기")}, "has no school"},
	} {
		doc, findings := c.Semester(s.row)
		if doc != nil {
			check(t, doc)
			if doc.Path() != s.path || !doc.CreateOnly {
				t.Errorf("%s: %s, want %s", name, doc.Path(), s.path)
			}
		} else if describe(findings) != s.path+": leave out" {
			t.Errorf("%s: %s, want %s", name, describe(findings), s.path)
		}
	}
	for path, want := range map[string]string{
		"schools/고려대학교-서울/semesters/2022-0900":    semesterID,
		"schools/고려대학교-서울/semesters/2026-0300":    "korea_univ_anam/2026-1학기",
		"schools/고려대학교-서울/semesters/2026-0600":    "korea_univ_anam/2026-여름학기",
		"schools/closed_univ/semesters/2012-0900": "closed_univ/2012-2학기",
		"schools/새대학교/semesters/2026-0300":        "",
		"schools/고려대학교-서울/semesters/2026-0500":    "",
		"schools/고려대학교-서울/semesters/x":            "",
		"users/x": "",
	} {
		if got, ok := c.SemesterID(client(t).Doc(path)); got != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

// Equal documents have equal hashes however they are written, and others do not.
func TestCanonical(t *testing.T) {
	c := converter(t, legacydb.Default())
	doc, _ := c.Lecture(cleanLecture())
	hash := conversion.Hash(doc)
	written := *doc
	written.Fields = conversion.AsRead(doc.Fields)
	written.Fields["credit"] = int64(3)
	written.Fields["later"] = "a field of a later server"
	written.Fields["metas"] = []any{
		map[string]any{"type": "tag", "name": "영강"}, map[string]any{"type": "tag", "name": ""}, map[string]any{"type": "tag", "name": "영강"},
	}
	written.Fields["createdAt"] = written.Fields["createdAt"].(time.Time).In(time.FixedZone("", 3600)).Add(999)
	if conversion.Hash(&written) != hash || len(conversion.Compare(doc, &written)) != 0 {
		t.Errorf("differences %v", conversion.Compare(doc, &written))
	}
	written.Fields["credit"] = 3.5
	delete(written.Fields, "createdAt")
	if conversion.Hash(&written) == hash {
		t.Error("the hash is the same for another credit")
	}
	want := []conversion.Difference{{Field: "createdAt", Old: `"2022-03-01T00:00:00Z"`}, {Field: "credit", Old: "3", New: "3.5"}}
	if got := conversion.Compare(doc, &written); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("differences %v, want %v", got, want)
	}
	if got := conversion.Compare(doc, nil); len(got) != 9 || got[0].New != "" {
		t.Errorf("differences from nothing: %v", got)
	}
	other, _ := c.Lecture(func() legacydb.Lecture { l := cleanLecture(); l.ID = userID; return l }())
	if conversion.Hash(other) == hash {
		t.Error("the hash is the same at another path")
	}
}
