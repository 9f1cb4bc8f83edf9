package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestContract makes the calls of the contract in the order in which an old app makes them. It is
// long because each call depends on the ones before.
func TestContract(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	minsu := fx.signUp(t, "minsu")

	var me struct{ ID, Username string }
	call(t, "GET", fx.url+"/me", minsu.access, nil).into(t, &me)
	if me.ID != minsu.id || me.Username != "minsu" {
		t.Errorf("me: %+v", me)
	}
	call(t, "GET", fx.url+"/username/minsu", "null", nil).into(t, &me)
	if me.ID != minsu.id || me.Username != "minsu" {
		t.Errorf("user by username: %+v", me)
	}
	if r := call(t, "GET", fx.url+"/username/nobody", "null", nil); r.status != 404 || r.code(t) != "US005" {
		t.Errorf("unknown username: %d %s", r.status, r.body)
	}

	var schools []struct {
		ID, Name  string
		Semesters []struct {
			ID, Term string
			Year     int
		}
	}
	call(t, "GET", fx.url+"/schools", "null", nil).into(t, &schools)
	if len(schools) != 2 || schools[0].ID != "korea_univ_anam" || schools[0].Name != "고려대학교 (서울)" || schools[1].ID != "데모대학교-서울" {
		t.Fatalf("schools: %+v", schools)
	}
	fall := schools[0].Semesters
	if len(fall) != 2 || fall[0].ID != oldKorea || fall[0].Year != 2022 || fall[0].Term != "2학기" || fall[1].ID != "korea_univ_anam/2022-1학기" {
		t.Errorf("visible semesters: %+v", fall)
	}

	made := fx.makeTimetable(t, minsu, oldKorea, "가을 <계획>")
	if len(made.ID) != 32 || strings.Trim(made.ID, "0123456789abcdef") != "" || made.Title != "가을 <계획>" || made.User.ID != minsu.id || made.Lectures == nil {
		t.Errorf("timetable: %+v", made)
	}
	if s := made.Semester; s.ID != oldKorea || s.Year != 2022 || s.Term != "2학기" || s.School.ID != "korea_univ_anam" || s.School.Name != "고려대학교 (서울)" {
		t.Errorf("the timetable's semester: %+v", s)
	}

	added := fx.addLecture(t, minsu, made.ID, dataLecture())
	if added.ID == "" || added.Identifier != "COSE372-02" || added.Title != "데이터베이스시스템" || added.Professor != "정연돈" || added.Credit != 3 ||
		len(added.Category) != 2 || len(added.Tags) != 1 || added.Tags[0].Name != "영강" || len(added.Times) != 2 {
		t.Fatalf("lecture: %+v", added)
	}
	if first := added.Times[0]; first.Weekday != 1 || first.TimeBegin != 630 || first.TimeEnd != 705 || first.Room != "정보관 202" ||
		first.PeriodBegin == nil || *first.PeriodBegin != 2 || *first.PeriodEnd != 2 {
		t.Errorf("time in whole periods: %+v", first)
	}
	if second := added.Times[1]; second.PeriodBegin != nil || second.PeriodEnd != nil {
		t.Errorf("time not in whole periods: %+v", second)
	}

	lecture := fx.url + "/me/timetables/" + made.ID + "/lectures/" + added.ID
	var put lectureResponse
	call(t, "PUT", lecture, minsu.access, map[string]any{"id": added.ID, "identifier": "X", "title": "내가 고친 강의", "professor": nil,
		"credit": 1.5, "times": []any{map[string]any{"weekday": 0, "timeBegin": 540, "timeEnd": 770, "room": nil, "periodBegin": 9}},
		"category": []string{}, "tags": []any{map[string]any{"name": "직접 입력", "color": "red"}}}).into(t, &put)
	if put.ID != added.ID || put.Title != "내가 고친 강의" || put.Credit != 1.5 || put.Tags[0].Name != "직접 입력" || *put.Times[0].PeriodBegin != 1 || *put.Times[0].PeriodEnd != 3 {
		t.Errorf("replaced lecture: %+v", put)
	}
	if list := fx.timetables(t, minsu.id, "null"); len(list) != 1 || list[0].Title != made.Title || len(list[0].Lectures) != 1 || list[0].Lectures[0].Title != put.Title {
		t.Errorf("list: %+v", list)
	}
	if r := call(t, "DELETE", lecture, minsu.access, nil); r.status/100 != 2 {
		t.Errorf("delete: %d %s", r.status, r.body)
	}
	if list := fx.timetables(t, minsu.id, minsu.access); len(list) != 1 || list[0].Lectures == nil || len(list[0].Lectures) != 0 {
		t.Errorf("list after deletion: %+v", list)
	}
	// User, username index, timetable, added lecture, replaced lecture, deleted lecture.
	if fx.checked != 6 {
		t.Errorf("the rules checked %d writes, want 6", fx.checked)
	}
}

