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
	"cloud.google.com/go/storage"
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

// secret is in every password of these tests and in nothing else, so that TestMain finds where one got out.
const secret = "Geheimnis7f3a"

// logged is every line that any server of these tests logs.
var logged logtest.Lines

func TestMain(m *testing.M) {
	os.Exit(logtest.Main(m, &logged, secret, strings.ToLower(secret), keyNow, keyBefore, "eyJ"))
}

// Keys of tokens.
const (
	keyNow    = "bm93LW5vdy1ub3ctbm93LW5vdy1ub3ctbm93LW5vdy0="
	keyBefore = "YmVmb3JlLWJlZm9yZS1iZWZvcmUtYmVmb3JlLWJlZm8="
)

// publicURL is what the servers believe to be called.
const publicURL = "https://legacy.heektime.example"

// world is a local cloud with our rules and indexes, and the documents that tests begin with.
type world struct {
	*emulatortest.Cloud
	*judge
	meter emulatortest.Meter
	// fs is a server of ours with all rights, whose calls nobody counts.
	fs    *firestore.Client
	admin *firebaseauth.Client
	url   string
}

// authentication is the clients of Authentication at an address, and what else the sign-in works with.
func (w *world) authentication(t testing.TB, address string) auth.Config {
	t.Helper()
	passwords, err := identitytoolkit.New("any-key", address, &http.Client{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return auth.Config{
		Accounts: authclient.New(t, w.Project, address), Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Rounds: 1000, Now: w.Clock.Now,
		Log: logging.New(&logged, w.Project),
	}
}

// newWorld starts a cloud and one server in it.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := bareWorld(t)
	w.url = w.serve(t, w.server(t, options{}))
	return w
}

func bareWorld(t testing.TB) *world {
	t.Helper()
	read := func(name string) []byte {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = read("firestore.rules"), read("firestore.indexes.json")
	})}
	w.fs = w.FirestoreClient(t)
	w.admin = authclient.New(t, w.Project, w.AuthAddress())
	w.judge = &judge{world: w}
	t.Cleanup(func() { w.judge.tell(t) })
	w.seed(t)
	return w
}

// billed runs f and says what it cost.
func (w *world) billed(f func()) emulatortest.Cost {
	w.meter.Take()
	f()
	return w.meter.Take()
}

// options of a server; the zero value is one as it is deployed.
type options struct {
	limits   api.Limits
	attempts *loginthrottle.Limits
	// authAddress is where it finds Authentication, and dial how it calls Firestore.
	authAddress string
	dial        []grpc.DialOption
	log         *slog.Logger
	key, old    string
	publicURL   string
	// now stands still unless a test moves it; the cloud's clock when nil.
	now func() time.Time
}

