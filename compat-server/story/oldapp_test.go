package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// oldApp is an old app on the phone of one user. It makes one request after another, each through the next
// instance, and compares every response with its model.
type oldApp struct {
	w    *world
	r    *rand.Rand
	http *http.Client
	model
	// through is the instance that all its requests go through, nil for each in turn.
	through *instance

	username string
	// passwords are those that may be the password: more than one after a change without a response.
	passwords       []string
	uid             string
	access, refresh string
	serial          int // of the titles it makes
	// siblings are users who signed up on the same phone.
	siblings []*oldApp
}

// plainHTTP is for requests that are not an app's.
var plainHTTP = &http.Client{}

// lost is a request without a usable response that a fault excuses. It may have been carried out or not,
// and even be carried out later.
type lost struct{ why string }

func (l *lost) Error() string { return l.why }

// reply is a response.
type reply struct {
	status int
	body   []byte
	from   string // for messages
}

func (r reply) code() string {
	var problem struct{ Code string }
	_ = json.Unmarshal(r.body, &problem) // no code if it is not JSON
	return problem.Code
}

func (r reply) String() string {
	return fmt.Sprintf("%d %s from %s", r.status, bytes.TrimSpace(r.body), r.from)
}

// send makes one request. A *[lost] error is excused by a fault; any other is a failure of the system.
func (a *oldApp) send(method, path, token string, body any) (reply, error) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	in, start := a.through, a.w.faults.moment()
	if in == nil {
		in = a.w.balancer.pick()
	}
	got, err := a.exchange(in, method, path, token, text)
	// A DELETE that was repeated because its connection broke does not find what it deleted, or comes after its token has
	// expired, which is soon here: the first try may have deleted it all the same.
	repeated := method == "DELETE" && (got.status == http.StatusNotFound || got.status == http.StatusUnauthorized) && a.w.faults.excuse(in, start) != ""
	if err == nil && got.status < http.StatusInternalServerError && !repeated {
		return got, nil
	}
	failure := fmt.Errorf("%s %s: %v %w", method, path, got, err)
	if err == nil {
		failure = fmt.Errorf("%s %s: %v", method, path, got)
	}
	if why := a.w.faults.excuse(in, start); why != "" {
		a.w.count("excused requests")
		return got, &lost{why}
	}
	if in.process != nil {
		failure = fmt.Errorf("%w\nthe end of the instance's log:\n%s", failure, tail(in.output()))
	}
	return got, failure
}

