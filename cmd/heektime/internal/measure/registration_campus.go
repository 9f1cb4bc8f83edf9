package measure

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

const (
	minuteSchool    = "가온대학교"
	minuteSemester  = schema.SemesterID("2026-0900")
	oldSemester     = minuteSchool + "/2026-2학기" // its id in the REST API of old apps
	timetableID     = "plan-000-a"
	minuteLectures  = 5000 // in the course list
	lecturesChosen  = 5    // in each timetable
	poolAccounts    = 40   // accounts with a password, which old apps and sign-ins take turns to use
	minutePassword  = "registration week"
	connectionCount = 8 // to Firestore, shared by all students
	maxConnsPerHost = 256
)

// campus is a local cloud with students, and the clients to play them.
type campus struct {
	cloud     *cloudProcess
	services  *minuteServices
	list      schema.CourseList
	listName  string // of the object
	listBytes int    // compressed
	apps      *appclient.Cloud
	// connections to Firestore, which the students share
	connections []*appclient.Connection
	pool        []*poolAccount
}

// app returns an app of a student, who may be anonymous.
func (p *campus) app(number int, idToken string) *appclient.App {
	return &appclient.App{Cloud: p.apps, Connection: p.connections[number%len(p.connections)], IDToken: idToken}
}

// poolAccount is an account with a password.
type poolAccount struct {
	email, username, uid, timetable string

	mu     sync.Mutex
	token  string // of compat-server
	issued time.Time
}

// tokenLife is how long a token is used: less than it is valid.
const tokenLife = 3 * time.Minute

// tokenOf returns a token of an account for compat-server.
func (p *campus) tokenOf(ctx context.Context, a *poolAccount) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.issued) < tokenLife {
		return a.token, nil
	}
	tokens, err := p.app(0, "").OldSignIn(ctx, "sign in", a.username, minutePassword)
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", a.username, err)
	}
	a.token, a.issued = tokens.Access, time.Now()
	return a.token, nil
}

