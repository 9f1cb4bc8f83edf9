package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

const gaon = "가온대학교"

// registrar is a school's server. Its list has lectures by code.
type registrar struct {
	mu    sync.Mutex
	rooms []string // of GAON000, GAON001, …; one that is "-" is not in the list
}

func (r *registrar) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(w, "과목코드,과목명,교수,시간,강의실")
	for i, room := range r.rooms {
		if room != "-" {
			fmt.Fprintf(w, "GAON%03d,강의 %d,한가람,월 09:00-10:15,%s\n", i, i, room)
		}
	}
}

func (r *registrar) set(first int, rooms ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	copy(r.rooms[first:], rooms)
}

// notificationWorld is everything that is deployed, on a clock that moves when the test says so, with a school, and a
// student who has a phone.
type notificationWorld struct {
	*local.Backend
	t        *testing.T
	clock    *clock.Clock
	school   *registrar
	semester schema.SemesterID
	fs       *firestore.Client
	phone    string // its registration token
	token    string // the student's ID token
	user     *firestore.DocumentRef
}

func newNotificationWorld(t *testing.T, lectures int) *notificationWorld {
	t.Helper()
	w := &notificationWorld{
		t: t, clock: clock.NewStopped(time.Date(2026, 9, 1, 6, 0, 0, 0, pushplan.Seoul)), semester: "2026-0900",
		school: &registrar{rooms: slices.Repeat([]string{"101"}, lectures)},
	}
	srv := httptest.NewServer(w.school)
	t.Cleanup(srv.Close)
	cfg := privilegeConfig(t, srv.URL, fmt.Sprintf(`
schools:
  - id: %s
    name: %s
    source:
      adapter: sheet
      options: {url: "%s", column.identifier: 과목코드, column.title: 과목명, column.professor: 교수, column.times: 시간, times: "월 11:00-12:15", column.room: 강의실}
    semesters: [{id: %s, year: 2026, term: 2학기}]
`, gaon, gaon, srv.URL, w.semester))
	cfg.Clock, cfg.AsDeployed, cfg.Log = w.clock, true, slog.New(slog.DiscardHandler)
	var err error
	w.Backend, err = local.Start(t.Context(), cfg)
	w.check(err)
	t.Cleanup(func() { w.check(w.Close()) })
	clients := gcp.NewClients(cfg.Project, gcp.DefaultDatabase)
	t.Cleanup(func() { clients.Close() })
	w.fs = clients.Firestore(t.Context())
	accounts := clients.Authentication(t.Context(), "")
	w.check(clients.Err())
	w.refresh()
	w.signUp(accounts)
	return w
}

func (w *notificationWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// signUp makes the student's account, with a timetable of the semester.
func (w *notificationWorld) signUp(accounts *firebaseauth.Client) {
	w.t.Helper()
	ctx, email := w.t.Context(), "minji@example.com"
	account, err := accounts.CreateUser(ctx, (&firebaseauth.UserToCreate{}).Email(email).Password(password))
	w.check(err)
	calls := &privilegeWorld{Backend: w.Backend}
	w.token, err = calls.token(ctx, email)
	w.check(err)
	w.user = schema.UserRef(w.fs, account.UID)
	_, err = w.timetable().Set(ctx, stored(map[string]any{"title": "시간표", "visibility": "public", "semester": schema.SemesterRef(w.fs, gaon, w.semester)}))
	w.check(err)
	w.phone = w.device()
}

// device returns the registration token of a new device.
func (w *notificationWorld) device() (token string) {
	w.t.Helper()
	token, err := w.Cloud.Messages().Register(messaging.DeviceInfo{})
	w.check(err)
	return token
}

func (w *notificationWorld) timetable() *firestore.DocumentRef {
	return schema.TimetableRef(w.user, "t")
}

// idle waits until tasks and events are done.
func (w *notificationWorld) idle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.Cloud.Idle(ctx))
}