// An expired token gets AT003; the app refreshes it and repeats the call. The refresh token stays
// valid.
func TestExpiredTokenIsRefreshed(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	for range 2 {
		fx.Clock.Advance(11 * time.Minute)
		if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 401 || r.code(t) != "AT003" {
			t.Fatalf("expired token: %d %s", r.status, r.body)
		}
		var fresh struct {
			Access string `json:"access_token"`
		}
		r := call(t, "POST", fx.url+"/auth/refresh-token", u.access, map[string]string{"refresh_token": u.refresh})
		if r.into(t, &fresh); r.status != 200 || fresh.Access == "" {
			t.Fatalf("refresh: %d %s", r.status, r.body)
		}
		u.access = fresh.Access
		if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 200 {
			t.Fatalf("repeated call: %d %s", r.status, r.body)
		}
	}
}

// TestRejections checks the status, code and message for invalid calls. It is long because of its
// table.
func TestRejections(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	made := fx.makeTimetable(t, u, oldKorea, "시간표")
	lectures := "/me/timetables/" + made.ID + "/lectures"
	signUp := func(username, password, name any) map[string]any {
		return map[string]any{"username": username, "password": password, "name": name}
	}
	times := func(fields ...any) map[string]any {
		return map[string]any{"title": "강의", "times": fields}
	}
	span := func(weekday, begin, end any) map[string]any {
		return map[string]any{"weekday": weekday, "timeBegin": begin, "timeEnd": end}
	}
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		code, text   string
	}{
		"taken username":                {"POST", "/users", signUp("minsu", secret, "이름"), 409, "US002", "이미 사용 중"},
		"taken in another case":         {"POST", "/users", signUp("MinSu", secret+"x", "이름"), 409, "US002", "이미 사용 중"},
		"short username":                {"POST", "/users", signUp("abc", secret, "이름"), 400, "US001", "4자 이상"},
		"long username":                 {"POST", "/users", signUp(strings.Repeat("a", 33), secret, "이름"), 400, "US001", "32자 이하"},
		"username with slash":           {"POST", "/users", signUp("ab/cd", secret, "이름"), 400, "US001", "아이디"},
		"username with at":              {"POST", "/users", signUp("a@example.com", secret, "이름"), 400, "US001", "아이디"},
		"username with spaces":          {"POST", "/users", signUp("ab cd", secret, "이름"), 400, "US001", "공백"},
		"username with a URL's query":   {"POST", "/users", signUp("q?x=1", secret, "이름"), 400, "US001", "특수문자"},
		"username with an escape":       {"POST", "/users", signUp("%41bcd", secret, "이름"), 400, "US001", "특수문자"},
		"username with a zero width":    {"POST", "/users", signUp("ab\u200bcd", secret, "이름"), 400, "US001", "아이디"},
		"username in full width":        {"POST", "/users", signUp("ｍｉｎｓｕ", secret, "이름"), 400, "US001", "아이디"},
		"reserved document ID":          {"POST", "/users", signUp("__ab__", secret, "이름"), 400, "US001", "아이디"},
		"short password":                {"POST", "/users", signUp("newuser", "1234567", "이름"), 400, "US003", "8자 이상"},
		"long password":                 {"POST", "/users", signUp("newuser", strings.Repeat("x", 2000), "이름"), 400, "US003", "비밀번호"},
		"short name":                    {"POST", "/users", signUp("newuser", secret, "김"), 400, "US004", "2자 이상"},
		"missing name":                  {"POST", "/users", map[string]string{"username": "newuser", "password": secret}, 400, "RQ001", "username, password, name"},
		"numeric name":                  {"POST", "/users", signUp("newuser", secret, 17), 400, "RQ001", "문자"},
		"not JSON":                      {"POST", "/users", "username=x", 400, "RQ001", "JSON"},
		"array":                         {"POST", "/auth/token", "[]", 400, "RQ001", "JSON"},
		"empty body":                    {"POST", "/auth/token", "", 400, "RQ001", "JSON"},
		"huge body":                     {"POST", "/auth/token", strings.Repeat(" ", 1<<20), 413, "RQ002", "너무"},
		"wrong password":                {"POST", "/auth/token", map[string]string{"username": "minsu", "password": "wrong" + secret}, 401, "AL001", "비밀번호"},
		"unknown user":                  {"POST", "/auth/token", map[string]string{"username": "nobody", "password": secret}, 401, "AL001", "아이디"},
		"null refresh token":            {"POST", "/auth/refresh-token", map[string]any{"refresh_token": nil}, 400, "RQ001", "refresh_token"},
		"malformed refresh token":       {"POST", "/auth/refresh-token", map[string]string{"refresh_token": "x"}, 401, "AL002", "다시 로그인"},
		"access token for refresh":      {"POST", "/auth/refresh-token", map[string]string{"refresh_token": u.access}, 401, "AL002", "다시 로그인"},
		"unknown semester":              {"GET", "/semesters/korea_univ_anam/2022-3학기/lectures-url", nil, 404, "SM001", "학기"},
		"Firestore ID of a semester":    {"GET", "/semesters/고려대학교-서울/2022-2학기/lectures-url", nil, 404, "SM001", "학기"},
		"semester without list":         {"GET", "/semesters/" + oldDemo + "/lectures-url", nil, 404, "SM002", "아직"},
		"unknown user's timetables":     {"GET", "/users/nobody/timetables", nil, 404, "US005", "사용자"},
		"timetable without semester":    {"POST", "/me/timetables", map[string]string{"title": "x"}, 400, "RQ001", "semester_id"},
		"timetable in unknown semester": {"POST", "/me/timetables", map[string]string{"semester_id": "x/y", "title": "x"}, 404, "SM001", "학기"},
		"long timetable title":          {"POST", "/me/timetables", map[string]string{"semester_id": oldKorea, "title": strings.Repeat("글", 301)}, 400, "TT002", "300자"},
		"lecture in unknown timetable":  {"POST", "/me/timetables/nothing/lectures", dataLecture(), 404, "TT001", "시간표"},
		"lecture in invalid timetable":  {"POST", "/me/timetables/a%2Fb/lectures", dataLecture(), 404, "TT001", "시간표"},
		"lecture without title":         {"POST", lectures, "{}", 400, "LC002", "title"},
		"null lecture":                  {"POST", lectures, "null", 400, "LC002", "객체"},
		"numeric title":                 {"POST", lectures, map[string]any{"title": 1}, 400, "LC002", "강의명(title) 값은 문자열이어야"},
		"long title":                    {"POST", lectures, map[string]any{"title": strings.Repeat("가", 301)}, 400, "LC002", "300자"},
		"text credit":                   {"POST", lectures, map[string]any{"title": "강의", "credit": "3"}, 400, "LC002", "학점(credit) 값은 숫자여야"},
		"excessive credit":              {"POST", lectures, map[string]any{"title": "강의", "credit": 101}, 400, "LC002", "100"},
		"no weekday":                    {"POST", lectures, times(span(nil, 540, 600)), 400, "LC002", "times[0]의 weekday"},
		"fractional weekday":            {"POST", lectures, times(span(0.5, 540, 600)), 400, "LC002", "weekday"},
		"weekday out of range":          {"POST", lectures, times(span(0, 540, 600), span(7, 540, 600)), 400, "LC002", "times[1]의 weekday"},
		"end before begin":              {"POST", lectures, times(span(0, 600, 600)), 400, "LC002", "시작이 끝보다"},
		"end after midnight":            {"POST", lectures, times(span(0, 600, 1441)), 400, "LC002", "1440"},
		"text times":                    {"POST", lectures, map[string]any{"title": "강의", "times": []string{"월1"}}, 400, "LC002", "배열이어야"},
		"too many categories":           {"POST", lectures, map[string]any{"title": "강의", "category": make([]string, 21)}, 400, "LC002", "20개"},
		"text tags":                     {"POST", lectures, map[string]any{"title": "강의", "tags": []string{"영강"}}, 400, "LC002", "태그(tags)"},
		"huge lecture":                  {"POST", lectures, map[string]any{"title": "강의", "extra": strings.Repeat("x", 300<<10)}, 413, "RQ002", "너무"},
		"replace unknown lecture":       {"PUT", lectures + "/nothing", dataLecture(), 404, "LC001", "삭제"},
		"replace invalid lecture":       {"PUT", lectures + "/..", dataLecture(), 404, "LC001", "강의"},
		"replace in unknown timetable":  {"PUT", "/me/timetables/nothing/lectures/x", dataLecture(), 404, "TT001", "시간표"},
		"replace with empty body":       {"PUT", lectures + "/nothing", "", 400, "LC002", "객체"},
		"delete in unknown timetable":   {"DELETE", "/me/timetables/nothing/lectures/x", nil, 404, "TT001", "시간표"},
		"unknown path":                  {"GET", "/nothing", nil, 404, "RQ003", "주소"},
		"trailing slash":                {"GET", "/schools/", nil, 404, "RQ003", "주소"},
		"incomplete path":               {"GET", "/semesters/korea_univ_anam/2022-2학기", nil, 404, "RQ003", "주소"},
		"wrong method":                  {"DELETE", "/schools", nil, 405, "RQ004", "요청"},
	} {
		t.Run(name, func(t *testing.T) {
			r := call(t, c.method, fx.url+c.path, u.access, c.body)
			if r.status != c.status || r.code(t) != c.code || !strings.Contains(r.body, c.text) {
				t.Errorf("got %d %s, want %d %s and %q", r.status, r.body, c.status, c.code, c.text)
			}
		})
	}
}

