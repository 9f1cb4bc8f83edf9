package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const sessionCookie = "JSESSIONID"

// Handler is the university's registration server, in the shape of Korea University's:
//
//   - GET /p/v/lectList gives a page and the cookie of a session.
//   - POST /d/v/lectHakbu, with that cookie and the form fields pYear and pTerm, gives {"code": "200", "rows": […]}; without
//     the cookie, or for a term that is not open, status 200 with {"code": "500", "message": "…"}. The fields pCampus,
//     pGradCd, pCourDiv, pCol, pDept and pCourCd narrow the list down; empty ones do not, and others are passed over.
//
// And for a developer who wants to see what HeekTime makes of it:
//
//   - POST /demo/fail with the form field mode calls [University.Fail].
//   - POST /demo/change with the form field n calls [University.Change].
//   - GET / says how.
func (u *University) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /p/v/lectList", u.serveEntrance)
	mux.HandleFunc("POST /d/v/lectHakbu", u.serveList)
	mux.HandleFunc("POST /demo/fail", u.serveFail)
	mux.HandleFunc("POST /demo/change", u.serveChange)
	mux.HandleFunc("GET /{$}", serveHelp)
	return mux
}

func (u *University) serveEntrance(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: u.session, Path: "/", HttpOnly: true})
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	io.WriteString(w, "<!DOCTYPE html><html lang=\"ko\"><head><title>데모대학교 수강신청</title></head><body><h1>개설과목 조회</h1></body></html>\n")
}

func (u *University) serveList(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form: "+err.Error(), http.StatusBadRequest)
		return
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value != u.session {
		refuse(w, "세션이 없거나 끝났습니다. 처음 화면부터 다시 들어와 주세요.")
		return
	}
	q := query(r)
	sections, open := u.shown(q.year, q.term)
	if !open {
		refuse(w, "수업정보를 조회할 수 있는 학기가 아닙니다.")
		return
	}
	matching := make([]section, 0, len(sections))
	for _, s := range sections {
		if q.matches(&s) {
			matching = append(matching, s)
		}
	}
	u.answer(w, r, answer{year: q.year, term: q.term, request: u.requests.Add(1), sections: matching})
}

// refuse says no as the real server does: in the body, under status 200.
func refuse(w http.ResponseWriter, message string) {
	w.Header().Set("Content-Type", jsonType)
	json.NewEncoder(w).Encode(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{"500", message})
}

// form is what a query asks for; an empty field asks for everything.
type form struct {
	year, term, campus, grade, division, college, department, course string
}

func query(r *http.Request) form {
	return form{
		year: r.PostFormValue("pYear"), term: r.PostFormValue("pTerm"), campus: r.PostFormValue("pCampus"), grade: r.PostFormValue("pGradCd"),
		division: r.PostFormValue("pCourDiv"), college: r.PostFormValue("pCol"), department: r.PostFormValue("pDept"), course: r.PostFormValue("pCourCd"),
	}
}

func (q form) matches(s *section) bool {
	same := func(asked, is string) bool { return asked == "" || asked == is }
	return same(q.campus, campus) && same(q.grade, undergraduate) && same(q.division, s.course.division) &&
		same(q.college, s.course.collegeCode) && same(q.department, s.course.department.code) && same(q.course, s.course.code)
}

func (u *University) serveFail(w http.ResponseWriter, r *http.Request) {
	f, err := ParseFailure(r.PostFormValue("mode"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u.Fail(f)
	fmt.Fprintf(w, "queries for lists are now: %s\n", f)
}

func (u *University) serveChange(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PostFormValue("n"))
	if err != nil || n < 1 {
		http.Error(w, "n must be a number of lectures, 1 or more", http.StatusBadRequest)
		return
	}
	for _, c := range u.Change(n) {
		fmt.Fprintf(w, "%d %s %s %s\n", c.Year, c.Term, c.Identifier, c.What)
	}
}

func serveHelp(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "데모대학교, a university that was made up.\n\n"+
		"Change three lectures:        curl -d n=3 http://%[1]s/demo/change\n"+
		"Make it misbehave:            curl -d mode=half-lost http://%[1]s/demo/fail\n\nModes:", r.Host)
	for _, f := range Failures() {
		fmt.Fprintf(w, " %s", f)
	}
	fmt.Fprintln(w)
}
