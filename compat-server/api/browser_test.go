package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// oldPage makes the calls of the old web page. Like the real page, it compares the whole
// Content-Type header and throws error messages.
const oldPage = `(async (base) => {
	let access = null
	const call = async (method, path, body) => {
		const response = await fetch(base + path, {
			method, headers: {"Authorization": "Bearer " + access, "Content-Type": "application/json"},
			body: body && JSON.stringify(body),
		})
		const type = response.headers.get("Content-Type")
		const json = type === "application/json" ? await response.json() : null
		if (!response.ok) throw new Error(response.status + " " + json.code + " " + json.message)
		return json
	}
	await call("POST", "/users", {username: "minsu", password: "PASSWORD", name: "민수"})
	const signedOut = await call("GET", "/me").catch(error => error.message)
	access = (await call("POST", "/auth/token", {username: "minsu", password: "PASSWORD"})).access_token
	const me = await call("GET", "/me")
	const school = (await call("GET", "/schools")).find(school => school.id === "korea_univ_anam")
	const semester = school.semesters[0].id
	const list = await (await fetch((await call("GET", "/semesters/" + semester + "/lectures-url")).url)).json()
	const timetable = await call("POST", "/me/timetables", {semester_id: semester, title: "계획"})
	const lectures = "/me/timetables/" + timetable.id + "/lectures"
	const first = await call("POST", lectures, list[0]), second = await call("POST", lectures, list[1])
	await call("PUT", lectures + "/" + first.id, {...first, title: "고친 강의"})
	await call("DELETE", lectures + "/" + second.id)
	const missing = await call("PUT", lectures + "/" + second.id, second).catch(error => error.message)
	const found = await call("GET", "/username/" + me.username)
	const timetables = await call("GET", "/users/" + found.id + "/timetables")
	const titles = timetables[0].lectures.map(l => l.title)
	return {signedOut, missing, lectures: list.length, titles, period: first.times[0].periodBegin}
})`

// TestOldWebPage makes every kind of call from a page of another origin, in a real browser.
func TestOldWebPage(t *testing.T) {
	t.Parallel()
	browser := sdktest.OpenBrowser(t)
	fx := newFixtureWithoutServer(t)
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	defer srv.Close()
	handler = fx.server(t, options{publicURL: srv.URL})
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		io.WriteString(rw, "<!doctype html><title>옛 화면</title>")
	}))
	defer site.Close()
	page := browser.Open(t, site.URL)
	var got struct {
		SignedOut, Missing string
		Lectures, Period   int
		Titles             []string
	}
	script := strings.ReplaceAll(oldPage, "PASSWORD", secret)
	if err := page.Eval(t.Context(), script+"("+strconv.Quote(srv.URL+"/apis/v2")+")", &got); err != nil {
		t.Fatal(err)
	}
	if got.SignedOut != "401 AT001 로그인이 필요해요." || got.Missing != "404 LC001 시간표에 없는 강의예요. 이미 삭제됐을 수 있어요." ||
		got.Lectures != 2 || len(got.Titles) != 1 || got.Titles[0] != "고친 강의" || got.Period != 2 {
		t.Errorf("the page got %+v", got)
	}
}
