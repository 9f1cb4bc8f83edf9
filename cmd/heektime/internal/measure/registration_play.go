package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
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
func (p *campus) signIn(ctx context.Context, a poolAccount) error {
	var login struct{ Token string }
	body := map[string]any{"email": a.email, "password": minutePassword}
	if _, err := p.call(ctx, "POST", p.services.auth.url+"/login/", "", body, &login); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	exchange := "http://" + p.cloud.environment["FIREBASE_AUTH_EMULATOR_HOST"] + "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=local"
	if _, err := p.call(ctx, "POST", exchange, "", map[string]any{"token": login.Token, "returnSecureToken": true}, nil); err != nil {
		return fmt.Errorf("sign in with a custom token: %w", err)
	}
	return nil
}

// openOld opens an old app and adds a lecture through the REST API.
func (s *studentVisit) openOld(ctx context.Context) error {
	a := s.pool[s.number%len(s.pool)]
	if err := s.oldCalls(ctx, a); err != nil {
		return err
	}
	if err := s.loadList(ctx); err != nil {
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
func (p *campus) oldCalls(ctx context.Context, a poolAccount) error {
	for _, path := range []string{"/me", "/users/" + a.uid + "/timetables", "/semesters/" + url.PathEscape(minuteSchool) + "/" + url.PathEscape("2026-2학기") + "/lectures-url"} {
		if _, err := p.call(ctx, "GET", p.services.compat.url+"/apis/v2"+path, a.token, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// loadList gets the address of the course list and then the list, as Firebase's SDK does.
func (p *campus) loadList(ctx context.Context) error {
	at := "http://" + p.cloud.environment["FIREBASE_STORAGE_EMULATOR_HOST"] + "/v0/b/" + project + "/o/" + url.PathEscape(p.listName)
	if _, err := p.call(ctx, "GET", at, "", nil, nil); err != nil {
		return fmt.Errorf("get the list's address: %w", err)
	}
	switch n, err := p.call(ctx, "GET", at+"?alt=media&token=token", "", nil, nil); {
	case err != nil:
		return fmt.Errorf("load the list: %w", err)
	case n != int64(p.listBytes):
		return fmt.Errorf("the list has %d bytes, want %d", n, p.listBytes)
	}
	return nil
}

// open opens the app of today: it listens to the user, the timetable and its lectures, lists the timetables, and
// loads the semester and its course list.
func (s *studentVisit) open(ctx, listening context.Context) error {
	token, err := (&emulator.Cloud{Project: project}).IDToken(uidOf(s.number), nil)
	if err != nil {
		return err
	}
	as := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, strings.ToLower(billing.ActionHeader), "open the app")
	}
	ctx = as(ctx)
	db := s.clients[s.number%len(s.clients)]
	user := schema.UserRef(db, uidOf(s.number))
	timetable := schema.TimetableRef(user, timetableID)
	l, err := s.listen(as(listening), user, timetable)
	if err != nil {
		return err
	}
	if _, err := schema.LatestTimetables(user, false).Limit(schema.MaxTimetablePage).Documents(ctx).GetAll(); err != nil {
		return fmt.Errorf("list the timetables: %w", err)
	}
	if _, err := schema.SemesterRef(db, minuteSchool, minuteSemester).Get(ctx); err != nil {
		return fmt.Errorf("get the semester: %w", err)
	}
	if err := s.loadList(ctx); err != nil {
		return err
	}
	s.add("list", time.Since(s.begin))
	if err := l.wait(ctx, l.current); err != nil {
		return err
	}
	s.add("open", time.Since(s.begin))
	if s.writes == 0 {
		return nil
	}
	sleep(ctx, s.writes)
	before := time.Now()
	if _, err := schema.LectureRef(timetable, newLecture).Create(ctx, s.list[s.number%len(s.list)].NewFields()); err != nil {
		return fmt.Errorf("add a lecture: %w", err)
	}
	s.add("write", time.Since(before))
	if err := l.wait(ctx, l.seen); err != nil {
		return err
	}
	s.add("seen", time.Since(before))
	return nil
}

// newLecture is the id of the lecture that a student adds.
const newLecture = "added"

// listener is a student's stream of listeners.
type listener struct {
	current, seen chan struct{} // closed when the first results are there, and when the new lecture is
	ended         chan struct{}
	err           error // valid after ended is closed
}

// listen listens to the user's document, the timetable and its lectures until ctx ends.
func (s *studentVisit) listen(ctx context.Context, user, timetable *firestore.DocumentRef) (*listener, error) {
	stream, err := s.raws[s.number%len(s.raws)].Listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	text, err := schema.Lectures(timetable).Query.Serialize()
	if err != nil {
		return nil, fmt.Errorf("encode the query of lectures: %w", err)
	}
	query := &pb.RunQueryRequest{}
	if err := proto.Unmarshal(text, query); err != nil {
		return nil, fmt.Errorf("decode the query of lectures: %w", err)
	}
	document := func(id int32, ref *firestore.DocumentRef) *pb.Target {
		return &pb.Target{TargetId: id, TargetType: &pb.Target_Documents{Documents: &pb.Target_DocumentsTarget{Documents: []string{ref.Path}}}}
	}
	for _, target := range []*pb.Target{
		document(1, user), document(2, timetable),
		{TargetId: 3, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
			Parent: query.Parent, QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: query.GetStructuredQuery()},
		}}},
	} {
		err := stream.Send(&pb.ListenRequest{
			Database: "projects/" + project + "/databases/(default)", TargetChange: &pb.ListenRequest_AddTarget{AddTarget: target},
		})
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	l := &listener{current: make(chan struct{}), seen: make(chan struct{}), ended: make(chan struct{})}
	go l.receive(stream, schema.LectureRef(timetable, newLecture).Path)
	return l, nil
}

func (l *listener) receive(stream pb.Firestore_ListenClient, wanted string) {
	defer close(l.ended)
	for current := 0; ; {
		m, err := stream.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				l.err = fmt.Errorf("listen: %w", err)
			}
			return
		}
		switch x := m.ResponseType.(type) {
		case *pb.ListenResponse_TargetChange:
			switch x.TargetChange.TargetChangeType {
			case pb.TargetChange_CURRENT:
				if current += len(x.TargetChange.TargetIds); current == 3 {
					close(l.current)
				}
			case pb.TargetChange_REMOVE:
				l.err = fmt.Errorf("listen: denied: %v", x.TargetChange.Cause)
				return
			}
		case *pb.ListenResponse_DocumentChange:
			if x.DocumentChange.Document.GetName() == wanted {
				close(l.seen)
				wanted = ""
			}
		}
	}
}

// wait waits for one of the listener's events.
func (l *listener) wait(ctx context.Context, event <-chan struct{}) error {
	select {
	case <-event:
		return nil
	case <-l.ended:
		return errors.Join(l.err, errors.New("the listener ended"))
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
