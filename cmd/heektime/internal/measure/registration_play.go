package measure

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/schema"
)

// Played is what the students experienced.
type Played struct {
	// Late is how much later than planned a student began, because this machine was busy. Times below begin then.
	Late quantiles
	// List is the time until a student has the course list, Open until everything is there.
	List, Open quantiles
	// Write is the time until a lecture is saved, Seen until the student's own listener shows it.
	Write, Seen quantiles
	// OldOpen and OldWrite are those of old apps, SignIn the time to sign in.
	OldOpen, OldWrite, SignIn quantiles
	// Failed is how many students got an error, Errors how many got which.
	Failed int
	Errors map[string]int
	// Took is the whole time, and the CPU times are those of the local cloud, the services and the students.
	Took                                      time.Duration
	CloudCPU, AuthCPU, CompatCPU, StudentsCPU time.Duration
	// Load is the machine's load average at the end.
	Load string
}

// play plays the visits in real time.
func (p *campus) play(ctx context.Context, visits []visit) (*Played, error) {
	before, err := p.cpuTimes()
	if err != nil {
		return nil, err
	}
	r := &recorder{times: map[string][]time.Duration{}, errors: map[string]int{}}
	listening, stopListening := context.WithCancel(ctx)
	defer stopListening()
	begin := time.Now()
	var wg sync.WaitGroup
	for _, i := range order(visits) {
		select {
		case <-time.After(time.Until(begin.Add(visits[i].at))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		late := time.Since(begin.Add(visits[i].at))
		wg.Go(func() {
			r.add("late", late)
			s := &studentVisit{campus: p, visit: visits[i], number: i, recorder: r}
			if err := s.run(ctx, listening); err != nil {
				r.fail(err)
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	after, err := p.cpuTimes()
	if err != nil {
		return nil, err
	}
	return &Played{
		Late: r.of("late"), List: r.of("list"), Open: r.of("open"), Write: r.of("write"), Seen: r.of("seen"),
		OldOpen: r.of("old open"), OldWrite: r.of("old write"), SignIn: r.of("sign in"),
		Failed: r.failed, Errors: r.errors, Took: took,
		CloudCPU: after[0] - before[0], AuthCPU: after[1] - before[1], CompatCPU: after[2] - before[2], StudentsCPU: after[3] - before[3],
		Load: loadAverage(),
	}, nil
}

// cpuTimes returns the CPU times of the cloud, of the two services, and of this process.
func (p *campus) cpuTimes() (times [4]time.Duration, err error) {
	for i, pid := range []int{p.cloud.pid, p.services.auth.cmd.Process.Pid, p.services.compat.cmd.Process.Pid, os.Getpid()} {
		if times[i], err = cpuOf(pid); err != nil {
			return times, err
		}
	}
	return times, nil
}

// loadAverage returns the machine's load average over a minute, "" if the system does not say.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

// recorder collects times by what they are of. It is safe for concurrent use.
type recorder struct {
	mu     sync.Mutex
	times  map[string][]time.Duration
	failed int
	errors map[string]int // by their texts without what differs between students
}

func (r *recorder) add(what string, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times[what] = append(r.times[what], d)
}

// individual matches what differs between the errors of students: names, numbers and addresses.
var individual = regexp.MustCompile(`"[^"]*"|[^ ]*[0-9][^ ]*`)

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.errors[strings.Join(strings.Fields(individual.ReplaceAllString(err.Error(), "…")), " ")]++
}

func (r *recorder) of(what string) quantiles { return quantilesOf(r.times[what]) }

// studentVisit is a student who opens the app.
type studentVisit struct {
	*campus
	visit
	*recorder
	number int
	begin  time.Time
}

// run opens the app, and adds a lecture if the student does. Listeners stay until listening ends.
func (s *studentVisit) run(ctx, listening context.Context) error {
	s.begin = time.Now()
	if s.signsIn {
		if err := s.signIn(ctx, s.pool[s.number%len(s.pool)]); err != nil {
			return err
		}
		s.add("sign in", time.Since(s.begin))
	}
	if s.old {
		return s.openOld(ctx)
	}
	return s.open(ctx, listening)
}

// signIn signs in through the auth service and at Authentication.
func (p *campus) signIn(ctx context.Context, a *poolAccount) error {
	_, err := p.app(0, "").SignIn(ctx, "sign in", a.email, minutePassword)
	return err
}

// openOld opens an old app and adds a lecture through the REST API.
func (s *studentVisit) openOld(ctx context.Context) error {
	a := s.pool[s.number%len(s.pool)]
	if err := s.oldCalls(ctx, a); err != nil {
		return err
	}
	if err := s.loadList(ctx, s.app(s.number, "")); err != nil {
		return err
	}
	s.add("list", time.Since(s.begin))
	s.add("old open", time.Since(s.begin))
	if s.writes == 0 {
		return nil
	}
	sleep(ctx, s.writes)
	before := time.Now()
	if err := s.addOld(ctx, a, s.number); err != nil {
		return err
	}
	s.add("old write", time.Since(before))
	return nil
}

// oldCalls are the calls with which an old app opens.
func (p *campus) oldCalls(ctx context.Context, a *poolAccount) error {
	token, err := p.tokenOf(ctx, a)
	if err != nil {
		return err
	}
	app := p.app(0, "")
	for _, path := range []string{"/me", "/users/" + a.uid + "/timetables", "/semesters/" + url.PathEscape(minuteSchool) + "/" + url.PathEscape("2026-2학기") + "/lectures-url"} {
		if _, err := app.Do(ctx, "open the app", appclient.Request{Method: "GET", URL: app.REST + path, Token: token}); err != nil {
			return err
		}
	}
	return nil
}

// loadList gets the address of the course list and then the list, as Firebase's SDK does.
func (p *campus) loadList(ctx context.Context, app *appclient.App) error {
	const action = "search"
	if err := app.DownloadURL(ctx, action, p.listName); err != nil {
		return err
	}
	switch list, err := app.Download(ctx, action, p.listName); {
	case err != nil:
		return err
	case len(list) != p.listBytes:
		return fmt.Errorf("the list has %d bytes, want %d", len(list), p.listBytes)
	}
	return nil
}

// open opens the app of today: it listens to the user, the timetable and its lectures, lists the timetables, and
// loads the semester and its course list. The listeners stay until listening ends.
func (s *studentVisit) open(ctx, listening context.Context) error {
	token, err := (&emulator.Cloud{Project: project}).IDToken(uidOf(s.number), nil)
	if err != nil {
		return err
	}
	const action = "open the app"
	app := s.app(s.number, token)
	user := schema.UserRef(app.Client, uidOf(s.number))
	timetable := schema.TimetableRef(user, timetableID)
	w, err := app.Listen(listening, action)
	if err != nil {
		return err
	}
	if err := w.Send(appclient.Documents(1, user), appclient.Documents(2, timetable), appclient.Lectures(3, timetable, time.Time{})); err != nil {
		return err
	}
	if _, err := schema.LatestTimetables(user, false).Limit(schema.MaxTimetablePage).Documents(app.Context(ctx, action)).GetAll(); err != nil {
		return fmt.Errorf("list the timetables: %w", err)
	}
	if _, err := schema.SemesterRef(app.Client, minuteSchool, minuteSemester).Get(app.Context(ctx, action)); err != nil {
		return fmt.Errorf("get the semester: %w", err)
	}
	if err := s.loadList(ctx, app); err != nil {
		return err
	}
	s.add("list", time.Since(s.begin))
	if err := w.AwaitCurrent(); err != nil {
		return err
	}
	s.add("open", time.Since(s.begin))
	if s.writes == 0 {
		return nil
	}
	sleep(ctx, s.writes)
	before := time.Now()
	r, err := schema.LectureRef(timetable, newLecture).Create(app.Context(ctx, "add a lecture"), s.list[s.number%len(s.list)].NewFields())
	if err != nil {
		return fmt.Errorf("add a lecture: %w", err)
	}
	s.add("write", time.Since(before))
	if err := w.Await(r.UpdateTime); err != nil {
		return err
	}
	s.add("seen", time.Since(before))
	return nil
}

// newLecture is the id of the lecture that a student adds.
const newLecture = "added"

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