func (a *oldApp) exchange(in *instance, method, path, token string, body []byte) (reply, error) {
	r, err := http.NewRequestWithContext(a.w.requests, method, in.url+"/apis/v2"+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if token == "" {
		token = "null"
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	// Each request comes from another address, since the limits of one address are not the subject here.
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", a.r.IntN(250)+1, a.r.IntN(250)+1, a.r.IntN(250)+1))
	begin := time.Now()
	response, err := a.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	a.w.took(method, time.Since(begin))
	from := fmt.Sprintf("instance %d", in.number)
	if response.Header.Get("X-Old-Server") != "" {
		from = "the old server through " + from
	}
	return reply{response.StatusCode, text, from}, err
}

// call makes a request of a signed-in app: when the access token has expired, it refreshes it and repeats
// the request once. It returns an error unless the response has the wanted status.
func (a *oldApp) call(want int, method, path string, body any) (reply, error) {
	got, err := a.send(method, path, a.access, body)
	for err == nil && got.status == http.StatusUnauthorized && got.code() == "AT003" {
		refreshed := time.Now()
		if err := a.refreshToken(); err != nil {
			return got, err
		}
		got, err = a.send(method, path, a.access, body)
		if time.Since(refreshed) < accessLifetime-time.Second { // tokens have whole seconds
			break
		}
		// On a slow machine the request has outlived the token, which lives for 15 minutes elsewhere.
	}
	if err == nil && got.status != want {
		err = fmt.Errorf("%s %s: %v, want %d", method, path, got, want)
	}
	return got, err
}

// refreshToken gets a new access token. An app whose refresh token is refused asks its user to sign in: that
// is a failure, because users would notice.
func (a *oldApp) refreshToken() error {
	got, err := a.send("POST", "/auth/refresh-token", "", map[string]string{"refresh_token": a.refresh})
	if err != nil {
		return err
	}
	a.w.count("refreshed tokens")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(got.body, &tokens); err != nil || tokens.Access == "" {
		return fmt.Errorf("refresh the token: %v", got)
	}
	a.access = tokens.Access
	return nil
}

// signIn signs in with the password.
func (a *oldApp) signIn() error {
	var got reply
	var err error
	for _, password := range a.passwords {
		got, err = a.send("POST", "/auth/token", "", map[string]string{"username": a.username, "password": password})
		if err != nil {
			return err
		}
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		if err := json.Unmarshal(got.body, &tokens); err == nil && got.status == http.StatusOK && tokens.Access != "" {
			a.access, a.refresh, a.passwords = tokens.Access, tokens.Refresh, []string{password}
			return nil
		}
	}
	return fmt.Errorf("sign in as %s with %q: %v", a.username, a.passwords, got)
}

// me asks who is signed in.
func (a *oldApp) me() error {
	got, err := a.call(http.StatusOK, "GET", "/me", nil)
	if err != nil {
		return err
	}
	var user struct{ ID, Username string }
	if err := json.Unmarshal(got.body, &user); err != nil || a.uid != "" && user.ID != a.uid || user.Username != a.username {
		return fmt.Errorf("GET /me: %v, want user %s with username %s", got, a.uid, a.username)
	}
	a.uid = user.ID
	return nil
}

// find looks its user up by name, as others do.
func (a *oldApp) find() error {
	got, err := a.call(http.StatusOK, "GET", "/username/"+url.PathEscape(a.username), nil)
	if err != nil {
		return err
	}
	var user struct{ ID string }
	if err := json.Unmarshal(got.body, &user); err != nil || user.ID != a.uid {
		return fmt.Errorf("GET /username/%s: %v, want id %s", a.username, got, a.uid)
	}
	return nil
}

// list reads all timetables and compares them with the model.
func (a *oldApp) list() error {
	got, err := a.call(http.StatusOK, "GET", "/users/"+a.uid+"/timetables", nil)
	if err != nil {
		return err
	}
	var list []timetableObject
	if err := json.Unmarshal(got.body, &list); err != nil {
		return fmt.Errorf("list timetables: %v: %w", got, err)
	}
	if err := a.compare(list, isNew); err != nil {
		return fmt.Errorf("%s (%s) reads %s: %w\n%s", a.username, a.uid, got.from, err, a.w.describe(a.uid))
	}
	return nil
}

// maxTimetables is how many timetables an app makes: lists of very many are cut off.
const maxTimetables = 8

// maxLectures is how many lectures a timetable gets.
const maxLectures = 20

// title returns a title that no other timetable or lecture has.
func (a *oldApp) title() string {
	a.serial++
	return fmt.Sprintf("%s %04d", a.username, a.serial)
}

func (a *oldApp) createTimetable() error {
	if len(a.timetables) >= maxTimetables {
		return a.list()
	}
	body := map[string]string{"semester_id": anySemester, "title": a.title()}
	got, err := a.call(http.StatusCreated, "POST", "/me/timetables", body)
	var t timetableObject
	switch {
	case isLost(err):
		a.maybeTimetable(body["title"])
		return err
	case err != nil:
		return err
	}
	if err := json.Unmarshal(got.body, &t); err != nil || t.ID == "" || t.Title != body["title"] || t.User.ID != a.uid {
		return fmt.Errorf("create a timetable: %v", got)
	}
	a.w.count(oldWrites)
	return a.addTimetable(t)
}

func (a *oldApp) addLecture() error {
	t := a.anyTimetable(a.r)
	if t == nil {
		return a.createTimetable()
	}
	if len(t.lectures) >= maxLectures {
		return a.deleteLecture()
	}
	body := a.lecture()
	got, err := a.call(http.StatusCreated, "POST", "/me/timetables/"+t.id+"/lectures", body)
	switch {
	case isLost(err):
		t.maybeLecture(body)
		return err
	case err != nil:
		return err
	}
	var l lectureObject
	if err := json.Unmarshal(got.body, &l); err != nil || l.ID == "" || !l.same(body) {
		return fmt.Errorf("add a lecture: %v, want %v", got, body)
	}
	a.w.count(oldWrites)
	return t.addLecture(l.ID, body)
}

func (a *oldApp) putLecture() error {
	t, id := a.anyLecture(a.r)
	if t == nil {
		return a.addLecture()
	}
	body := a.lecture()
	got, err := a.call(http.StatusOK, "PUT", "/me/timetables/"+t.id+"/lectures/"+id, body)
	switch {
	case isLost(err):
		t.maybePut(id, body)
		return err
	case err != nil:
		return err
	}
	var l lectureObject
	if err := json.Unmarshal(got.body, &l); err != nil || l.ID != id || !l.same(body) {
		return fmt.Errorf("put a lecture: %v, want %v", got, body)
	}
	a.w.count(oldWrites)
	t.putLecture(id, body)
	return nil
}

func (a *oldApp) deleteLecture() error {
	t, id := a.anyLecture(a.r)
	if t == nil {
		return nil
	}
	got, err := a.send("DELETE", "/me/timetables/"+t.id+"/lectures/"+id, a.access, nil)
	if err == nil && got.code() == "AT003" {
		return a.refreshToken()
	}
	switch {
	case isLost(err):
		t.maybeDelete(id)
		return err
	case err != nil:
		return err
	case got.status/100 != 2:
		return fmt.Errorf("delete lecture %s: %v", id, got)
	}
	a.w.count(oldWrites)
	t.deleteLecture(id)
	return nil
}

// lecture returns a lecture as an app sends it.
func (a *oldApp) lecture() lectureObject {
	l := lectureObject{
		Identifier: fmt.Sprintf("COSE%03d", a.r.IntN(1000)), Title: a.title(), Professor: "홍길동", Credit: float64(a.r.IntN(4)),
		Times: []timeObject{}, Category: []string{}, Tags: []tagObject{},
	}
	for n := range a.r.IntN(3) {
		l.Times = append(l.Times, timeObject{Weekday: n, TimeBegin: 540, TimeEnd: 600 + a.r.IntN(60), Room: "정보관"})
	}
	for n := range a.r.IntN(3) {
		l.Category = append(l.Category, fmt.Sprintf("분류 %d", n))
	}
	if a.r.IntN(2) == 0 {
		l.Tags = append(l.Tags, tagObject{"영강"})
	}
	return l
}

// signUp signs up another user on this phone, and makes a timetable for them.
func (a *oldApp) signUp() error {
	sibling := &oldApp{
		w: a.w, r: a.r, http: a.http, username: fmt.Sprintf("%s-%d", a.username, len(a.siblings)), passwords: []string{"password of a sibling"},
	}
	body := map[string]string{"username": sibling.username, "password": sibling.passwords[0], "name": "동생"}
	a.siblings = append(a.siblings, sibling)
	for a.w.requests.Err() == nil {
		got, err := a.send("POST", "/users", "", body)
		switch {
		case isLost(err):
			// It may have been done, so the name may be taken the next time.
			sibling.serial++
			continue
		case err != nil:
			return err
		case got.status == http.StatusConflict && sibling.serial > 0:
		case got.status != http.StatusCreated:
			return fmt.Errorf("sign up as %s: %v", sibling.username, got)
		}
		break
	}
	a.w.count("signed-up users")
	return sibling.visit()
}

// visit signs in and looks after the user's only timetable.
func (a *oldApp) visit() error {
	if err := a.signIn(); err != nil {
		return err
	}
	if err := a.me(); err != nil {
		return err
	}
	if err := a.list(); err != nil {
		return err
	}
	return a.addLecture()
}

// visitSibling lets one of the siblings use the phone.
func (a *oldApp) visitSibling() error {
	if len(a.siblings) == 0 {
		return nil
	}
	return a.siblings[a.r.IntN(len(a.siblings))].visit()
}

// changePassword changes the password on the old website, which writes to the old database. It is refused
// while accounts are on the new side.
func (a *oldApp) changePassword() error {
	password := fmt.Sprintf("password %d", a.r.Uint64())
	changed, err := a.w.changePassword(a.uid, password)
	switch {
	case err != nil:
		a.passwords = append(a.passwords, password)
		return &lost{err.Error()}
	case changed:
		a.passwords = []string{password}
	}
	return a.signIn()
}

// step does one thing that a user does.
func (a *oldApp) step() error {
	switch n := a.r.IntN(100); {
	case n < 30:
		return a.addLecture()
	case n < 50:
		return a.putLecture()
	case n < 60:
		return a.deleteLecture()
	case n < 65:
		return a.createTimetable()
	case n < 87:
		return a.list()
	case n < 89:
		return a.signUp()
	case n < 91:
		return a.visitSibling()
	case n < 92:
		return a.changePassword()
	case n < 94:
		return a.me()
	case n < 97:
		return a.find()
	default:
		return a.signIn()
	}
}

// live uses the app until ctx is done.
func (a *oldApp) live(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.step(); err != nil && !isLost(err) {
			a.w.fail("%s: %v", a.username, err)
			return
		}
		a.w.step()
		a.w.pause(ctx, a.r)
	}
}
