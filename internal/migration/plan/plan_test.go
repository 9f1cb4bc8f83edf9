package plan_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/migration/plan"
	"heek.kr/heektime/internal/schema"
)

// run makes the plan for a database, and checks that it wrote nothing to Firestore.
func run(t *testing.T, url string, m *legacydb.Mapping, seed func(*firestore.Client)) (*plan.Report, []conversion.Finding) {
	t.Helper()
	db, err := legacydb.Open(t.Context(), legacydb.Config{URL: url, Mapping: m, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	client := emulatortest.Start(t).FirestoreClient(t)
	if seed != nil {
		seed(client)
	}
	before := count(t, client)
	var findings []conversion.Finding
	report, err := plan.Run(t.Context(), plan.Config{
		DB: db, Client: client, Slot: "s", Publication: "p",
		Found: func(f conversion.Finding) error { findings = append(findings, f); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := count(t, client); after != before {
		t.Errorf("Firestore has %d documents, %d before the plan", after, before)
	}
	return report, findings
}

func count(t *testing.T, client *firestore.Client) (n int) {
	t.Helper()
	for _, group := range schema.Groups() {
		docs, err := client.CollectionGroup(group).Documents(t.Context()).GetAll()
		if err != nil {
			t.Fatal(err)
		}
		n += len(docs)
	}
	return n
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// It is long because a whole database is planned.
func TestPlan(t *testing.T) {
	database := postgrestest.NewDatabase(t, olddata.Schema)
	execute(t, database.URL(),
		`INSERT INTO schools VALUES ('korea_univ_anam', '고려대학교')`,
		`INSERT INTO semesters VALUES ('korea_univ_anam/2022-2학기', 'korea_univ_anam', 2022, '2학기'),
			('korea_univ_anam/2022-1학기', 'korea_univ_anam', 2022, '1학기'), ('x', NULL, NULL, NULL)`,
		`INSERT INTO users SELECT ('11111111-1111-4111-8111-11111111111' || n)::uuid, name, 'pbkdf2:sha256:1$a$' || repeat('00', 32), NULL,
			('2022-01-0' || n)::timestamp, ('2022-01-0' || n)::timestamp
			FROM unnest(ARRAY['minsu', 'MINSU', 'kim', 'heekyung']) WITH ORDINALITY AS u (name, n)`,
		`INSERT INTO timetables (id, user_id, semester_id, title)
			SELECT lpad(n::text, 32, '0'), '11111111-1111-4111-8111-111111111111', semester, 'x'
			FROM unnest(ARRAY['korea_univ_anam/2022-2학기', 'korea_univ_anam/2022-2학기', 'korea_univ_anam/2020-2학기', NULL]) WITH ORDINALITY AS t (semester, n)`,
		`INSERT INTO lectures (id, timetable_id, identifier, title, professor, credit)
			SELECT ('22222222-2222-4222-8222-22222222222' || n)::uuid, lpad(n::text, 32, '0'), 'a', repeat('가', 200 * n::int), 'p', n
			FROM generate_series(1, 5) n`,
	)
	report, findings := run(t, database.URL(), legacydb.Default(), func(client *firestore.Client) {
		for path, fields := range map[string]map[string]any{
			"schools/고려대학교-서울":                     {"name": "고려대학교"},
			"schools/고려대학교-서울/semesters/2022-0900": {"year": 2022},
			"indices/user/usernames/Heekyung":      {"value": "a-new-account-of-28-characte"},
		} {
			if _, err := client.Doc(path).Set(t.Context(), fields); err != nil {
				t.Fatal(err)
			}
		}
	})
	type numbers struct{ rows, leftOut, affected, documents int64 }
	want := map[legacydb.Kind]numbers{
		legacydb.SchoolKind:    {1, 0, 0, 1},
		legacydb.SemesterKind:  {3, 1, 1, 2},
		legacydb.UserKind:      {4, 0, 3, 12},
		legacydb.TimetableKind: {4, 1, 1, 3},
		legacydb.LectureKind:   {5, 2, 4, 3},
	}
	for _, k := range report.Kinds {
		if got := (numbers{k.Rows, k.LeftOut, k.Affected, k.Documents}); got != want[k.Kind] {
			t.Errorf("%ss: %+v, want %+v", k.Kind, got, want[k.Kind])
		}
	}
	if report.Writes != 21 || report.LeftOut() != 4 || report.UsersToTell != 3 || report.Reserved != 1 || report.PlanReads != 1+4 {
		t.Errorf("%d writes, %d left out, %d to tell, %d reserved, %d reads", report.Writes, report.LeftOut(), report.UsersToTell, report.Reserved, report.PlanReads)
	}
	absent := []plan.Absent{
		{Path: "schools/고려대학교-서울/semesters/2020-0900", Timetables: 1}, {Path: "schools/고려대학교-서울/semesters/2022-0300", HasRow: true},
	}
	if !slices.Equal(report.Absent, absent) {
		t.Errorf("absent %+v, want %+v", report.Absent, absent)
	}
	if int64(len(findings)) != report.Findings || !report.Groups[0].WholeRow {
		t.Errorf("%d findings, %d reported; first group %+v", len(findings), report.Findings, report.Groups[0])
	}
	var total int64
	for _, g := range report.Groups {
		total += g.Count
		if len(g.Examples) == 0 || g.Examples[0].Problem != g.Problem {
			t.Errorf("group %+v", g)
		}
	}
	if total != report.Findings {
		t.Errorf("groups have %d findings, want %d", total, report.Findings)
	}
}

// names lists the requirements that are not met.
func names(r *plan.Report) (list []string) {
	for _, q := range r.Requirements {
		if !q.OK {
			list = append(list, q.Name)
		}
	}
	return list
}

// Every command that a plan proposes works, and then nothing is left to mend.
func TestRequirements(t *testing.T) {
	database := postgrestest.NewDatabase(t, olddata.Schema)
	execute(t, database.URL(), "DROP INDEX lecture_tags_lecture")
	report, _ := run(t, database.URL(), legacydb.Default(), nil)
	if report.Ready() {
		t.Fatal("ready, but there is no publication")
	}
	identities := 0
	for _, q := range report.Requirements {
		if !q.OK && strings.Contains(q.Command, "REPLICA IDENTITY FULL") {
			identities++
		}
		if !q.OK {
			execute(t, database.URL(), q.Command)
		}
	}
	if identities != 5 { // timetables, lectures, and the three tables below lectures
		t.Errorf("%d replica identities to change: %v", identities, names(report))
	}
	if report, _ = run(t, database.URL(), legacydb.Default(), nil); !report.Ready() || len(names(report)) != 0 {
		t.Errorf("still lacking: %v", names(report))
	}
}

// A role without any rights but to read is told about each right it needs.
func TestRequirementsOfARole(t *testing.T) {
	server := postgrestest.Start(t, map[string]string{"wal_level": "replica", "max_replication_slots": "0"})
	database := server.NewDatabase(t, olddata.Schema)
	execute(t, database.URL(), "CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
		"ALTER TABLE users ENABLE ROW LEVEL SECURITY", "ALTER TABLE lecture_times SET UNLOGGED")
	u, err := url.Parse(database.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("reader", "secret")
	report, _ := run(t, u.String(), legacydb.Default(), nil)
	got := map[string]string{}
	for _, q := range report.Requirements {
		if !q.OK {
			got[q.Name] = q.Command
		}
	}
	for name, command := range map[string]string{
		"wal_level is replica":                                                      "ALTER SYSTEM SET wal_level = logical",
		"the role may replicate":                                                    "ALTER ROLE reader REPLICATION",
		"a free replication slot":                                                   "ALTER SYSTEM SET max_replication_slots = 2",
		"the role may create a publication and a schema":                            "GRANT CREATE ON DATABASE " + database.Name + " TO reader",
		"for back: the role may mark its transactions with an origin":               "GRANT EXECUTE ON FUNCTION pg_replication_origin_create(text)",
		"rights to table public.lectures":                                           "GRANT INSERT, UPDATE, DELETE, TRIGGER ON public.lectures TO reader",
		"all rows of table public.users":                                            "ALTER ROLE reader BYPASSRLS",
		"the role owns table public.lectures":                                       "ALTER TABLE public.lectures OWNER TO reader",
		"table public.lecture_times is unlogged, so its changes are not replicated": "ALTER TABLE public.lecture_times SET LOGGED",
	} {
		if !strings.Contains(got[name], command) {
			t.Errorf("%s: command %q, want %q", name, got[name], command)
		}
	}
	if report.Ready() {
		t.Error("the old database counts as ready")
	}
}

// A SELECT that returns a key twice, and a mapping with a column that does not exist, are reported.
func TestRequirementsOfAMapping(t *testing.T) {
	database := postgrestest.NewDatabase(t, olddata.Schema)
	execute(t, database.URL(), "INSERT INTO schools VALUES ('a', 'A')")
	text := strings.Replace(string(legacydb.DefaultFile()), "select: SELECT id, name FROM schools", "select: SELECT id, name FROM schools CROSS JOIN generate_series(1, 3)", 1)
	text = strings.Replace(text, "lecture_tags: lecture_id", "lecture_tags: lecture", 1)
	m, err := legacydb.ParseMapping("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	report, _ := run(t, database.URL(), m, nil)
	for _, want := range []string{"one row per key of kind school", "column lecture of table public.lecture_tags"} {
		if !slices.Contains(names(report), want) {
			t.Errorf("%v, want %s", names(report), want)
		}
	}
}
