package measure

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

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
	connections     = 8 // to Firestore, shared by all students
	maxConnsPerHost = 256
)

// campus is a local cloud with students, and the clients to play them.
type campus struct {
	cloud     *cloudProcess
	services  *minuteServices
	list      schema.CourseList
	listName  string // of the object
	listBytes int    // compressed
	conns     []*grpc.ClientConn
	clients   []*firestore.Client
	raws      []pb.FirestoreClient
	http      *http.Client
	pool      []poolAccount
}

// poolAccount is an account with a password.
type poolAccount struct{ email, username, uid, token, timetable string }

// fillCampus creates a school with a course list, the students' documents, and accounts.
func fillCampus(ctx context.Context, o RegistrationOptions, c *cloudProcess, s *minuteServices) (_ *campus, err error) {
	p := &campus{cloud: c, services: s, list: courseList(o.Seed)}
	p.http = &http.Client{Transport: &http.Transport{MaxConnsPerHost: maxConnsPerHost, MaxIdleConnsPerHost: maxConnsPerHost, DisableCompression: true}}
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
	for range connections {
		conn, err := grpc.NewClient(c.environment["FIRESTORE_EMULATOR_HOST"], grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, fmt.Errorf("connect to the local cloud: %w", err)
		}
		p.conns, p.raws = append(p.conns, conn), append(p.raws, pb.NewFirestoreClient(conn))
		client, err := firestore.NewClient(ctx, project, option.WithGRPCConn(conn))
		if err != nil {
			return nil, fmt.Errorf("open a client of Firestore: %w", err)
		}
		p.clients = append(p.clients, client)
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
	for _, client := range p.clients {
		client.Close()
	}
	for _, conn := range p.conns {
		conn.Close()
	}
	p.http.CloseIdleConnections()
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
		a := poolAccount{username: fmt.Sprintf("pool%04d", i)}
		a.email = a.username + "@user.heektime.heek.kr"
		var tokens struct {
			AccessToken string `json:"access_token"`
		}
		var me, timetable struct{ ID string }
		credentials := map[string]any{"username": a.username, "password": minutePassword, "name": "학생"}
		for _, step := range []struct {
			method, path string
			body         map[string]any
			into         any
		}{
			{"POST", "/users", credentials, nil}, {"POST", "/auth/token", credentials, &tokens}, {"GET", "/me", nil, &me},
			{"POST", "/me/timetables", map[string]any{"semester_id": oldSemester, "title": "1안"}, &timetable},
		} {
			if _, err := p.call(ctx, step.method, p.services.compat.url+"/apis/v2"+step.path, tokens.AccessToken, step.body, step.into); err != nil {
				return fmt.Errorf("create the account %s: %w", a.username, err)
			}
		}
		a.token, a.uid, a.timetable = tokens.AccessToken, me.ID, timetable.ID
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
func (p *campus) addOld(ctx context.Context, a poolAccount, k int) error {
	_, err := p.call(ctx, "POST", p.services.compat.url+"/apis/v2/me/timetables/"+a.timetable+"/lectures", a.token, p.list[k%len(p.list)], nil)
	return err
}

// call sends a request with a JSON body, unless body is nil, and decodes the response into into, unless that is
// nil. It returns the size of the response.
func (p *campus) call(ctx context.Context, method, url, token string, body, into any) (int64, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("encode a request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return 0, fmt.Errorf("create a request: %w", err)
	}
	maps.Copy(r.Header, http.Header{"Content-Type": {"application/json"}, "Accept-Encoding": {"gzip"}})
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := p.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return 0, fmt.Errorf("%s %s: %s: %s", method, url, response.Status, text)
	}
	if into != nil {
		var reader io.Reader = response.Body
		if response.Header.Get("Content-Encoding") == "gzip" {
			if reader, err = gzip.NewReader(response.Body); err != nil {
				return 0, fmt.Errorf("%s %s: %w", method, url, err)
			}
		}
		return 0, json.NewDecoder(reader).Decode(into)
	}
	return io.Copy(io.Discard, response.Body)
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