// server is a process of the service. The rules judge what it writes: see judge. Outside of that, calls are counted.
func (w *world) server(t testing.TB, o options) *api.Server {
	t.Helper()
	if o.limits.User.Burst == 0 {
		o.limits = api.DefaultLimits()
	}
	if o.authAddress == "" {
		o.authAddress = w.AuthAddress()
	}
	d := w.authentication(t, o.authAddress)
	d.Firestore = w.FirestoreClient(t, append(append(o.dial, w.meter.DialOptions()...), w.judge.dialOption(t))...)
	if o.attempts != nil {
		d.Limits = *o.attempts
	}
	if o.log != nil {
		d.Log = o.log
	}
	if o.now != nil {
		d.Now = o.now
	}
	if o.key == "" {
		o.key = keyNow
	}
	if o.publicURL == "" {
		o.publicURL = publicURL
	}
	s, err := api.Assemble(api.Config{
		PublicURL: o.publicURL, EndDate: time.Date(2027, 8, 31, 0, 0, 0, 0, time.UTC), Hops: 1, Limits: o.limits,
		Tokens: w.signer(t, o.key, o.old), Log: d.Log, Now: d.Now,
	}, storageclient.New(t, w.StorageAddress()), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) signer(t testing.TB, key, old string) *token.Signer {
	t.Helper()
	s, err := token.New(w.Project, key, old, w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) serve(t testing.TB, s *api.Server) string {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL + "/apis/v2"
}

// The documents that tests begin with.
const (
	koreaFall   = "schools/고려대학교-서울/semesters/2022-0900"
	koreaHidden = "schools/고려대학교-서울/semesters/2023-0300"
	demoSpring  = "schools/데모대학교-서울/semesters/2026-0300"
	oldKorea    = "korea_univ_anam/2022-2학기"
	oldDemo     = "데모대학교-서울/2026-1학기"
)

func (w *world) seed(t testing.TB) {
	t.Helper()
	periods := []any{period(1, 540, 615), period(2, 630, 705), period(3, 720, 770), period(4, 780, 830)}
	for path, fields := range map[string]map[string]any{
		"schools/고려대학교-서울": {"name": "고려대학교 (서울)", "legacyId": "korea_univ_anam"},
		"schools/데모대학교-서울": {"name": "데모대학교"},
		koreaFall:          {"year": 2022, "term": "2학기", "status": "normal", "periods": periods, "lecturesUrl": "gs://demo-test/lectures/고려대학교-서울/2022-0900/0123.json"},
		koreaHidden:        {"year": 2023, "term": "1학기", "status": "hidden", "periods": periods},
		"schools/고려대학교-서울/semesters/2022-0300": {"year": 2022, "term": "1학기", "status": "normal", "periods": periods},
		demoSpring: {"year": 2026, "term": "1학기", "status": "normal", "periods": []any{}},
		// What the refresh service keeps in collections of the same name.
		"refreshes/고려대학교-서울/semesters/2022-0900": {"slot": time.Now(), "lastRun": map[string]any{"outcome": "changed"}},
	} {
		w.set(t, path, fields)
	}
	w.publish(t, "lectures/고려대학교-서울/2022-0900/0123.json", schema.CourseList{dataLecture(), {Identifier: "COSE999-00", Title: "세미나"}})
}

func period(n, begin, end int) map[string]any {
	return map[string]any{"period": n, "timeBegin": begin, "timeEnd": end}
}

// dataLecture is a lecture of the list: Tuesday in period 2, Thursday not in whole periods.
func dataLecture() schema.Lecture {
	return schema.Lecture{
		Identifier: "COSE372-02", Title: "데이터베이스시스템", Professor: "정연돈", Credit: 3,
		Times:    []schema.LectureTime{{Weekday: 1, TimeBegin: 630, TimeEnd: 705, Room: "정보관 202"}, {Weekday: 3, TimeBegin: 635, TimeEnd: 705}},
		Category: []string{"정보대학", "컴퓨터학과"}, Metas: []schema.LectureMeta{schema.Tag("영강")}, URL: "https://korea.example/372",
	}
}

// set writes a document as a server of ours.
func (w *world) set(t testing.TB, path string, fields map[string]any) {
	t.Helper()
	if _, err := w.fs.Doc(path).Set(t.Context(), fields); err != nil {
		t.Fatal(err)
	}
}

// publish stores a course list as the refresh service does.
func (w *world) publish(t testing.TB, name string, list schema.CourseList) {
	t.Helper()
	var text bytes.Buffer
	if err := list.Encode(&text); err != nil {
		t.Fatal(err)
	}
	w.store(t, name, text.Bytes())
}

func (w *world) store(t testing.TB, name string, content []byte) {
	t.Helper()
	var client *storage.Client = storageclient.New(t, w.StorageAddress())
	object := client.Bucket(w.Project).Object(name).NewWriter(t.Context())
	object.ContentType = "application/json"
	if _, err := object.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := object.Close(); err != nil {
		t.Fatal(err)
	}
}

// reply is an answer over HTTP.
type reply struct {
	status int
	header http.Header
	body   string
}

// into decodes the answer's body.
func (r reply) into(t testing.TB, value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), value); err != nil {
		t.Fatalf("answer %q: %v", r.body, err)
	}
}

