package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/api/option"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/functions/followers"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/server"
)

// privilegeWorld is a local cloud with all services, and clients that may do everything.
type privilegeWorld struct {
	*local.Backend
	config     local.Config
	university *demo.University
	fs         *firestore.Client
	users      *firebaseauth.Client
	objects    *storage.Client
	production *auth.Service    // the auth service with the Admin SDK as in Google's cloud
	sweeper    *sweeper.Service // that of the cleanup service, eight days later: it leaves newer objects alone
	n          int              // makes names unique
}

func newPrivilegeWorld(t *testing.T) *privilegeWorld {
	t.Helper()
	w := startPrivilegeWorld(t, demo.NewUniversity(1, 60), demo.SchoolFile())
	w.production = w.openProduction(t)
	w.sweeper = w.openSweeper(t)
	if err := w.refreshList(t.Context()); err != nil { // the first list notifies nobody
		t.Fatal(err)
	}
	return w
}

// startPrivilegeWorld starts the local cloud with a university and a school file. It is morning in Seoul: at night,
// students are not notified, and changes share a task. Authentication has the machine's time, and so have the services
// that users sign in to: time that a test lets pass ends no session.
func startPrivilegeWorld(t *testing.T, university *demo.University, schools string) *privilegeWorld {
	t.Helper()
	w := &privilegeWorld{university: university}
	school := httptest.NewServer(w.university.Handler())
	t.Cleanup(school.Close)
	w.config = privilegeConfig(t, school.URL, schools)
	w.config.Clock, w.config.Services = morning(), maps.Clone(w.config.Services)
	for name, open := range map[string]server.Open{"auth": auth.Open, "compat-server": services["compat-server"]} {
		w.config.Services[name] = func(ctx context.Context, env *environment.Variables, log *slog.Logger) (*server.Service, error) {
			return open(server.WithNow(ctx, time.Now), env, log)
		}
	}
	var err error
	if w.Backend, err = local.Start(t.Context(), w.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	clients := gcp.NewClients(w.config.Project, gcp.DefaultDatabase)
	t.Cleanup(func() { clients.Close() })
	w.fs, w.users, w.objects = clients.Firestore(t.Context()), clients.Authentication(t.Context(), ""), gcp.OpenStorage(t.Context(), clients)
	if err := clients.Err(); err != nil {
		t.Fatal(err)
	}
	return w
}

// morning returns a clock that shows the next 9:00 in Seoul and runs.
func morning() *clock.Clock {
	c := clock.New()
	c.Advance(pushplan.NextMorning(c.Now()).Add(time.Hour).Sub(c.Now()))
	return c
}

// setDoor lets clients call as the account of a service, until the test ends or they call as another.
func (w *privilegeWorld) setDoor(service string) (account string, err error) {
	row, _ := deployment.Table().Service(service)
	account = spec.Email(w.config.Project, row.Account)
	env, err := w.Cloud.EnvironmentAs(account)
	for name, value := range env {
		if name != "GCE_METADATA_HOST" { // the running services share it
			os.Setenv(name, value) // privilegeConfig restores it
		}
	}
	return account, err
}

func (w *privilegeWorld) openSweeper(t *testing.T) *sweeper.Service {
	t.Helper()
	if _, err := w.setDoor("cleanup"); err != nil {
		t.Fatal(err)
	}
	clients := gcp.NewClients(w.config.Project, gcp.DefaultDatabase)
	t.Cleanup(func() { clients.Close() })
	cfg := sweeper.Config{
		Firestore: clients.Firestore(t.Context()), Accounts: clients.Authentication(t.Context(), ""), Log: slog.New(slog.DiscardHandler),
		Bucket: gcp.OpenStorage(t.Context(), clients).Bucket(w.config.Bucket), Now: func() time.Time { return w.config.Clock.Now().Add(8 * 24 * time.Hour) },
	}
	err := clients.Err()
	if err == nil {
		cfg.Deletion, err = deletion.New(deletion.Config{Firestore: cfg.Firestore, Accounts: cfg.Accounts, Log: cfg.Log})
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := sweeper.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openProduction opens the auth service without FIREBASE_AUTH_EMULATOR_HOST, with which the Admin SDK
// would not sign custom tokens. Requests to Google's hosts go to the door of the service's account.
func (w *privilegeWorld) openProduction(t *testing.T) *auth.Service {
	t.Helper()
	account, err := w.setDoor("auth")
	if err != nil {
		t.Fatal(err)
	}
	address := os.Getenv("FIREBASE_AUTH_EMULATOR_HOST")
	os.Unsetenv("FIREBASE_AUTH_EMULATOR_HOST")
	accounts, err := gcp.Authentication(t.Context(), w.config.Project, account, option.WithHTTPClient(&http.Client{Transport: toDoor(address)}))
	if err != nil {
		t.Fatal(err)
	}
	fs, err := gcp.Firestore(t.Context(), w.config.Project, gcp.DefaultDatabase)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fs.Close() })
	passwords, err := identitytoolkit.New("local", address, &http.Client{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s, err := auth.New(auth.Config{
		Firestore: fs, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Log: slog.New(slog.DiscardHandler), Rounds: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// toDoor sends requests for Google's APIs to an address, with an access token as Google's library does.
type toDoor string

func (address toDoor) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.URL.Host == "identitytoolkit.googleapis.com" {
		r.URL.Path = "/" + r.URL.Host + r.URL.Path
	}
	r.URL.Scheme, r.URL.Host, r.Host = "http", string(address), string(address)
	r.Header.Set("Authorization", "Bearer ya29.c.token")
	return http.DefaultTransport.RoundTrip(r)
}

// flow is work of a service.
type flow struct {
	name string
	do   func(context.Context) error
}

// flows returns everything that services do, in an order in which one prepares the next. Each can be
// repeated.
func (w *privilegeWorld) flows() []flow {
	return []flow{
		{"refresh a list", w.refreshList}, {"enqueue due lists", w.enqueueDue}, {"sign in", w.signIn}, {"sign a custom token", w.signToken},
		{"clean up", w.cleanUp}, {"handle events", w.handleEvents}, {"serve old clients", w.serveOldClients},
		{"subscribe a device", w.subscribe}, {"send notifications", w.notify}, {"show pages", w.showPages}, {"check revisions", w.checkRevisions},
	}
}

const (
	demoSchool   = "데모대학교-서울"
	demoSemester = schema.SemesterID("2026-1200")
	password     = "correct horse"
)

// call sends a request. It fails if the response is not 2xx.
func (w *privilegeWorld) call(ctx context.Context, method, url, token string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	w.n++
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.%d.%d.7", w.n/200, w.n%200)) // no limit by address
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, url, response.Status, text)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}

// checkRevisions does what a release does with the revisions of private services.
func (w *privilegeWorld) checkRevisions(ctx context.Context) error {
	for _, s := range deployment.Table().Services {
		if s.Public {
			continue
		}
		token, err := w.Cloud.Identity.IDToken(ctx, spec.Email(w.config.Project, deployment.CheckAccount), w.URLs[s.Name])
		if err != nil {
			return err
		}
		if err := w.call(ctx, http.MethodGet, w.URLs[s.Name]+"/health", token, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// callAs calls a private service with a service account's token.
func (w *privilegeWorld) callAs(ctx context.Context, account, service, path string, body, result any) error {
	token, err := w.Cloud.Identity.IDToken(ctx, spec.Email(w.config.Project, account), w.URLs[service])
	if err != nil {
		return err
	}
	return w.call(ctx, http.MethodPost, w.URLs[service]+path, token, body, result)
}

func (w *privilegeWorld) refreshList(ctx context.Context) error {
	w.university.Change(2)
	var run refresh.Run
	err := w.callAs(ctx, deployment.TasksAccount, "refresh", "/refresh",
		refresh.Task{School: demoSchool, Semester: demoSemester, Slot: w.config.Clock.Now(), Accept: true}, &run)
	if err == nil && run.Outcome != refresh.Changed {
		err = fmt.Errorf("outcome %s: %s", run.Outcome, run.Reason)
	}
	return err
}

func (w *privilegeWorld) enqueueDue(ctx context.Context) error {
	if _, err := schema.ScheduleRef(w.fs).Delete(ctx); err != nil { // everything is due again
		return err
	}
	return w.callAs(ctx, deployment.SchedulerAccount, "refresh", "/schedule", nil, nil)
}

// name returns a new username.
func (w *privilegeWorld) name(prefix string) string {
	w.n++
	return fmt.Sprintf("%s%d", prefix, w.n)
}

// token signs a user in with Authentication, as apps do after /login/.
func (w *privilegeWorld) token(ctx context.Context, email string) (string, error) {
	var session struct{ IDToken string }
	err := w.call(ctx, http.MethodPost, "http://"+w.Cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local", "",
		map[string]any{"email": email, "password": password, "returnSecureToken": true}, &session)
	return session.IDToken, err
}

func (w *privilegeWorld) signIn(ctx context.Context) error {
	url := w.URLs["auth"]
	email, old := w.name("new")+"@example.com", w.name("old")+"@example.com"
	if err := w.call(ctx, http.MethodPost, url+"/register/", "", map[string]string{"email": email, "password": password}, nil); err != nil {
		return err
	}
	hash, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 1000, 32)
	if err != nil {
		return err
	}
	if _, err := schema.CredentialRef(w.fs, credential.Key(old)).Set(ctx, schema.Credential{
		Email: old, UID: w.name("uid"), Hash: fmt.Sprintf("pbkdf2:sha256:1000$salt$%x", hash),
	}); err != nil {
		return err
	}
	for _, address := range []string{email, old, old} {
		if err := w.call(ctx, http.MethodPost, url+"/login/", "", map[string]string{"email": address, "password": password}, nil); err != nil {
			return err
		}
	}
	for _, path := range []string{"/account/delete/", "/account/restore/"} {
		token, err := w.token(ctx, email)
		if err != nil {
			return err
		}
		if err := w.call(ctx, http.MethodPost, url+path, token, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w *privilegeWorld) signToken(ctx context.Context) error {
	email := w.name("token") + "@example.com"
	if _, err := w.users.CreateUser(ctx, (&firebaseauth.UserToCreate{}).Email(email).Password(password)); err != nil {
		return err
	}
	account, err := w.production.Login(ctx, auth.SignIn{Email: email, Password: password})
	if err != nil {
		return err
	}
	_, err = w.production.Token(ctx, account)
	return err
}

// cleanUp purges an account whose time is up, and sweeps.
func (w *privilegeWorld) cleanUp(ctx context.Context) error {
	user, err := w.users.CreateUser(ctx, (&firebaseauth.UserToCreate{}).Email(w.name("gone")+"@example.com"))
	if err != nil {
		return err
	}
	past := time.Now().Add(-100 * time.Hour)
	if _, err := schema.DeletionRef(w.fs, user.UID).Set(ctx, schema.PendingDeletion{RequestedAt: past, Until: past, Due: past, SignedOut: true}); err != nil {
		return err
	}
	if err := w.callAs(ctx, deployment.SchedulerAccount, "cleanup", "/purge", nil, nil); err != nil {
		return err
	}
	if _, err := w.users.GetUser(ctx, user.UID); !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("the purge left the account %s: %v", user.UID, err)
	}
	if _, err := schema.SweepRef(w.fs).Delete(ctx); err != nil {
		return err
	}
	if err := w.callAs(ctx, deployment.SchedulerAccount, "cleanup", "/sweep", nil, nil); err != nil {
		return err
	}
	return w.sweepOldList(ctx)
}

// sweepOldList removes a course list without a semester.
func (w *privilegeWorld) sweepOldList(ctx context.Context) error {
	list := w.objects.Bucket(w.config.Bucket).Object(schema.SemesterPrefix("없는학교", "2020-0300") + w.name("list") + ".json")
	writer := list.NewWriter(ctx)
	writer.Write([]byte("[]"))
	if err := writer.Close(); err != nil {
		return err
	}
	if _, err := schema.SweepRef(w.fs).Delete(ctx); err != nil {
		return err
	}
	if _, err := w.sweeper.Sweep(ctx); err != nil {
		return err
	}
	if _, err := list.Attrs(ctx); !errors.Is(err, storage.ErrObjectNotExist) {
		return fmt.Errorf("the sweeper left %s: %v", list.ObjectName(), err)
	}
	return nil
}

func (w *privilegeWorld) handleEvents(ctx context.Context) error {
	user, err := w.users.CreateUser(ctx, (&firebaseauth.UserToCreate{}).Email(w.name("deleted")+"@example.com"))
	if err != nil {
		return err
	}
	ref := schema.UserRef(w.fs, user.UID)
	timetable := schema.TimetableRef(ref, "t")
	for _, doc := range []*firestore.DocumentRef{ref, timetable, schema.LectureRef(timetable, "l")} {
		if _, err := doc.Set(ctx, map[string]any{}); err != nil {
			return err
		}
	}
	device := schema.Subscription{Token: w.name("device"), Language: schema.Korean, Topics: []string{"topic"}, Settled: true}
	if _, err := schema.SubscriptionRef(ref, "s").Set(ctx, device.Fields()); err != nil {
		return err
	}
	if _, err := schema.Follows(ref).Doc("another").Set(ctx, schema.Follow{UID: "another"}); err != nil {
		return err
	}
	before, forgotten, counted := w.delivered(), w.deliveredTo("subscription-deleted"), w.deliveredTo("follow-written")
	for _, doc := range []*firestore.DocumentRef{timetable, ref} {
		if _, err := doc.Delete(ctx); err != nil {
			return err
		}
	}
	if err := w.Cloud.Triggers.Idle(ctx); err != nil {
		return err
	}
	if w.deliveredTo("subscription-deleted") == forgotten {
		return errors.New("the device of a deleted account is not removed from its topics")
	}
	if w.deliveredTo("follow-written") == counted {
		return errors.New("the followers of another user are not counted")
	}
	if err := w.callAs(ctx, deployment.TasksAccount, "functions", followers.Path, followers.Task{UID: user.UID}, nil); err != nil {
		return err
	}
	if got := w.delivered() - before; got < 2 {
		return fmt.Errorf("%d of two events were delivered", got)
	}
	if _, err := w.users.GetUser(ctx, user.UID); !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("the function left the account %s: %v", user.UID, err)
	}
	return nil
}

// deliveredTo counts the events that a function has handled.
func (w *privilegeWorld) deliveredTo(function string) int {
	for _, info := range w.Cloud.Triggers.Triggers() {
		if info.Trigger.Name == function {
			return info.Done
		}
	}
	return 0
}

// showPages shows the timetable of a new user to visitors.
func (w *privilegeWorld) showPages(ctx context.Context) error {
	name := w.name("shown")
	user := schema.UserRef(w.fs, name)
	if _, err := user.Set(ctx, schema.User{Username: name}.Fields()); err != nil {
		return err
	}
	timetable := schema.Timetable{Title: "2학기", Visibility: schema.Public, Semester: schema.SemesterRef(w.fs, demoSchool, demoSemester)}
	if _, err := schema.TimetableRef(user, "timetable1").Set(ctx, timetable.Fields()); err != nil {
		return err
	}
	if err := w.get(ctx, w.URLs["pages"]+"/user/"+name+"/timetable/timetable1/"); err != nil {
		return err
	}
	if err := w.reportView(ctx, name, "timetable1"); err != nil {
		return err
	}
	object := schema.SemesterPrefix(name, demoSemester) + "list.json"
	list := w.objects.Bucket(w.config.Bucket).Object(object).NewWriter(ctx)
	list.ContentEncoding = "gzip"
	zipped := gzip.NewWriter(list)
	if err := errors.Join(schema.CourseList{{Identifier: "A1", Title: "강의"}}.Encode(zipped), zipped.Close(), list.Close()); err != nil {
		return err
	}
	semester := schema.Semester{Year: 2026, Term: schema.WinterTerm, Status: schema.StatusNormal, LecturesURL: "gs://" + w.config.Bucket + "/" + object}
	if _, err := schema.SemesterRef(w.fs, name, demoSemester).Set(ctx, semester.Fields()); err != nil {
		return err
	}
	return w.get(ctx, w.URLs["pages"]+"/courses/"+name+"/"+string(demoSemester)+"/A1")
}

// reportView reports a view of a timetable, as the script of its page does.
func (w *privilegeWorld) reportView(ctx context.Context, username, timetable string) error {
	body := strings.NewReader("user=" + username + "&timetable=" + timetable)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URLs["pages"]+"/views", body)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "Mozilla/5.0")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("report a view of %s: %s", username, response.Status)
	}
	return nil
}

// get requests a page.
func (w *privilegeWorld) get(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// subscribe subscribes a device of a new user.
func (w *privilegeWorld) subscribe(ctx context.Context) error {
	email := w.name("device") + "@example.com"
	if _, err := w.users.CreateUser(ctx, (&firebaseauth.UserToCreate{}).Email(email).Password(password)); err != nil {
		return err
	}
	token, err := w.token(ctx, email)
	if err != nil {
		return err
	}
	return w.call(ctx, http.MethodPost, w.URLs["subscriptions"]+"/subscriptions/", token, map[string]string{"token": w.name("device"), "language": "ko"}, nil)
}

// notify removes a device from a topic, compares the lists of a change, and plans an announcement.
func (w *privilegeWorld) notify(ctx context.Context) error {
	if err := w.callAs(ctx, deployment.TasksAccount, "push", pushtask.TopicsPath, pushtask.Topics{Token: w.name("device"), Topics: []string{"topic"}}, nil); err != nil {
		return err
	}
	now := w.config.Clock.Now()
	const semester = schema.SemesterID("2020-0300") // that no refresh notifies of, and without the lists
	list := "gs://" + w.config.Bucket + "/" + schema.SemesterPrefix(demoSchool, semester)
	change := schema.Change{At: now, From: list + "1.json", To: list + "2.json", Changed: schema.MaxChangeLectures + 1, Expires: now.Add(time.Hour)}
	if _, err := schema.ChangeRef(schema.SemesterRef(w.fs, demoSchool, semester), now, "12345678").Set(ctx, change); err != nil {
		return err
	}
	if err := w.callAs(ctx, deployment.TasksAccount, "push", pushtask.SendPath, pushtask.Send{School: demoSchool, Semester: semester}, nil); err != nil {
		return err
	}
	id, from := w.name("announcement"), now.Add(time.Hour)
	_, err := schema.AnnouncementRef(w.fs, id).Set(ctx, schema.Announcement{
		Korean: "점검", English: "Maintenance", Audience: schema.AudienceAll, From: from, Until: from.Add(time.Hour), Push: true,
	}.Fields())
	if err != nil {
		return err
	}
	return w.callAs(ctx, deployment.TasksAccount, "push", pushtask.SendPath, pushtask.Send{Announcement: id}, nil)
}

func (w *privilegeWorld) delivered() (n int) {
	for _, info := range w.Cloud.Triggers.Triggers() {
		n += info.Done
	}
	return n
}

var oldSemester = regexp.MustCompile(`demo_univ_seoul/[^"]+`)

// openCompatServer opens a new instance, which has nothing in its cache.
func (w *privilegeWorld) openCompatServer(ctx context.Context) (*server.Service, error) {
	if _, err := w.setDoor("compat-server"); err != nil {
		return nil, err
	}
	return services["compat-server"](ctx, environment.Map(map[string]string{
		"GOOGLE_CLOUD_PROJECT": w.config.Project, "FIREBASE_API_KEY": "local", "PUBLIC_URL": "http://compat.test", "END_DATE": "2099-01-01",
		"TOKEN_KEY": strings.Repeat("A", 42) + "A=", "PASSWORD_ROUNDS": "1000",
	}), slog.New(slog.DiscardHandler))
}

func (w *privilegeWorld) serveOldClients(ctx context.Context) error {
	service, err := w.openCompatServer(ctx)
	if err != nil {
		return err
	}
	defer service.Close()
	srv := httptest.NewServer(service.Handler)
	defer srv.Close()
	url, name := srv.URL+"/apis/v2", w.name("student")
	var tokens struct {
		Access string `json:"access_token"`
	}
	var schools json.RawMessage
	var list struct{ URL string }
	for _, c := range []struct {
		method, path string
		body, result any
	}{
		{"POST", "/users", map[string]string{"username": name, "password": password, "name": "학생"}, nil},
		{"POST", "/auth/token", map[string]string{"username": name, "password": password}, &tokens},
		{"GET", "/schools", nil, &schools},
	} {
		if err := w.call(ctx, c.method, url+c.path, "", c.body, c.result); err != nil {
			return err
		}
	}
	id := oldSemester.FindString(string(schools))
	if err := w.call(ctx, http.MethodPost, url+"/me/timetables", tokens.Access, map[string]string{"semester_id": id, "title": "시간표"}, nil); err != nil {
		return err
	}
	if err := w.call(ctx, http.MethodGet, url+"/semesters/"+id+"/lectures-url", "", nil, &list); err != nil {
		return err
	}
	return w.call(ctx, http.MethodGet, srv.URL+strings.TrimPrefix(list.URL, "http://compat.test"), "", nil, new(json.RawMessage))
}