// wait lets time pass.
func (w *notificationWorld) wait(d time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), hangTimeout)
	defer cancel()
	w.check(w.Cloud.Advance(ctx, d))
}

// waitUntil lets time pass until a time of day in Seoul.
func (w *notificationWorld) waitUntil(hour, minute int) {
	w.t.Helper()
	now := w.clock.Now().In(pushplan.Seoul)
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, pushplan.Seoul)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	w.wait(at.Sub(now))
}

// refresh refreshes the list, and waits for what it causes.
func (w *notificationWorld) refresh() {
	w.t.Helper()
	_, err := w.Queue.Enqueue(w.t.Context(), refresh.Task{School: gaon, Semester: w.semester, Slot: w.clock.Now()})
	w.check(err)
	w.idle()
}

// change changes the rooms of lectures, and refreshes the list.
func (w *notificationWorld) change(first int, rooms ...string) {
	w.t.Helper()
	w.school.set(first, rooms...)
	w.refresh()
}

// add adds a lecture to the timetable, as an app does.
func (w *notificationWorld) add(code string) {
	w.t.Helper()
	fields := lecture(code)
	fields["identifier"] = code
	_, err := schema.LectureRef(w.timetable(), code).Set(w.t.Context(), stored(fields))
	w.check(err)
}

// subscribe subscribes the phone.
func (w *notificationWorld) subscribe() (id string) {
	w.t.Helper()
	var response struct{ ID string }
	calls := &privilegeWorld{Backend: w.Backend}
	w.check(calls.call(w.t.Context(), http.MethodPost, w.URLs["subscriptions"]+"/subscriptions/", w.token, map[string]string{"token": w.phone, "language": "ko"}, &response))
	return response.ID
}

// received checks how many messages the phone has received.
func (w *notificationWorld) received(want int, when string) {
	w.t.Helper()
	d, _ := w.Cloud.Messages().Device(w.phone)
	if len(d.Received) != want {
		var texts []string
		for _, r := range d.Received {
			texts = append(texts, r.Sent.In(pushplan.Seoul).Format("02 15:04 ")+r.Body)
		}
		w.t.Fatalf("%s, the phone has received %d messages, want %d:\n%s", when, len(d.Received), want, strings.Join(texts, "\n"))
	}
}

// shows checks what the last notification on the phone says.
func (w *notificationWorld) shows(want string) {
	w.t.Helper()
	shown := w.Cloud.Messages().Shown(w.phone)
	if len(shown) == 0 || shown[len(shown)-1].Body != want {
		w.t.Fatalf("the phone shows %+v, want %q", shown, want)
	}
}

// subscribed checks which lectures the phone is subscribed to.
func (w *notificationWorld) subscribed(codes ...string) {
	w.t.Helper()
	want := []string{topic.Announcements.In(schema.Korean), topic.School(gaon).In(schema.Korean)}
	for _, code := range codes {
		want = append(want, topic.Lecture(gaon, w.semester, code).In(schema.Korean))
	}
	slices.Sort(want)
	if d, _ := w.Cloud.Messages().Device(w.phone); !slices.Equal(d.Topics, want) {
		w.t.Fatalf("the phone has the topics %v, want %v", d.Topics, want)
	}
}

