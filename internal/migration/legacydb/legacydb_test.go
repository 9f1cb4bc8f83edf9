package legacydb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
)

// open creates a database with the old schema, runs statements in it, and opens it.
func open(t *testing.T, statements ...string) *legacydb.DB {
	t.Helper()
	db := openWith(t, legacydb.Default(), olddata.Schema)
	execute(t, db, statements...)
	return db
}

func openWith(t *testing.T, m *legacydb.Mapping, schema string) *legacydb.DB {
	t.Helper()
	db, err := legacydb.Open(t.Context(), legacydb.Config{URL: postgrestest.NewDatabase(t, schema).URL(), Mapping: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func execute(t *testing.T, db *legacydb.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Pool.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func reader(t *testing.T, db *legacydb.DB) *legacydb.Reader {
	t.Helper()
	r, err := db.Reader(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func collect[T legacydb.Row](t *testing.T, r *legacydb.Reader, after string) (all []T) {
	t.Helper()
	for row, err := range legacydb.Rows[T](t.Context(), r, after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// fresh reads all rows of a kind as they are now.
func fresh[T legacydb.Row](t *testing.T, db *legacydb.DB) []T {
	t.Helper()
	r, err := db.Reader(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return collect[T](t, r, "")
}

func text(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

const (
	userID      = "11111111-1111-4111-8111-111111111111"
	timetableID = "0123456789abcdef0123456789abcdef"
	lectureID   = "22222222-2222-4222-8222-222222222222"
)

var oneOfEach = []string{
	`INSERT INTO schools VALUES ('korea_univ_anam', '고려대학교')`,
	`INSERT INTO semesters VALUES ('korea_univ_anam/2022-2학기', 'korea_univ_anam', 2022, '2학기')`,
	`INSERT INTO users VALUES ('` + userID + `', '희경', 'pbkdf2:sha256:1$a$00', '김희경', '2022-03-01 12:00:00.123456', '-infinity')`,
	`INSERT INTO timetables VALUES ('` + timetableID + `', '` + userID + `', 'korea_univ_anam/2022-2학기', '시간표', '2022-03-01', NULL)`,
	`INSERT INTO lectures VALUES ('` + lectureID + `', '` + timetableID + `', 'COSE101-01', NULL, '홍길동', 'NaN', '10000-01-01', '2022-03-01')`,
	`INSERT INTO lecture_times (lecture_id, weekday, time_begin, time_end, room) VALUES ('` + lectureID + `', 7, 540, NULL, '정보관'), ('` + lectureID + `', 0, 540, 615, '')`,
	`INSERT INTO lecture_categories VALUES ('` + lectureID + `', 1, '필수'), ('` + lectureID + `', 0, '전공')`,
	`INSERT INTO lecture_tags VALUES ('` + lectureID + `', '영강'), ('` + lectureID + `', NULL)`,
}

// Each column arrives as PostgreSQL prints it, dirt included.
func TestRows(t *testing.T) {
	r := reader(t, open(t, oneOfEach...))
	for name, c := range map[string]struct{ got, want string }{
		"school":   {fmt.Sprint(collect[legacydb.School](t, r, "")[0].ID), "korea_univ_anam"},
		"semester": {text(collect[legacydb.Semester](t, r, "")[0].Year), "2022"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	u := collect[legacydb.User](t, r, "")[0]
	if u.ID != userID || text(u.Username) != "희경" || text(u.CreatedAt) != "2022-03-01 12:00:00.123456" || text(u.UpdatedAt) != "-infinity" {
		t.Errorf("user %s %s %s %s", u.ID, text(u.Username), text(u.CreatedAt), text(u.UpdatedAt))
	}
	if shown := fmt.Sprintf("%v %+v %#v", u, u, u); strings.Contains(shown, "pbkdf2") {
		t.Errorf("the password hash is shown: %s", shown)
	}
	tt := collect[legacydb.Timetable](t, r, "")[0]
	if tt.ID != timetableID || text(tt.UserID) != userID || text(tt.UpdatedAt) != "NULL" {
		t.Errorf("timetable %+v", tt)
	}
	l := collect[legacydb.Lecture](t, r, "")[0]
	got := strings.Join([]string{text(l.TimetableID), text(l.UserID), text(l.SemesterID), text(l.Title), text(l.Credit), text(l.CreatedAt),
		text(l.Times), text(l.Category), text(l.Tags)}, "|")
	want := strings.Join([]string{timetableID, userID, "korea_univ_anam/2022-2학기", "NULL", "NaN", "10000-01-01 00:00:00",
		`[{"weekday" : 7, "timeBegin" : 540, "timeEnd" : null, "room" : "정보관"}, {"weekday" : 0, "timeBegin" : 540, "timeEnd" : 615, "room" : ""}]`,
		`["전공", "필수"]`, `["영강", null]`}, "|")
	if got != want {
		t.Errorf("lecture\n%s\nwant\n%s", got, want)
	}
}

// Pages are joined without a gap, and a loop can begin after a key and read other rows.
func TestRowsInPages(t *testing.T) {
	db := open(t, "INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series(1, 2500) n",
		"INSERT INTO timetables (id, user_id) VALUES ('short', '00000000-0000-4000-8000-000000000001')")
	r := reader(t, db)
	all := collect[legacydb.User](t, r, "")
	if len(all) != 2500 || !slices.IsSortedFunc(all, func(a, b legacydb.User) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("%d users, want 2500 in order", len(all))
	}
	if rest := collect[legacydb.User](t, r, all[1499].ID); len(rest) != 1000 || rest[0].ID != all[1500].ID {
		t.Errorf("%d users after the 1500th", len(rest))
	}
	for u, err := range legacydb.Rows[legacydb.User](t.Context(), r, "") {
		if err != nil {
			t.Fatal(err)
		}
		below, err := legacydb.ByParent[legacydb.Timetable](t.Context(), r, []string{u.ID})
		if err != nil || len(below) != 1 || below[0].ID != "short" {
			t.Errorf("timetables of the first user: %v, %v", below, err)
		}
		break
	}
	if below, err := legacydb.ByKey[legacydb.Timetable](t.Context(), r, []string{"short" + strings.Repeat(" ", 27), "absent"}); err != nil || len(below) != 1 {
		t.Errorf("timetables by a padded key: %v, %v", below, err)
	}
	if c, err := r.Count(t.Context(), legacydb.UserKind); err != nil || c != (legacydb.Counts{Rows: 2500}) {
		t.Errorf("count %v, %v", c, err)
	}
}

// A reader sees one snapshot, and shares it with a reader that imports it.
func TestSnapshot(t *testing.T) {
	db := open(t, oneOfEach...)
	r := reader(t, db)
	var name string
	if err := r.Tx().QueryRow(t.Context(), "SELECT pg_export_snapshot()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	execute(t, db, "DELETE FROM users")
	second, err := db.Reader(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	for i, r := range []*legacydb.Reader{r, second, reader(t, db)} {
		if n := len(collect[legacydb.User](t, r, "")); n != []int{1, 1, 0}[i] {
			t.Errorf("reader %d has %d users", i, n)
		}
	}
	if _, err := db.Reader(t.Context(), "'; DROP TABLE users"); err == nil {
		t.Error("accepted a malformed name of a snapshot")
	}
}

func TestReadOnly(t *testing.T) {
	db, err := legacydb.Open(t.Context(), legacydb.Config{
		URL: postgrestest.NewDatabase(t, olddata.Schema).URL(), Mapping: legacydb.Default(), ReadOnly: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Pool.Exec(t.Context(), "INSERT INTO schools VALUES ('x')"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("error %v, want a read-only transaction", err)
	}
}

// Another project's schema, with numbers for keys, a zone in its timestamps, arrays, and fewer columns.
const otherSchema = `
	CREATE TABLE members (no bigint PRIMARY KEY, login varchar(50), pw text, joined timestamptz, changed date);
	CREATE TABLE plans (no bigint PRIMARY KEY, member bigint, term integer, label text, made timestamptz);
	CREATE TABLE items (no bigint PRIMARY KEY, plan bigint, label text, groups text[], marks varchar[]);
	INSERT INTO members VALUES (9, 'nine', 'x', '2022-03-01 09:00+09', '2022-03-02'), (10, 'ten', 'y', NULL, NULL);
	INSERT INTO plans VALUES (5, 10, 1, 'plan', now());
	INSERT INTO items VALUES (7, 5, 'item', '{a,"b \"c\""}', NULL);
	CREATE VIEW terms AS SELECT 1 AS no, 's' AS school, 2022 AS year, '1학기' AS term`

const otherMapping = `
timeZone: UTC
rows:
  school: { key: id, select: "SELECT 's' AS id, 'S' AS name", tables: { terms: no } }
  semester: { key: no, select: "SELECT no, school AS school_id, year, term FROM terms;", tables: { terms: no } }
  user:
    key: no
    select: "SELECT no, login AS username, pw AS password_hash, joined AS created_at, changed AS updated_at FROM members -- all"
    tables: { members: no }
  timetable:
    key: no
    select: SELECT no, member AS user_id, term AS semester_id, label AS title, made AS created_at, made AS updated_at FROM plans
    tables: { plans: { key: no, parent: member, children: [member] } }
  lecture:
    key: no
    select: |
      SELECT i.no, i.plan AS timetable_id, p.member AS user_id, p.term AS semester_id, NULL AS identifier, i.label AS title,
        NULL AS professor, 3 AS credit, NULL AS times, i.groups AS category, i.marks AS tags, p.made AS created_at, p.made AS updated_at
      FROM items i LEFT JOIN plans p ON p.no = i.plan
    tables: { items: { key: no, parent: plan } }
`

func TestOtherSchema(t *testing.T) {
	m, err := legacydb.ParseMapping("other.yaml", []byte(otherMapping))
	if err != nil {
		t.Fatal(err)
	}
	r := reader(t, openWith(t, m, otherSchema))
	users := collect[legacydb.User](t, r, "")
	if len(users) != 2 || users[0].ID != "9" || text(users[0].CreatedAt) != "2022-03-01 00:00:00+00" || text(users[0].UpdatedAt) != "2022-03-02" {
		t.Errorf("users %v: %s, %s", users, text(users[0].CreatedAt), text(users[0].UpdatedAt))
	}
	if after := collect[legacydb.User](t, r, "9"); len(after) != 1 || after[0].ID != "10" {
		t.Errorf("users after 9: %v", after)
	}
	lectures, err := legacydb.ByParent[legacydb.Lecture](t.Context(), r, []string{"5"})
	if err != nil || len(lectures) != 1 || text(lectures[0].Category) != `["a","b \"c\""]` || text(lectures[0].Tags) != "NULL" || text(lectures[0].UserID) != "10" {
		t.Errorf("lectures %+v, %v", lectures, err)
	}
}

func TestOpenExplains(t *testing.T) {
	url := postgrestest.NewDatabase(t, otherSchema).URL()
	for name, c := range map[string]struct{ old, new, want string }{
		"no table":     {"FROM members", "FROM member", `the SELECT of kind user: PostgreSQL rejects it: relation "member" does not exist; change rows.user.select`},
		"no column":    {"login AS username", "login AS usernam", "it has no column username: add it, if need be as NULL::text AS username; did you mean usernam?"},
		"no key":       {"SELECT no, login", "SELECT login", "it has no column no"},
		"column twice": {"SELECT no, login", "SELECT no, no, login", "it has two columns no"},
	} {
		m, err := legacydb.ParseMapping("other.yaml", []byte(strings.Replace(otherMapping, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := legacydb.Open(t.Context(), legacydb.Config{URL: url, Mapping: m}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	secret := "postgres://user:se%zzcret@localhost/x"
	if _, err := legacydb.Open(t.Context(), legacydb.Config{URL: secret, Mapping: legacydb.Default()}); err == nil || strings.Contains(err.Error(), "cret") {
		t.Errorf("error %v, want one that does not quote the connection string", err)
	}
}

// What was read is written back the same, dirt included, and what was removed is gone.
func TestSave(t *testing.T) {
	db := open(t, oneOfEach...)
	users, timetables, lectures := fresh[legacydb.User](t, db), fresh[legacydb.Timetable](t, db), fresh[legacydb.Lecture](t, db)
	inTx := func(fill func(*pgx.Batch) error) {
		t.Helper()
		var batch pgx.Batch
		err := fill(&batch)
		if err == nil {
			err = pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error { return tx.SendBatch(t.Context(), &batch).Close() })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m := db.Mapping
	save := func(b *pgx.Batch) error {
		if err := legacydb.Save(b, m, users[0]); err != nil {
			return err
		}
		if err := legacydb.Save(b, m, timetables[0]); err != nil {
			return err
		}
		return legacydb.Save(b, m, lectures[0])
	}
	same := func(when string) {
		t.Helper()
		if !slices.EqualFunc(users, fresh[legacydb.User](t, db), equalRows) ||
			!slices.EqualFunc(timetables, fresh[legacydb.Timetable](t, db), equalRows) ||
			!slices.EqualFunc(lectures, fresh[legacydb.Lecture](t, db), equalRows) {
			t.Errorf("%s: the rows differ: %s", when, show(fresh[legacydb.Lecture](t, db)[0]))
		}
	}
	inTx(save)
	same("written over themselves")
	inTx(func(b *pgx.Batch) error {
		for kind, key := range map[legacydb.Kind]string{legacydb.UserKind: userID, legacydb.TimetableKind: timetableID, legacydb.LectureKind: lectureID} {
			if err := legacydb.Remove(b, m, kind, key); err != nil {
				return err
			}
		}
		return nil
	})
	if n := len(fresh[legacydb.User](t, db)) + len(fresh[legacydb.Lecture](t, db)); n != 0 {
		t.Errorf("%d rows remain", n)
	}
	inTx(save)
	same("written again")
	next := "korea_univ_anam/2026-가을학기"
	timetables[0].SemesterID = &next
	inTx(save)
	if s := fresh[legacydb.Semester](t, db); len(s) != 2 || text(s[1].Year)+text(s[1].Term) != "2026가을학기" {
		t.Errorf("semesters %v, want the new one, too", s)
	}
	if err := legacydb.Save(&pgx.Batch{}, m, legacydb.School{ID: "x"}); err == nil || !strings.Contains(err.Error(), "add save and remove") {
		t.Errorf("error %v for a kind without statements", err)
	}
}

// show prints all columns of a row.
func show(row any) string {
	return fmt.Sprint(legacydb.Columns(row))
}

func equalRows[T legacydb.Row](a, b T) bool { return show(a) == show(b) }
