package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/schema"
)

// secret is part of every password in these tests and of nothing else, so that TestMain detects
// passwords in logs.
const secret = "Geheimnis7f3a"

// logged collects the log lines of all servers in these tests.
var logged logtest.Lines

func TestMain(m *testing.M) {
	os.Exit(logtest.Main(m, &logged, secret, strings.ToLower(secret), currentKey, oldKey, "eyJ"))
}

// Keys that sign tokens.
const (
	currentKey = "bm93LW5vdy1ub3ctbm93LW5vdy1ub3ctbm93LW5vdy0="
	oldKey     = "YmVmb3JlLWJlZm9yZS1iZWZvcmUtYmVmb3JlLWJlZm8="
)

// publicURL is the servers' configured PUBLIC_URL.
const publicURL = "https://legacy.heektime.example"

// fixture is a local cloud with our rules, our indexes and initial documents.
type fixture struct {
	*emulatortest.Cloud
	*ruleChecker
	// fs bypasses the rules.
	fs    *firestore.Client
	admin *firebaseauth.Client
	url   string
}

// authConfig returns the settings and dependencies of the auth service, with Authentication at an
// address.
func (fx *fixture) authConfig(t testing.TB, address string) auth.Config {
	t.Helper()
	passwords, err := identitytoolkit.New("any-key", address, &http.Client{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return auth.Config{
		Accounts: authclient.New(t, fx.Project, address), Passwords: passwords, Limits: loginthrottle.DefaultLimits(),
		Rounds: 1000, Now: fx.Clock.Now, Log: logging.New(&logged, fx.Project),
	}
}

// newFixture starts a cloud and one server in it, at fx.url.
func newFixture(t testing.TB) *fixture {
	t.Helper()
	fx := newFixtureWithoutServer(t)
	fx.url = fx.serve(t, fx.server(t, options{}))
	return fx
}

// newFixtureWithoutServer starts a cloud only.
func newFixtureWithoutServer(t testing.TB) *fixture {
	t.Helper()
	read := func(name string) []byte {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	fx := &fixture{Cloud: emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = read("firestore.rules"), read("firestore.indexes.json")
	})}
	fx.fs = fx.FirestoreClient(t)
	fx.admin = authclient.New(t, fx.Project, fx.AuthAddress())
	fx.ruleChecker = &ruleChecker{fixture: fx}
	t.Cleanup(func() { fx.ruleChecker.reportDenied(t) })
	fx.seed(t)
	return fx
}

// billed runs f and returns the cost of the Firestore calls that the servers made. It leaves out what rules
// read, which servers are not subject to: see [ruleChecker].
func (fx *fixture) billed(t testing.TB, f func()) emulatortest.Cost {
	t.Helper()
	before := fx.Firestore.RulesReads(fx.Project)
	cost := emulatortest.CostOf(fx.Measure(t, f))
	cost.Reads -= int(fx.Firestore.RulesReads(fx.Project) - before)
	return cost
}

// options of a server. The zero value has production settings.
type options struct {
	limits   api.Limits
	attempts *loginthrottle.Limits
	// authAddress is the address of Authentication, and dial the options for connecting to
	// Firestore. By default the server uses the fixture's cloud.
	authAddress string
	dial        []grpc.DialOption
	log         *slog.Logger
	key, old    string
	publicURL   string
	// now is the server's clock, the cloud's clock by default.
	now func() time.Time
	// oldServer is the address of the old server, "" if there is none.
	oldServer string
}

// server returns a new server. The security rules check its writes: see [ruleChecker].
func (fx *fixture) server(t testing.TB, o options) *api.Server {
	t.Helper()
	if o.limits.User.Burst == 0 {
		o.limits = api.DefaultLimits()
	}
	if o.authAddress == "" {
		o.authAddress = fx.AuthAddress()
	}
	cfg := fx.authConfig(t, o.authAddress)
	cfg.Firestore = fx.FirestoreClient(t, append(o.dial, fx.ruleChecker.dialOption(t))...)
	if o.attempts != nil {
		cfg.Limits = *o.attempts
	}
	if o.log != nil {
		cfg.Log = o.log
	}
	if o.now != nil {
		cfg.Now = o.now
	}
	if o.key == "" {
		o.key = currentKey
	}
	if o.publicURL == "" {
		o.publicURL = publicURL
	}
	s, err := api.Assemble(api.Config{
		OldServer: fx.oldServer(t, o.oldServer), PublicURL: o.publicURL, EndDate: time.Date(2027, 8, 31, 0, 0, 0, 0, time.UTC), Limits: o.limits,
		Tokens: fx.signer(t, o.key, o.old), Log: cfg.Log, Now: cfg.Now,
	}, storageclient.New(t, fx.StorageAddress()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (fx *fixture) signer(t testing.TB, key, old string) *token.Signer {
	t.Helper()
	s, err := token.New(fx.Project, key, old, fx.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (fx *fixture) serve(t testing.TB, s *api.Server) string {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL + "/apis/v2"
}

// Initial documents, and the old IDs of two semesters.
const (
	koreaFall   = "schools/고려대학교-서울/semesters/2022-0900"
	koreaHidden = "schools/고려대학교-서울/semesters/2023-0300"
	demoSpring  = "schools/데모대학교-서울/semesters/2026-0300"
	oldKorea    = "korea_univ_anam/2022-2학기"
	oldDemo     = "데모대학교-서울/2026-1학기"
)

func (fx *fixture) seed(t testing.TB) {
	t.Helper()
	periods := []any{period(1, 540, 615), period(2, 630, 705), period(3, 720, 770), period(4, 780, 830)}
	for path, fields := range map[string]map[string]any{
		"schools/고려대학교-서울": {"name": "고려대학교 (서울)", "legacyId": "korea_univ_anam"},
		"schools/데모대학교-서울": {"name": "데모대학교"},
		koreaFall: {"year": 2022, "term": "2학기", "status": "normal", "periods": periods,
			"lecturesUrl": "gs://demo-test/lectures/고려대학교-서울/2022-0900/0123.json"},
		koreaHidden: {"year": 2023, "term": "1학기", "status": "hidden", "periods": periods},
		"schools/고려대학교-서울/semesters/2022-0300": {"year": 2022, "term": "1학기", "status": "normal", "periods": periods},
		demoSpring: {"year": 2026, "term": "1학기", "status": "normal", "periods": []any{}},
		// A record of the refresh service, whose collection has the same name. The catalog must
		// ignore it.
		"refreshes/고려대학교-서울/semesters/2022-0900": {"slot": time.Now(), "lastRun": map[string]any{"outcome": "changed"}},
	} {
		fx.set(t, path, fields)
	}
	fx.publish(t, "lectures/고려대학교-서울/2022-0900/0123.json", schema.CourseList{dataLecture(), {Identifier: "COSE999-00", Title: "세미나"}})
}

func period(n, begin, end int) map[string]any {
	return map[string]any{"period": n, "timeBegin": begin, "timeEnd": end}
}

// dataLecture returns the first lecture of the course list. It meets on Tuesday in period 2, and on
// Thursday at a time that does not cover whole periods.
func dataLecture() schema.Lecture {
	return schema.Lecture{
		Identifier: "COSE372-02", Title: "데이터베이스시스템", Professor: "정연돈", Credit: 3,
		Times: []schema.LectureTime{
			{Weekday: 1, TimeBegin: 630, TimeEnd: 705, Room: "정보관 202"}, {Weekday: 3, TimeBegin: 635, TimeEnd: 705},
		},
		Category: []string{"정보대학", "컴퓨터학과"}, Metas: []schema.LectureMeta{schema.Tag("영강")}, URL: "https://korea.example/372",
	}
}

// set writes a document, bypassing the rules.
func (fx *fixture) set(t testing.TB, path string, fields map[string]any) {
	t.Helper()
	if _, err := fx.fs.Doc(path).Set(t.Context(), fields); err != nil {
		t.Fatal(err)
	}
}

// publish stores a course list in the format of the refresh service.
func (fx *fixture) publish(t testing.TB, name string, list schema.CourseList) {
	t.Helper()
	var text bytes.Buffer
	if err := list.Encode(&text); err != nil {
		t.Fatal(err)
	}
	fx.store(t, name, text.Bytes())
}

func (fx *fixture) store(t testing.TB, name string, content []byte) {
	t.Helper()
	object := storageclient.New(t, fx.StorageAddress()).Bucket(fx.Project).Object(name).NewWriter(t.Context())
	object.ContentType = "application/json"
	if _, err := object.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := object.Close(); err != nil {
		t.Fatal(err)
	}
}

// reply is an HTTP response.
type reply struct {
	status int
	header http.Header
	body   string
}

// into decodes the body.
func (r reply) into(t testing.TB, value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), value); err != nil {
		t.Fatalf("decode response %q: %v", r.body, err)
	}
}

// code returns the code of an error response.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct{ Code, Message string }
	r.into(t, &p)
	if p.Code == "" || p.Message == "" {
		t.Errorf("response %d %s lacks a code or message", r.status, r.body)
	}
	return p.Code
}

// call sends a request. If bearer is not empty, it is sent as the bearer token. A string body is
// sent as it is, any other body as JSON.
func call(t testing.TB, method, url, bearer string, body any) reply {
	t.Helper()
	var sent io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		sent = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, sent)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "HeekTime/1.4.2 CFNetwork/711.3.18 Darwin/14.0.0")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	return send(t, req)
}

// send sends a request and checks the headers that every response must have.
func send(t testing.TB, req *http.Request) reply {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{response.StatusCode, response.Header, string(body)}
	if len(body) > 0 && r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s: Content-Type is %q", req.Method, req.URL, r.header.Get("Content-Type"))
	}
	for _, name := range []string{"X-Request-Id", "X-Heektime-Deprecated"} {
		if r.header.Get(name) == "" {
			t.Errorf("%s %s: no %s", req.Method, req.URL, name)
		}
	}
	if r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s %s: pages may not read the response", req.Method, req.URL)
	}
	return r
}

