package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const sessionCookie = "JSESSIONID"

// Handler returns the university's registration server, which imitates Korea University's:
//
//   - GET /p/v/lectList returns a page and sets the session cookie.
//   - POST /d/v/lectHakbu, with the cookie and the form fields pYear and pTerm, returns
//     {"code": "200", "rows": […]}. Without the cookie, or for an unknown term, it returns status 200
//     and {"code": "500", "message": "…"}. The fields pCampus, pGradCd, pCourDiv, pCol, pDept and
//     pCourCd filter the list unless they are empty. Other fields are ignored.
//
// Developers can control it:
//
//   - POST /demo/fail with the form field mode calls [University.Fail].
//   - POST /demo/change with the form field n calls [University.Change].
//   - GET / explains both.
func (u *University) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /p/v/lectList", u.serveSearchPage)
	mux.HandleFunc("POST /d/v/lectHakbu", u.serveList)
	mux.HandleFunc("POST /demo/fail", u.serveFail)
	mux.HandleFunc("POST /demo/change", u.serveChange)
	mux.HandleFunc("GET /{$}", serveHelp)
	return mux
}

func (u *University) serveSearchPage(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: u.session, Path: "/", HttpOnly: true})
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	io.WriteString(w, "<!DOCTYPE html><html lang=\"ko\"><head><title>데모대학교 수강신청</title></head><body><h1>개설과목 조회</h1></body></html>\n")
}

func (u *University) serveList(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "parse form: "+err.Error(), http.StatusBadRequest)
		return
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value != u.session {
		rejectQuery(w, "세션이 없거나 끝났습니다. 처음 화면부터 다시 들어와 주세요.")
		return
	}
	q := parseQuery(r)
	sections, ok := u.shown(q.year, q.term)
	if !ok {
		rejectQuery(w, "수업정보를 조회할 수 있는 학기가 아닙니다.")
		return
	}
	matching := make([]section, 0, len(sections))
	for _, s := range sections {
		if q.matches(&s) {
			matching = append(matching, s)
		}
	}
	u.respond(w, r, listResponse{year: q.year, term: q.term, request: u.requests.Add(1), sections: matching})
}

// rejectQuery rejects a query as the real server does: with status 200 and an error in the body.
func rejectQuery(w http.ResponseWriter, message string) {
	w.Header().Set("Content-Type", contentTypeJSON)
	json.NewEncoder(w).Encode(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{"500", message})
}

// listQuery is a query for a course list. An empty field matches everything.
type listQuery struct {
	year, term, campus, grade, division, college, department, course string
}

func parseQuery(r *http.Request) listQuery {
	return listQuery{
		year: r.PostFormValue("pYear"), term: r.PostFormValue("pTerm"), campus: r.PostFormValue("pCampus"), grade: r.PostFormValue("pGradCd"),
		division: r.PostFormValue("pCourDiv"), college: r.PostFormValue("pCol"), department: r.PostFormValue("pDept"), course: r.PostFormValue("pCourCd"),
	}
}

func (q listQuery) matches(s *section) bool {
	match := func(want, value string) bool { return want == "" || want == value }
	return match(q.campus, campus) && match(q.grade, undergraduate) && match(q.division, s.course.division) &&
		match(q.college, s.course.collegeCode) && match(q.department, s.course.department.code) && match(q.course, s.course.code)
}

func (u *University) serveFail(w http.ResponseWriter, r *http.Request) {
	f, err := ParseFailure(r.PostFormValue("mode"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u.Fail(f)
	fmt.Fprintf(w, "failure mode is now %s\n", f)
}

func (u *University) serveChange(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PostFormValue("n"))
	if err != nil || n < 1 {
		http.Error(w, "n must be the number of changes, 1 or more", http.StatusBadRequest)
		return
	}
	for _, c := range u.Change(n) {
		fmt.Fprintf(w, "%d %s %s %s\n", c.Year, c.Term, c.Identifier, c.Kind)
	}
}

func serveHelp(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "데모대학교 is an invented university.\n\n"+
		"Change three lectures:        curl -d n=3 http://%[1]s/demo/change\n"+
		"Make its server fail:         curl -d mode=half-lost http://%[1]s/demo/fail\n\nModes:", r.Host)
	for _, f := range Failures() {
		fmt.Fprintf(w, " %s", f)
	}
	fmt.Fprintln(w)
}