// fillCampus creates a school with a course list, the students' documents, and accounts.
func fillCampus(ctx context.Context, o RegistrationOptions, c *cloudProcess, s *minuteServices) (_ *campus, err error) {
	p := &campus{cloud: c, services: s, list: courseList(o.Seed)}
	p.apps = &appclient.Cloud{
		Project: project, Bucket: project, Authentication: c.environment["FIREBASE_AUTH_EMULATOR_HOST"], Storage: c.environment["FIREBASE_STORAGE_EMULATOR_HOST"],
		Auth: s.auth.url, REST: s.compat.url + "/apis/v2",
		HTTP: &http.Client{Transport: &http.Transport{MaxConnsPerHost: maxConnsPerHost, MaxIdleConnsPerHost: maxConnsPerHost, DisableCompression: true}},
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for name, value := range c.environment {
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	for range connectionCount {
		connection, err := appclient.Connect(ctx, project, c.environment["FIRESTORE_EMULATOR_HOST"])
		if err != nil {
			return nil, err
		}
		p.connections = append(p.connections, connection)
	}
	if err := p.publish(ctx); err != nil {
		return nil, err
	}
	if err := p.enrol(ctx, o.Students); err != nil {
		return nil, err
	}
	return p, p.openAccounts(ctx)
}

func (p *campus) close() {
	for _, connection := range p.connections {
		connection.Close()
	}
	p.apps.HTTP.CloseIdleConnections()
}

// courseList invents a list. Its words repeat as in a real one, so that it compresses about as well.
func courseList(seed uint64) schema.CourseList {
	random := rand.New(rand.NewPCG(seed, 1))
	syllables := []rune("가나다라마바사아자차카타파하강공과교국기논대도동로리명문미민물법보사산상생서설성수시식신실심언업역연영예원윤음의인일자장재적전정제조주중지진창철체통학한해현형화환")
	word := func(n int) string {
		text := make([]rune, n)
		for i := range text {
			text[i] = syllables[random.IntN(len(syllables))]
		}
		return string(text)
	}
	titles, professors, rooms := make([]string, 1800), make([]string, 1200), make([]string, 300)
	for i := range titles {
		titles[i] = word(3 + random.IntN(6))
	}
	for i := range professors {
		professors[i] = word(3)
	}
	for i := range rooms {
		rooms[i] = word(3) + fmt.Sprintf(" %d", 101+random.IntN(500))
	}
	list := make(schema.CourseList, minuteLectures)
	for i := range list {
		l := schema.Lecture{
			Identifier: fmt.Sprintf("%s%03d-%02d", string([]byte{byte('A' + i%23), byte('A' + i/23%26)}), i/3, i%3), Title: titles[random.IntN(len(titles))],
			Professor: professors[random.IntN(len(professors))], Credit: float64(1 + random.IntN(3)),
			Category: []string{word(2) + "대학", titles[i%40] + "학과"}, Metas: []schema.LectureMeta{},
		}
		day, begin, room := random.IntN(5), 540+75*random.IntN(7), rooms[random.IntN(len(rooms))]
		for _, weekday := range []int{day, (day + 2) % 5} {
			l.Times = append(l.Times, schema.LectureTime{Weekday: weekday, TimeBegin: begin, TimeEnd: begin + 75, Room: room})
		}
		list[i] = l
	}
	list.Sort()
	return list
}

// publish stores the course list and the documents that point to it.
func (p *campus) publish(ctx context.Context) (err error) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if err := errors.Join(p.list.Encode(zip), zip.Close()); err != nil {
		return fmt.Errorf("compress the course list: %w", err)
	}
	p.listName, p.listBytes = schema.SemesterPrefix(minuteSchool, minuteSemester)+strings.Repeat("0", 32)+".json", packed.Len()
	storage, err := gcp.Storage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storage.Close()) }()
	w := storage.Bucket(project).Object(p.listName).NewWriter(ctx)
	w.ContentType, w.ContentEncoding, w.CacheControl = "application/json", "gzip", "public, max-age=31536000, immutable"
	w.Metadata = map[string]string{"firebaseStorageDownloadTokens": "token"}
	if _, err := w.Write(packed.Bytes()); err != nil {
		return fmt.Errorf("store the course list: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("store the course list: %w", err)
	}
	db, err := gcp.Firestore(ctx, project, gcp.DefaultDatabase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := schema.SchoolRef(db, minuteSchool).Set(ctx, schema.School{Name: minuteSchool}); err != nil {
		return fmt.Errorf("create the school: %w", err)
	}
	_, err = schema.SemesterRef(db, minuteSchool, minuteSemester).Set(ctx, schema.Semester{
		Year: 2026, Term: "2학기", Status: schema.StatusNormal, LecturesURL: "gs://" + project + "/" + p.listName,
	})
	return err
}

// uidOf returns the uid of a student.
func uidOf(i int) string { return fmt.Sprintf("student-%06d", i) }

// enrol creates the students' documents, with all rights.
func (p *campus) enrol(ctx context.Context, students int) (err error) {
	db, err := gcp.Firestore(ctx, project, gcp.DefaultDatabase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	writer := db.BulkWriter(ctx)
	var failed error
	set := func(ref *firestore.DocumentRef, value any) {
		if _, err := writer.Set(ref, value); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	semester := schema.SemesterRef(db, minuteSchool, minuteSemester)
	for i := range students {
		user := schema.UserRef(db, uidOf(i))
		set(user, schema.User{Username: uidOf(i)})
		set(schema.UsernameRef(db, uidOf(i)), schema.Username{UID: uidOf(i)})
		timetable := schema.TimetableRef(user, timetableID)
		set(timetable, schema.Timetable{Title: "1안", Visibility: schema.Public, Semester: semester})
		for k := range lecturesChosen {
			set(schema.LectureRef(timetable, fmt.Sprint(k)), p.list[(i*7+k*900)%len(p.list)].NewFields())
		}
	}
	writer.End()
	if failed != nil {
		return fmt.Errorf("create the students: %w", failed)
	}
	return nil
}

// openAccounts registers accounts at compat-server and gives each a timetable there. They are also those that
// sign in at the auth service.
func (p *campus) openAccounts(ctx context.Context) error {
	for i := range poolAccounts {
		a := &poolAccount{username: fmt.Sprintf("pool%04d", i)}
		a.email = a.username + "@user.heektime.heek.kr"
		app := p.app(0, "")
		credentials := map[string]any{"username": a.username, "password": minutePassword, "name": "학생"}
		if _, err := app.Do(ctx, "sign up", appclient.Request{Method: "POST", URL: app.REST + "/users", Body: credentials}); err != nil {
			return fmt.Errorf("create the account %s: %w", a.username, err)
		}
		token, err := p.tokenOf(ctx, a)
		if err != nil {
			return err
		}
		var me, timetable struct{ ID string }
		if err := app.JSON(ctx, "sign up", appclient.Request{Method: "GET", URL: app.REST + "/me", Token: token}, &me); err != nil {
			return fmt.Errorf("sign in as %s: %w", a.username, err)
		}
		body := map[string]any{"semester_id": oldSemester, "title": "1안"}
		if err := app.JSON(ctx, "sign up", appclient.Request{Method: "POST", URL: app.REST + "/me/timetables", Token: token, Body: body}, &timetable); err != nil {
			return fmt.Errorf("create the timetable of %s: %w", a.username, err)
		}
		a.uid, a.timetable = me.ID, timetable.ID
		for k := range lecturesChosen {
			if err := p.addOld(ctx, a, k); err != nil {
				return err
			}
		}
		p.pool = append(p.pool, a)
	}
	return nil
}

// addOld adds a lecture through compat-server.
func (p *campus) addOld(ctx context.Context, a *poolAccount, k int) error {
	token, err := p.tokenOf(ctx, a)
	if err != nil {
		return err
	}
	app := p.app(k, "")
	_, err = app.Do(ctx, "add a lecture", appclient.Request{
		Method: "POST", URL: app.REST + "/me/timetables/" + a.timetable + "/lectures", Token: token, Body: p.list[k%len(p.list)],
	})
	return err
}

// quantiles are some quantiles of times, in the order of their names.
type quantiles struct{ N, P50, P99, Max time.Duration }

func quantilesOf(times []time.Duration) quantiles {
	if len(times) == 0 {
		return quantiles{}
	}
	slices.Sort(times)
	return quantiles{time.Duration(len(times)), times[len(times)/2], times[len(times)*99/100], times[len(times)-1]}
}