// user is a signed-in user.
type user struct{ id, name, access, refresh string }

// signUp signs a new user up and in, over HTTP.
func (fx *fixture) signUp(t testing.TB, name string) user {
	t.Helper()
	r := call(t, "POST", fx.url+"/users", "", map[string]string{"username": name, "password": secret, "name": "이름"})
	if r.status/100 != 2 {
		t.Fatalf("sign up %s: %d %s", name, r.status, r.body)
	}
	return fx.signIn(t, name, secret)
}

func (fx *fixture) signIn(t testing.TB, name, password string) user {
	t.Helper()
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	r := call(t, "POST", fx.url+"/auth/token", "null", map[string]string{"username": name, "password": password})
	if r.into(t, &tokens); r.status != 200 || tokens.Access == "" || tokens.Refresh == "" {
		t.Fatalf("sign in %s: %d %s", name, r.status, r.body)
	}
	session, err := fx.signer(t, currentKey, "").Check(tokens.Access, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return user{session.UID, name, tokens.Access, tokens.Refresh}
}

// timetableResponse is a timetable as specified by the contract.
type timetableResponse struct {
	ID, Title string
	User      struct{ ID string }
	Semester  struct {
		ID     string
		Year   int
		Term   string
		School struct{ ID, Name string }
	}
	Lectures []lectureResponse
}

type lectureResponse struct {
	ID, Identifier, Title, Professor string
	Credit                           float64
	Times                            []timeResponse
	Category                         []string
	Tags                             []struct{ Name string }
}

type timeResponse struct {
	Weekday, TimeBegin, TimeEnd int
	Room                        string
	PeriodBegin, PeriodEnd      *int
}

// makeTimetable creates a timetable over HTTP.
func (fx *fixture) makeTimetable(t testing.TB, u user, semester, title string) (made timetableResponse) {
	t.Helper()
	r := call(t, "POST", fx.url+"/me/timetables", u.access, map[string]string{"semester_id": semester, "title": title})
	if r.into(t, &made); r.status/100 != 2 {
		t.Fatalf("create a timetable: %d %s", r.status, r.body)
	}
	return made
}

// addLecture adds a lecture to a timetable over HTTP.
func (fx *fixture) addLecture(t testing.TB, u user, timetableID string, body any) (added lectureResponse) {
	t.Helper()
	r := call(t, "POST", fx.url+"/me/timetables/"+timetableID+"/lectures", u.access, body)
	if r.into(t, &added); r.status/100 != 2 {
		t.Fatalf("add a lecture: %d %s", r.status, r.body)
	}
	return added
}

func (fx *fixture) timetables(t testing.TB, uid, bearer string) (list []timetableResponse) {
	t.Helper()
	r := call(t, "GET", fx.url+"/users/"+uid+"/timetables", bearer, nil)
	if r.into(t, &list); r.status != 200 {
		t.Fatalf("list timetables: %d %s", r.status, r.body)
	}
	return list
}
