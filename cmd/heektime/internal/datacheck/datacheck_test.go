package datacheck

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/schema"
)

type data = map[string]any

// world is a database that is consistent until a test damages it.
type world struct {
	cloud  *emulatortest.Cloud
	fs     *firestore.Client
	bucket *storage.BucketHandle
	now    time.Time
	list   string // the name of the course list
}

const timetable = "users/alice/timetables/0123456789"

func newWorld(t *testing.T) *world {
	t.Helper()
	cloud := emulatortest.Start(t)
	w := &world{cloud: cloud, now: time.Now()}
	option := emulatortest.Connection(t, cloud.FirestoreAddress())
	var err error
	w.fs, err = gcp.Firestore(t.Context(), cloud.Project, "restored", option)
	must(t, err)
	t.Cleanup(func() { w.fs.Close() })
	w.bucket = storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project)
	w.list = w.upload(t, "[\n\n]\n")
	for path, fields := range w.valid() {
		w.set(t, path, fields)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// upload stores a course list under the name that its content has.
func (w *world) upload(t *testing.T, content string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	name := schema.SemesterPrefix("korea", "2026-0900") + hex.EncodeToString(sum[:16]) + ".json"
	w.store(t, name, content)
	return name
}

func (w *world) store(t *testing.T, name, content string) {
	t.Helper()
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, err := zip.Write([]byte(content))
	must(t, err)
	must(t, zip.Close())
	o := w.bucket.Object(name).NewWriter(t.Context())
	o.ContentEncoding = "gzip"
	_, err = o.Write(zipped.Bytes())
	must(t, err)
	must(t, o.Close())
}

func (w *world) set(t *testing.T, path string, fields data) {
	t.Helper()
	_, err := w.fs.Doc(path).Set(t.Context(), fields)
	must(t, err)
}

func (w *world) update(t *testing.T, path, field string, value any) {
	t.Helper()
	_, err := w.fs.Doc(path).Update(t.Context(), []firestore.Update{{Path: field, Value: value}})
	must(t, err)
}

func (w *world) remove(t *testing.T, path string) {
	t.Helper()
	_, err := w.fs.Doc(path).Delete(t.Context())
	must(t, err)
}

// valid has a document of every kind, among them all that only look wrong.
func (w *world) valid() map[string]data {
	stamps := func(fields data) data {
		maps.Copy(fields, data{"createdAt": w.now, "updatedAt": w.now})
		return fields
	}
	lecture := stamps(data{"identifier": "a", "title": "", "professor": "", "credit": 3, "times": []any{}, "category": []any{}, "metas": []any{}})
	return map[string]data{
		"schools/korea":                                {"name": "고려대학교"},
		"schools/korea/semesters/2026-0900":            {"year": 2026, "term": "2학기", "periods": []any{}, "status": "normal", "lecturesUrl": "gs://demo-test/" + w.list},
		"refreshes/korea/semesters/2026-0900":          {"published": []any{data{"name": w.list, "generation": 1, "hash": "", "lectures": 0, "at": w.now}}},
		"refreshes/korea/semesters/2026-0900/runs/1-1": {"expires": w.now},
		"schedules/refresh":                            {"slots": data{}}, "sweeps/state": {"ended": w.now}, "attempts/a": {"level": 1, "expires": w.now},
		"announcements/all": {"korean": "점검 안내", "english": "Maintenance", "audience": "all", "from": w.now, "until": w.now.Add(time.Hour)},
		"announcements/one": {"korean": "점검 안내", "english": "Maintenance", "audience": "korea", "from": w.now, "until": w.now.Add(time.Hour)},

		"users/alice": stamps(data{"username": "alice"}), "indices/user/usernames/alice": {"value": "alice"},
		timetable:                 stamps(data{"title": "", "visibility": "public", "semester": w.fs.Doc("schools/korea/semesters/2026-0900")}),
		timetable + "/lectures/l": lecture,
		// Old accounts have names that nobody can claim any more, and even names that cannot have an index.
		"users/odd": stamps(data{"username": "__odd__"}), "users/spaced": stamps(data{"username": "a b"}), "indices/user/usernames/a b": {"value": "spaced"},
		// Nameless has not chosen a username yet.
		"users/nameless/timetables/0123456789": stamps(data{"title": "", "visibility": "private", "semester": w.fs.Doc("schools/korea/semesters/2026-0900")}),
		// Grace's account is being deleted; her username is reserved.
		"deletions/grace": {"due": w.now, "purging": false, "user": data{"username": "grace"}}, "indices/user/usernames/grace": {"value": "grace"},
		// The purge of pat's account has freed the username already.
		"deletions/pat": {"due": w.now, "purging": true, "user": data{"username": "pat1"}},
		"credentials/" + credential.Key("alice@example.com"): {"email": "alice@example.com", "uid": "alice", "hash": "h"},
		"credentials/" + credential.Key("grace@example.com"): {"email": "grace@example.com", "uid": "grace", "hash": "h"},
	}
}

func (w *world) check(t *testing.T, cfg Config) *Report {
	t.Helper()
	cfg.Firestore, cfg.Bucket, cfg.Now = w.fs, w.bucket, func() time.Time { return w.now }
	var report *Report
	billed := emulatortest.CostOf(w.cloud.Measure(t, func() {
		var err error
		report, err = Run(t.Context(), cfg)
		must(t, err)
	}))
	if billed.Reads > report.Reads || report.Reads > billed.Reads+2*len(schema.Documents())+60 || billed.Writes+billed.Deletes > 0 {
		t.Errorf("billed %v, counted %d reads", billed, report.Reads)
	}
	return report
}

func TestConsistentDatabase(t *testing.T) {
	w := newWorld(t)
	for name, cfg := range map[string]Config{"all": {}, "sample": {Sample: 1000}, "sample from the middle": {Sample: 1000, Random: func() string { return "c" }}} {
		r := w.check(t, cfg)
		if len(r.Findings) > 0 || r.Lists != 1 || r.Documents < len(w.valid())-1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Each damage is found, as the kinds of findings that it is, and nothing else is.
//
// It is long because of its cases.
func TestFindings(t *testing.T) {
	w := newWorld(t)
	const semester, record, lecture = "schools/korea/semesters/2026-0900", "refreshes/korea/semesters/2026-0900", timetable + "/lectures/l"
	key := "credentials/" + credential.Key("alice@example.com")
	tested := map[string]bool{}
	for name, c := range map[string]struct {
		damage func()
		want   []Kind
		text   string // in the first example
	}{
		"collection at the root":       {func() { w.set(t, "backup/x", data{}) }, []Kind{UnknownCollection}, "backup"},
		"collection below a document":  {func() { w.set(t, "users/alice/notes/x", data{}) }, []Kind{UnknownCollection}, "users/alice/notes"},
		"known name in another place":  {func() { w.set(t, "users/alice/lectures/x", data{}) }, []Kind{UnknownCollection}, "users/alice/lectures/x"},
		"type":                         {func() { w.update(t, lecture, "times", "x") }, []Kind{InvalidValue}, "times is a string"},
		"bound":                        {func() { w.update(t, lecture, "credit", 101) }, []Kind{InvalidValue}, "credit is 101"},
		"type of a server's field":     {func() { w.update(t, "deletions/grace", "due", "soon") }, []Kind{InvalidValue}, "due is a string"},
		"absent":                       {func() { w.update(t, "users/alice", "updatedAt", firestore.Delete) }, []Kind{InvalidValue}, "updatedAt is absent"},
		"semester is missing":          {func() { w.remove(t, semester) }, []Kind{MissingReference, UnpublishedSemester}, "refers to " + semester},
		"reference to a lost document": {func() { w.update(t, timetable, "semester", w.fs.Doc("schools/korea/semesters/1999-0900")) }, []Kind{MissingReference}, timetable},
		"reference to another database": {func() {
			w.update(t, timetable, "semester", &firestore.DocumentRef{Path: "projects/demo-test/databases/(default)/documents/" + semester})
		}, []Kind{ForeignReference}, "(default)"},
		"user lost":                             {func() { w.remove(t, "users/alice") }, []Kind{IndexWithoutUser, StrandedCredential}, "usernames/alice"},
		"index lost":                            {func() { w.remove(t, "indices/user/usernames/alice") }, []Kind{UserWithoutIndex}, "has no index"},
		"index of somebody else":                {func() { w.update(t, "indices/user/usernames/alice", "value", "odd") }, []Kind{UserWithoutIndex, IndexWithoutUser}, "belongs to users/odd"},
		"index of an impossible uid":            {func() { w.update(t, "indices/user/usernames/alice", "value", "a/b") }, []Kind{UserWithoutIndex, IndexWithoutUser}, "belongs"},
		"username changed":                      {func() { w.update(t, "users/alice", "username", "alicia") }, []Kind{UserWithoutIndex, IndexWithoutUser}, "alicia"},
		"reserved name is lost":                 {func() { w.remove(t, "indices/user/usernames/grace") }, []Kind{UserWithoutIndex}, "keeps"},
		"timetable lost":                        {func() { w.remove(t, timetable) }, []Kind{OrphanedLecture}, lecture},
		"school lost":                           {func() { w.remove(t, "schools/korea") }, []Kind{SemesterWithout, AnnouncementWithout}, semester},
		"announcement for a lost school":        {func() { w.update(t, "announcements/one", "audience", "lost") }, []Kind{AnnouncementWithout}, "lost"},
		"announcement for an impossible school": {func() { w.update(t, "announcements/one", "audience", "a/b") }, []Kind{InvalidValue}, "the audience is neither"},
		"announcement in one language":          {func() { w.update(t, "announcements/one", "english", "") }, []Kind{InvalidValue}, "the English text is missing"},
		"announcement that ends first":          {func() { w.update(t, "announcements/one", "until", w.now) }, []Kind{InvalidValue}, "must end after it begins"},
		"user and deletion":                     {func() { w.set(t, "deletions/alice", data{"due": w.now, "purging": true}) }, []Kind{UserDuringDeletion}, "users/alice"},
		"purge that does not end":               {func() { w.update(t, "deletions/pat", "due", w.now.Add(-25*time.Hour)) }, []Kind{OverdueDeletion}, "deletions/pat"},
		"credential of another address":         {func() { w.update(t, key, "email", "bob@example.com") }, []Kind{InvalidCredential}, key},
		"credential of a lost user":             {func() { w.update(t, key, "uid", "lost") }, []Kind{StrandedCredential}, "lost"},
		"credential of an impossible id":        {func() { w.update(t, key, "uid", "..") }, []Kind{StrandedCredential}, ".."},
		"list deleted":                          {func() { must(t, w.bucket.Object(w.list).Delete(t.Context())) }, []Kind{MissingList}, w.list},
		"list changed":                          {func() { w.store(t, w.list, "[]") }, []Kind{WrongList}, w.list},
		"list in another bucket": {func() {
			w.update(t, semester, "lecturesUrl", "gs://other/"+w.list)
		}, []Kind{WrongListURL}, "gs://other/"},
		"list of another semester": {func() {
			w.update(t, semester, "lecturesUrl", "gs://demo-test/"+strings.Replace(w.list, "0900", "0300", 1))
		}, []Kind{WrongListURL, UnpublishedSemester}, "0300"},
		"older list is shown": {func() { w.update(t, semester, "lecturesUrl", "gs://demo-test/"+w.upload(t, "[\n]\n")) }, []Kind{UnpublishedSemester}, record[10:]},
		"no list is shown":    {func() { w.update(t, semester, "lecturesUrl", firestore.Delete) }, []Kind{UnpublishedSemester}, w.list},
	} {
		c.damage()
		r := w.check(t, Config{Examples: 1})
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Kind.Name)
		}
		var want []string
		for _, kind := range c.want {
			want = append(want, kind.Name)
			tested[kind.Name] = true
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(r.Findings) > 0 && !strings.Contains(r.Findings[0].Examples[0], c.text) {
			t.Errorf("%s: found %+v, want %q with %q", name, r.Findings, want, c.text)
		}
		w.repair(t)
	}
	for _, kind := range Kinds {
		if !tested[kind.Name] {
			t.Errorf("no test finds a %s", kind.Name)
		}
	}
}

// repair undoes any damage.
func (w *world) repair(t *testing.T) {
	t.Helper()
	valid := w.valid()
	collections, err := w.fs.Collections(t.Context()).GetAll()
	must(t, err)
	var clear func(*firestore.CollectionRef)
	clear = func(c *firestore.CollectionRef) {
		refs, err := c.DocumentRefs(t.Context()).GetAll()
		must(t, err)
		for _, ref := range refs {
			below, err := ref.Collections(t.Context()).GetAll()
			must(t, err)
			for _, c := range below {
				clear(c)
			}
			if valid[schema.Path(ref)] == nil {
				w.remove(t, schema.Path(ref))
			}
		}
	}
	for _, c := range collections {
		clear(c)
	}
	for path, fields := range valid {
		w.set(t, path, fields)
	}
	w.store(t, w.list, "[\n\n]\n")
}

// A report counts everything and gives few examples; a sample reads little of a large database.
func TestExamplesAndSample(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.set(t, "users/lost"+string(rune('A'+i))+"/timetables/gone/lectures/l", w.valid()[timetable+"/lectures/l"])
	}
	var progress []Progress
	r := w.check(t, Config{Progress: func(p Progress) { progress = append(progress, p) }})
	if len(r.Findings) != 1 || r.Findings[0].Count != 60 || len(r.Findings[0].Examples) != 5 {
		t.Errorf("%+v", r.Findings)
	}
	if len(progress) == 0 || progress[0].Total != r.Documents {
		t.Errorf("progress %+v of %d documents", progress, r.Documents)
	}
	r = w.check(t, Config{Sample: 10, Random: func() string { return "lostF" }})
	if len(r.Findings) != 1 || r.Findings[0].Count != 10 || !strings.HasPrefix(r.Findings[0].Examples[0], "users/lostF/") {
		t.Errorf("sample: %+v", r.Findings)
	}
	if r = w.check(t, Config{Sample: 10, Random: func() string { return "loste" }}); len(r.Findings) != 1 {
		t.Errorf("a sample from the end on found %+v", r.Findings)
	}
}