// code of an error's answer.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var p struct{ Code, Message string }
	r.into(t, &p)
	if p.Code == "" || p.Message == "" {
		t.Errorf("%d %s has no code or no message", r.status, r.body)
	}
	return p.Code
}

// call calls the server: bearer is the text behind "Bearer ", no header when it is empty; body is sent as it is, or as JSON.
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

func send(t testing.TB, req *http.Request) reply {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{answer.StatusCode, answer.Header, string(body)}
	if len(body) > 0 && r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s: Content-Type is %q", req.Method, req.URL, r.header.Get("Content-Type"))
	}
	for _, name := range []string{"X-Request-Id", "X-Heektime-Deprecated"} {
		if r.header.Get(name) == "" {
			t.Errorf("%s %s: no %s", req.Method, req.URL, name)
		}
	}
	if r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s %s: no page may read the answer", req.Method, req.URL)
	}
	return r
}

// user is somebody who has signed up.
type user struct{ id, name, access, refresh string }

// signUp signs somebody up and in, over HTTP.
func (w *world) signUp(t testing.TB, name string) user {
	t.Helper()
	r := call(t, "POST", w.url+"/users", "", map[string]string{"username": name, "password": secret, "name": "이름"})
	if r.status/100 != 2 {
		t.Fatalf("sign up %s: %d %s", name, r.status, r.body)
	}
	return w.signIn(t, name, secret)
}

func (w *world) signIn(t testing.TB, name, password string) user {
	t.Helper()
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	r := call(t, "POST", w.url+"/auth/token", "null", map[string]string{"username": name, "password": password})
	if r.into(t, &tokens); r.status != 200 || tokens.Access == "" || tokens.Refresh == "" {
		t.Fatalf("sign in %s: %d %s", name, r.status, r.body)
	}
	session, err := w.signer(t, keyNow, "").Check(tokens.Access, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return user{session.UID, name, tokens.Access, tokens.Refresh}
}

// timetableAnswer is what the contract says of one.
type timetableAnswer struct {
	ID, Title string
	User      struct{ ID string }
	Semester  struct {
		ID     string
		Year   int
		Term   string
		School struct{ ID, Name string }
	}
	Lectures []lectureAnswer
}

type lectureAnswer struct {
	ID, Identifier, Title, Professor string
	Credit                           float64
	Times                            []timeAnswer
	Category                         []string
	Tags                             []struct{ Name string }
}

type timeAnswer struct {
	Weekday, TimeBegin, TimeEnd int
	Room                        string
	PeriodBegin, PeriodEnd      *int
}

// makeTimetable makes one, over HTTP.
func (w *world) makeTimetable(t testing.TB, u user, semester, title string) (made timetableAnswer) {
	t.Helper()
	r := call(t, "POST", w.url+"/me/timetables", u.access, map[string]string{"semester_id": semester, "title": title})
	if r.into(t, &made); r.status/100 != 2 {
		t.Fatalf("make a timetable: %d %s", r.status, r.body)
	}
	return made
}

// addLecture adds one, over HTTP.
func (w *world) addLecture(t testing.TB, u user, timetableID string, body any) (added lectureAnswer) {
	t.Helper()
	r := call(t, "POST", w.url+"/me/timetables/"+timetableID+"/lectures", u.access, body)
	if r.into(t, &added); r.status/100 != 2 {
		t.Fatalf("add a lecture: %d %s", r.status, r.body)
	}
	return added
}

func (w *world) timetables(t testing.TB, uid, bearer string) (list []timetableAnswer) {
	t.Helper()
	r := call(t, "GET", w.url+"/users/"+uid+"/timetables", bearer, nil)
	if r.into(t, &list); r.status != 200 {
		t.Fatalf("list timetables: %d %s", r.status, r.body)
	}
	return list
}
