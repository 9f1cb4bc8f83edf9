package firestore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
)

// everyType is a seed with each type of value, in documents, maps and arrays, and ids of all kinds.
const everyType = `{
	"all/types": {
		"null": null, "true": true, "false": false, "zero": 0, "large": 9223372036854775807, "small": -9223372036854775808,
		"double": 1.5, "one": 1.0, "nan": {"$double": "NaN"}, "infinite": {"$double": "-Infinity"},
		"text": "héllo 😀", "empty": "", "bytes": {"$bytes": "AAEC/w=="}, "nothing": {"$bytes": ""},
		"time": {"$time": "2024-01-02T03:04:05.123456Z"}, "first": {"$time": "0001-01-01T00:00:00Z"}, "before": {"$time": "1960-01-01T00:00:00.5Z"},
		"place": {"$geo": [35.5, -139.25]}, "ref": {"$ref": "c/a"}, "far": {"$ref": "projects/elsewhere/databases/other/documents/c/__id7__/s/x"},
		"list": [1, "two", null, {"$bytes": "AA=="}, {"k": "v"}, {}, {"l": []}, {"__type__": "__vector__", "value": [3.0]}], "single": [true], "none": [],
		"map": {"a": 1, "inner": {"z": {"$time": "2024-01-02T03:04:05Z"}}, "none": [], "nothing": {}, "with.dot": {"` + "`" + `": 1}},
		"vector": {"__type__": "__vector__", "value": [1.0, 2.5]}, "with space": "x"
	},
	"c/__id-3__": {"n": 1}, "c/__id7__": {"n": 2}, "c/a": {"n": 3}, "c/a/sub/x": {"n": 4}, "c/weird id ü": {"n": 5}, "empty/doc": {},
	"missing/m/sub/y": {"n": 6}
}`

func newMemory(t *testing.T) *firestore.Server {
	t.Helper()
	s, err := firestore.New(firestore.Config{Clock: clock.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func databaseOf(t *testing.T, s *firestore.Server, project, id string) *firestore.Database {
	t.Helper()
	db, err := s.Database(project, id)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func exported(t *testing.T, db *firestore.Database) string {
	t.Helper()
	var b bytes.Buffer
	if err := db.Export(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What :export writes, :import reads, with every type of value. An export is of one database, and goes into that of
// the same name of any project. It is long because of its table of requests that make no sense.
func TestManagedExport(t *testing.T) {
	t.Parallel()
	server := newMemory(t)
	from := databaseOf(t, server, "demo-a", "(default)")
	if err := from.Import(strings.NewReader(everyType)); err != nil {
		t.Fatal(err)
	}
	large := fmt.Sprintf(`{"large/doc": {"s": %q}}`, strings.Repeat("x", 100_000)) // over several blocks
	if err := from.Import(strings.NewReader(large)); err != nil {
		t.Fatal(err)
	}
	other := databaseOf(t, server, "demo-a", "logs")
	if err := other.Import(strings.NewReader(`{"c/x": {"n": 8, "r": {"$ref": "c/y"}}}`)); err != nil {
		t.Fatal(err)
	}
	door, dir := server.Handler(nil), t.TempDir()
	call := func(path string, body any) (int, string) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+path, bytes.NewReader(text)))
		return w.Code, w.Body.String()
	}
	type m = map[string]any
	for _, name := range []string{"first", "second"} {
		if code, body := call("/emulator/v1/projects/demo-a:export", m{"database": "projects/demo-a/databases/(default)", "export_directory": dir, "export_name": "all"}); code != 200 {
			t.Fatalf("the %s export: %d %s", name, code, body)
		}
	}
	if code, body := call("/emulator/v1/projects/x/databases/y:export", m{"database": "projects/demo-a/databases/logs", "exportDirectory": dir, "exportName": "logs"}); code != 200 {
		t.Fatalf("the export of another database: %d %s", code, body)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 2 {
		t.Errorf("the exports left %q", files)
	}
	overall := filepath.Join(dir, "all", "all.overall_export_metadata")
	if code, body := call("/emulator/v1/projects/demo-b:import", m{"database": "projects/demo-b/databases/(default)", "export_directory": overall}); code != 200 {
		t.Fatalf("the import: %d %s", code, body)
	}
	into := databaseOf(t, server, "demo-b", "(default)")
	// References keep their project.
	want := strings.ReplaceAll(exported(t, from), `"$ref": "c/a"`, `"$ref": "projects/demo-a/databases/(default)/documents/c/a"`)
	if got := exported(t, into); got != want {
		t.Errorf("imported %s\nwant %s", got, want)
	}
	before, _ := into.Get("c/a")
	if code, body := call("/emulator/v1/projects/demo-b:import", m{"database": "projects/demo-b/databases/(default)", "export_directory": overall}); code != 200 {
		t.Fatalf("the same import again: %d %s", code, body)
	}
	if after, _ := into.Get("c/a"); after.Updated != before.Updated {
		t.Error("a document that is the same was written again")
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		verb string
		body any
		code int
		want string
	}{
		{"export", m{"database": "demo-a", "export_directory": dir, "export_name": "x"}, 400, "INVALID_ARGUMENT"},
		{"export", m{"database": "projects/demo-a/databases/(default)", "export_directory": file}, 400, "export_directory must be a directory"},
		{"export", m{"database": "projects/demo-a/databases/(default)", "export_directory": dir, "export_name": "../x"}, 400, "name of a folder"},
		{"export", m{"database": "projects/demo-a/databases/(default)", "where": dir}, 400, `no field`},
		{"export", []int{1}, 400, "INVALID_ARGUMENT"},
		{"import", m{"database": "projects/demo-a/databases/(default)", "export_directory": dir}, 400, "does not end with"},
		{"import", m{"database": "projects/demo-a/databases/(default)", "export_directory": filepath.Join(dir, "no.overall_export_metadata")}, 400, "no.overall_export_metadata"},
		{"import", m{"database": "projects/demo-a/databases/(default)", "export_directory": filepath.Join(dir, "logs", "logs.overall_export_metadata")}, 400, "but all of logs"},
	} {
		if code, body := call("/emulator/v1/projects/demo-a:"+c.verb, c.body); code != c.code || !strings.Contains(body, c.want) {
			t.Errorf(":%s %v: %d %s, want %d %s", c.verb, c.body, code, body, c.code, c.want)
		}
	}
}

// An import of an export that is damaged sets nothing.
func TestDamagedImportSetsNothing(t *testing.T) {
	t.Parallel()
	from, into := databaseOf(t, newMemory(t), "demo-a", "(default)"), databaseOf(t, newMemory(t), "demo-a", "(default)")
	if err := from.Import(strings.NewReader(everyType)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "e")
	if err := from.ExportManaged(dir); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "all_namespaces", "all_kinds", "output-0")
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-10] ^= 1
	if err := os.WriteFile(output, text, 0o600); err != nil {
		t.Fatal(err)
	}
	metadata := filepath.Join(dir, "e"+firestore.ManagedSuffix)
	if err := into.ImportManaged(metadata); err == nil || !strings.Contains(err.Error(), output) || exported(t, into) != "{}\n" {
		t.Errorf("%v; imported %s", err, exported(t, into))
	}
}