// A room changes, and the student's phone says so: from the school's list through the deployed services to the device.
// It is long because it is the story of three days.
func TestStudentsLearnOfChanges(t *testing.T) {
	w := newNotificationWorld(t, 200)
	w.add("GAON000")
	w.subscribe()
	w.wait(time.Minute)
	w.subscribed("GAON000")
	w.wait(pushtask.FollowAgain) // for the function to look for devices again
	w.add("GAON001")
	w.add("GAON002")
	w.wait(time.Minute)
	w.subscribed("GAON000", "GAON001", "GAON002")
	_, err := schema.LectureRef(w.timetable(), "GAON002").Delete(t.Context())
	w.check(err)
	w.wait(time.Minute)
	w.subscribed("GAON000", "GAON001")

	// The first day: the school flips a room back and forth every hour.
	w.waitUntil(9, 30)
	w.change(0, "102")
	w.received(1, "after a change")
	w.shows("강의 0 강의실이 바뀌었어요: 101 → 102")
	w.refresh()
	w.received(1, "after a refresh without a change")
	w.wait(time.Hour)
	w.change(0, "101")
	w.received(2, "after the way back")
	w.shows("강의 0 강의실이 다시 돌아왔어요: 102 → 101")
	if n := len(w.Cloud.Messages().Shown(w.phone)); n != 1 {
		t.Errorf("the phone shows %d notifications of one lecture and day, want 1", n)
	}
	w.change(5, "102") // not the student's
	for hour := 11; hour < 22; hour++ {
		w.waitUntil(hour, 30)
		w.change(0, []string{"101", "102"}[hour%2])
	}
	w.received(2, "after twelve flips")
	w.change(1, "102")
	w.received(3, "after a change of another lecture, at 21:30")

	// The night.
	for _, hour := range []int{22, 23, 0, 1, 2, 3, 4, 5, 6, 7} {
		w.waitUntil(hour, 5)
		w.change(0, []string{"101", "102"}[hour%2], fmt.Sprint("103-", hour))
	}
	w.waitUntil(7, 59)
	w.received(3, "at night")

	// The next morning: one message for each lecture, of how it differs from what the student knows.
	w.waitUntil(8, 10)
	w.received(5, "in the morning")
	bodies := func() (all []string) {
		for _, shown := range w.Cloud.Messages().Shown(w.phone) {
			all = append(all, shown.Body)
		}
		return all
	}
	for _, want := range []string{"강의 0 강의실이 바뀌었어요: 101 → 102", "강의 1 강의실이 바뀌었어요: 102 → 103-7"} {
		if !slices.Contains(bodies(), want) {
			t.Errorf("the phone shows %q, want %q", bodies(), want)
		}
	}

	// More lectures change than fit into the document of a change.
	w.waitUntil(12, 0)
	w.change(1, slices.Repeat([]string{"201"}, 150)...)
	w.received(6, "after a change of 150 lectures")
	w.shows("강의 1 강의실이 바뀌었어요: 102 → 201")
	w.change(0, "-")
	w.received(7, "after the other lecture was removed")
	w.shows("강의 0 강의가 학교 강의 목록에서 빠졌어요. 폐강됐는지 학교에서 확인해 보세요.")
	w.announce(7)
}

// announce announces something by day and at night.
func (w *notificationWorld) announce(received int) {
	w.t.Helper()
	add := func(a schema.Announcement) {
		w.t.Helper()
		now := w.clock.Now()
		a.English, a.From, a.Until = "Maintenance.", now, now.Add(48*time.Hour)
		table := deployment.Table()
		w.check(addAnnouncement(w.t.Context(), w.fs, &taskqueue.Queue{
			Client: w.Queue.Client, Name: table.QueueName(w.Cloud.Project, deployment.PushQueue), URL: w.URLs["push"], Audience: w.URLs["push"],
			ServiceAccount: w.Queue.ServiceAccount,
		}, &a, now))
		w.idle()
	}
	add(schema.Announcement{Korean: "오늘 점검해요.", Audience: schema.AudienceAll, Push: true})
	w.received(received+1, "after an announcement")
	w.shows("오늘 점검해요.")
	w.waitUntil(23, 0)
	add(schema.Announcement{Korean: "내일 점검해요.", Audience: gaon, Push: true})
	w.received(received+1, "at night")
	if at := pushtask.Earliest(w.clock.Now()); at.In(pushplan.Seoul).Hour() != 8 {
		w.t.Errorf("what is announced at night is sent at %v", at)
	}
	w.waitUntil(8, 10)
	w.received(received+2, "in the morning after an announcement")
	w.shows("내일 점검해요.")
}
