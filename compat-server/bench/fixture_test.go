//go:build bench

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/gcp"
)

const (
	project = "demo-test"
	key     = "bm93LW5vdy1ub3ctbm93LW5vdy1ub3ctbm93LW5vdy0="
	// Each user has five timetables of seven lectures.
	users, timetables, lectures = 150, 5, 7
	schools, semesters          = 3, 10
)

// TestMain doubles as the local cloud's process, so that the benchmark can measure the cloud's
// processor time separately.
func TestMain(m *testing.M) {
	if os.Getenv("BENCH_CLOUD") == "" {
		os.Exit(m.Run())
	}
	cloud, err := emulator.Open(emulator.Config{Project: project, AllowUnindexed: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(cloud.Environment())
	io.Copy(io.Discard, os.Stdin) // returns when the benchmark ends
	cloud.Close()
}

// startCloud starts the local cloud in a separate process and adds its environment variables to
// this one.
func startCloud(b *testing.B) *exec.Cmd {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BENCH_CLOUD=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	var environment map[string]string
	if err := json.NewDecoder(out).Decode(&environment); err != nil {
		b.Fatal(err)
	}
	for name, value := range environment {
		b.Setenv(name, value)
	}
	return cmd
}

// uid, timetableID, semesterID and lectureID return the IDs in both databases.
func uid(u int) string             { return fmt.Sprintf("user%04d", u) }
func timetableID(u, t int) string  { return fmt.Sprintf("%016x%016x", u, t) }
func semesterID(s, i int) string   { return fmt.Sprintf("school%d/%d-2학기", s, 2017+i) }
func lectureID(u, t, l int) string { return fmt.Sprintf("lecture%04d%02d%02d", u, t, l) }

var lecture = map[string]any{
	"identifier": "COSE372-02", "title": "데이터베이스시스템", "professor": "정연돈", "credit": 3.0,
	"times": []any{
		map[string]any{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"},
		map[string]any{"weekday": 3, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"},
	},
	"category": []any{"정보대학", "컴퓨터학과"}, "metas": []any{map[string]any{"type": "tag", "name": "영강"}},
}

// fillFirestore writes the same data as the baseline's database has, and returns an access token of
// each user.
func fillFirestore(b *testing.B) (tokens []string) {
	b.Helper()
	ctx := b.Context()
	client, err := firestore.NewClient(ctx, project)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	bulk := client.BulkWriter(ctx)
	set := func(path string, fields map[string]any) {
		if _, err := bulk.Set(client.Doc(path), fields); err != nil {
			b.Fatal(err)
		}
	}
	period := map[string]any{"period": 2, "timeBegin": 630, "timeEnd": 705}
	for s := range schools {
		set(fmt.Sprintf("schools/school%d", s), map[string]any{"name": fmt.Sprintf("대학교 %d", s)})
		for i := range semesters {
			set(fmt.Sprintf("schools/school%d/semesters/%d-0900", s, 2017+i), map[string]any{
				"year": 2017 + i, "term": "2학기", "status": "normal", "periods": []any{period},
			})
		}
	}
	now := time.Now()
	timetable := map[string]any{
		"title": "시간표", "visibility": "public", "semester": client.Doc("schools/school0/semesters/2022-0900"),
		"createdAt": now, "updatedAt": now,
	}
	for u := range users {
		set("users/"+uid(u), map[string]any{"username": uid(u), "createdAt": now, "updatedAt": now})
		for t := range timetables {
			path := "users/" + uid(u) + "/timetables/" + timetableID(u, t)
			set(path, timetable)
			for l := range lectures {
				set(path+"/lectures/"+lectureID(u, t, l), lectureDocument(now))
			}
		}
	}
	for t := range 50 {
		path := "users/many/timetables/" + timetableID(users, t)
		set(path, timetable)
		for l := range 10 {
			set(path+"/lectures/"+lectureID(users, t, l), lectureDocument(now))
		}
	}
	set("users/many", map[string]any{"username": "many", "createdAt": now, "updatedAt": now})
	bulk.End()
	return createAccounts(b)
}

// lectureDocument returns the fields of a lecture's document.
func lectureDocument(now time.Time) map[string]any {
	fields := map[string]any{"createdAt": now, "updatedAt": now}
	maps.Copy(fields, lecture)
	return fields
}

// createAccounts creates the users' accounts in Authentication, without passwords, and returns an
// access token of each.
func createAccounts(b *testing.B) (tokens []string) {
	b.Helper()
	admin, err := gcp.Authentication(context.Background(), project, "")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := token.New(project, key, "", time.Now)
	if err != nil {
		b.Fatal(err)
	}
	for u := range users {
		account, err := admin.CreateUser(b.Context(), (&firebaseauth.UserToCreate{}).UID(uid(u)))
		if err != nil {
			b.Fatal(err)
		}
		text, err := signer.Sign(token.Session{UID: uid(u), Since: account.TokensValidAfterMillis}, token.Access)
		if err != nil {
			b.Fatal(err)
		}
		tokens = append(tokens, text)
	}
	return tokens
}

// postgresBin is the folder of PostgreSQL's programs on Debian.
const postgresBin = "/usr/lib/postgresql/15/bin/"

// startPostgres starts PostgreSQL in a temporary folder, with a Unix socket there, and fills it.
// Like the local cloud it is not durable.
func startPostgres(b *testing.B) (cmd *exec.Cmd, folder string) {
	b.Helper()
	folder, err := os.MkdirTemp("", "baseline")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(folder) })
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		account, err := user.Lookup("postgres")
		if err != nil {
			b.Fatal(err)
		}
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(folder, uid, gid); err != nil {
			b.Fatal(err)
		}
	}
	run := func(input, name string, args ...string) {
		cmd := exec.Command(postgresBin+name, args...)
		cmd.SysProcAttr, cmd.Dir, cmd.Stdin = attr, folder, strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	data := filepath.Join(folder, "data")
	run("", "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	cmd = exec.Command(postgresBin+"postgres", "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off")
	cmd.SysProcAttr, cmd.Dir = attr, folder
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	for range 500 {
		if exec.Command(postgresBin+"pg_isready", "-q", "-h", folder).Run() == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	schema, err := os.ReadFile("schema.sql")
	if err != nil {
		b.Fatal(err)
	}
	run(string(schema)+insertStatements(b), "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "postgres")
	return cmd, folder
}

// insertStatements returns the SQL that fills the baseline's database.
func insertStatements(b *testing.B) string {
	var sql strings.Builder
	for s := range schools {
		fmt.Fprintf(&sql, "INSERT INTO schools VALUES ('school%d', '대학교 %d');\n", s, s)
		for i := range semesters {
			fmt.Fprintf(&sql, "INSERT INTO semesters VALUES ('%s', 'school%d', %d, '2학기');\n", semesterID(s, i), s, 2017+i)
		}
	}
	times, err := json.Marshal(lecture["times"])
	if err != nil {
		b.Fatal(err)
	}
	for u := range users {
		for t := range timetables {
			fmt.Fprintf(&sql, "INSERT INTO timetables VALUES ('%s', '%s', '%s', '시간표');\n", timetableID(u, t), uid(u), semesterID(0, 5))
			for l := range lectures {
				fmt.Fprintf(&sql, "INSERT INTO lectures VALUES ('%s', '%s', 'COSE372-02', '데이터베이스시스템', '정연돈', 3, '%s',"+
					" '{정보대학,컴퓨터학과}', '[{\"name\":\"영강\"}]');\n", lectureID(u, t, l), timetableID(u, t), times)
			}
		}
	}
	return sql.String() + "ANALYZE;\n"
}

// clientRate measures Google's Firestore client alone: how many pairs of the queries of GET
// /users/{id}/timetables it completes per second of processor time, decoding the documents to maps.
func clientRate(b *testing.B) float64 {
	b.Helper()
	client, err := firestore.NewClient(b.Context(), project)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	// The server's settings.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	const calls, warm = 2000, 200
	var begin time.Duration
	for i := range warm + calls {
		if i == warm {
			begin = ownCPU(b)
		}
		u := i % users
		own := client.Collection("users/" + uid(u) + "/timetables")
		for _, query := range []firestore.Query{
			own.Where("visibility", "==", "public").OrderBy("semester", firestore.Desc).OrderBy("createdAt", firestore.Desc).Limit(100),
			client.CollectionGroup("lectures").Where(firestore.DocumentID, ">=", own.Doc(timetableID(u, 0))).
				Where(firestore.DocumentID, "<", own.Doc(timetableID(u, 99))).Limit(1000),
		} {
			docs, err := query.Documents(b.Context()).GetAll()
			if err != nil || len(docs) < timetables {
				b.Fatalf("query gave %d documents, %v", len(docs), err)
			}
			for _, doc := range docs {
				doc.Data()
			}
		}
	}
	return calls / (ownCPU(b) - begin).Seconds()
}

// ownCPU returns the processor time used by this process without its children.
func ownCPU(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