// Pages of any origin may call the API, and every GET call also supports HEAD.
func TestPreflightAndHEAD(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	if r := call(t, "HEAD", fx.url+"/schools", "null", nil); r.status != 200 || r.body != "" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %d %v", r.status, r.header)
	}
	for _, path := range []string{"/me", "/schools", "/me/timetables/x/lectures/y", "/semesters/" + oldKorea + "/lectures-url", "/auth/token"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, fx.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://old.example")
		req.Header.Set("Access-Control-Request-Method", "PUT")
		req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		r := send(t, req)
		methods, headers := r.header.Get("Access-Control-Allow-Methods"), r.header.Get("Access-Control-Allow-Headers")
		if r.status != 204 || methods != "GET, POST, PUT, DELETE" || headers != "Authorization, Content-Type" {
			t.Errorf("%s: %d %q %q", path, r.status, methods, headers)
		}
	}
}

// IDs in paths work however a client escapes them.
func TestEscapedIDsInPaths(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	want := call(t, "GET", fx.url+"/semesters/"+oldKorea+"/lectures-url", "null", nil).body
	if !strings.HasPrefix(want, `{"url":"`+publicURL+`/apis/v2/lists/`) {
		t.Fatalf("lectures-url: %s", want)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(fx.url, "http://"), "/apis/v2")
	for name, id := range map[string]string{
		"plain":              oldKorea,
		"escaped":            "korea_univ_anam/" + url.PathEscape("2022-2학기"),
		"lower-case escapes": "korea_univ_anam/" + strings.ToLower(url.PathEscape("2022-2학기")),
		"escaped slash":      url.PathEscape(oldKorea),
		"fully escaped":      "%6Borea_univ_anam%2F2022%2D2%ED%95%99%EA%B8%B0",
		"partly escaped":     "korea_univ_anam/2022-2%ED%95%99기",
	} {
		// Sent over a raw connection, because net/http would escape the ID.
		r := raw(t, host, "GET /apis/v2/semesters/"+id+"/lectures-url HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer null\r\nConnection: close\r\n\r\n")
		if r.status != 200 || r.body != want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	for name, target := range map[string]string{
		"invalid UTF-8":           "/apis/v2/semesters/korea_univ_anam/2022-2\xc7\xd0\xb1\xe2/lectures-url",
		"escaped invalid UTF-8":   "/apis/v2/semesters/korea_univ_anam/2022-2%C7%D0%B1%E2/lectures-url",
		"user, invalid UTF-8":     "/apis/v2/users/%C7%D0/timetables",
		"username, invalid UTF-8": "/apis/v2/username/%C7%D0%00x",
		"empty user":              "/apis/v2/users//timetables",
		"parent folder":           "/apis/v2/users/../timetables",
		"list, invalid UTF-8":     "/apis/v2/lists/%C7/%D0/x.json",
	} {
		r := raw(t, host, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if r.status != 404 || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	made := fx.makeTimetable(t, fx.signUp(t, "한글아이디"), oldKorea, "시간표")
	for name, username := range map[string]string{"plain": "한글아이디", "escaped": url.PathEscape("한글아이디")} {
		r := raw(t, host, "GET /apis/v2/username/"+username+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if r.status != 200 || !strings.Contains(r.body, made.User.ID) {
			t.Errorf("username, %s: %d %s", name, r.status, r.body)
		}
	}
}
