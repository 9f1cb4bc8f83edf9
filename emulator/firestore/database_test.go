package firestore_test

import (
	"bytes"
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/genproto/googleapis/type/latlng"

	emulator "heek.kr/heektime/emulator/firestore"
)

// database returns the default database of a project.
func database(t testing.TB, c *cloud, project string) *emulator.Database {
	t.Helper()
	db, err := c.Database(project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// everything returns a document with all types and many edge cases.
func everything(fs *firestore.Client) map[string]any {
	return map[string]any{
		"null": nil, "yes": true, "int": int64(math.MaxInt64), "double": 1.0, "tiny": 5e-324, "big": 1e300,
		"inf": math.Inf(-1), "zero": math.Copysign(0, -1),
		"text": "가 \x00 \" < \u2028", "bytes": []byte{0, 255}, "time": time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC),
		"ref": fs.Doc("a/b"), "geo": &latlng.LatLng{Latitude: -1.5, Longitude: 127},
		"list": []any{int64(1), "x", map[string]any{"$time": "not one"}}, "empty": []any{}, "map": map[string]any{},
		"vector": firestore.Vector64{1, 2}, "dollar": map[string]any{"$x": int64(1), "y": int64(2)},
	}
}

func TestExportImport(t *testing.T) {
	ctx := context.Background()
	c := start(t)
	from, to := c.client(t, "demo-from"), c.client(t, "demo-to")
	paths := []string{"a/b", "a/b/c/d", "a/b.json/c/d", "가/나 다", "a/%2e", "a/a:b*?", "empty/doc"}
	want := map[string]map[string]any{}
	for _, p := range paths {
		data := everything(from)
		if p == "empty/doc" {
			data = map[string]any{}
		}
		if _, err := from.Doc(p).Set(ctx, data); err != nil {
			t.Fatal(err)
		}
		want[p] = everything(to)
		if p == "empty/doc" {
			want[p] = map[string]any{}
		}
	}
	check := func(t *testing.T) {
		db := database(t, c, "demo-to")
		for p, data := range want {
			snap, err := to.Doc(p).Get(ctx)
			if err != nil {
				t.Errorf("%s: %v", p, err)
				continue
			}
			if got := snap.Data(); !reflect.DeepEqual(got, data) {
				t.Errorf("%s: got %v, want %v", p, got, data)
			}
		}
		if err := db.Reset(); err != nil {
			t.Fatal(err)
		}
		if n := len(slices.Collect(db.Documents())); n != 0 {
			t.Errorf("%d documents remain after Reset", n)
		}
	}
	t.Run("file", func(t *testing.T) {
		var b bytes.Buffer
		if err := database(t, c, "demo-from").Export(&b); err != nil {
			t.Fatal(err)
		}
		if err := database(t, c, "demo-to").Import(&b); err != nil {
			t.Fatal(err)
		}
		check(t)
	})
	t.Run("directory", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "fixture")
		if err := database(t, c, "demo-from").ExportDir(dir); err != nil {
			t.Fatal(err)
		}
		if err := database(t, c, "demo-to").ImportDir(os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		check(t)
	})
}

func TestImportErrors(t *testing.T) {
	db := database(t, start(t), "demo-a")
	for text, want := range map[string]string{
		`{`:                                   "unexpected EOF",
		`{} {}`:                               "unexpected data after",
		`{"users": {}}`:                       "users",
		`{"users/u1": {"a": {"$time": "x"}}}`: "$time",
		`{"users/u1": {"a": {"$tim": "x"}}}`:  "$tim",
		`{"users/u1": {"a": 1e999}}`:          "1e999",
		`{"users/..": {}}`:                    "..",
	} {
		if err := db.Import(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("import of %s: %v, want an error with %q", text, err, want)
		}
	}
}

func TestSeed(t *testing.T) {
	c := start(t)
	db := database(t, c, "demo-a")
	err := db.Seed(map[string]map[string]any{
		"users/u2":              {"name": "Lee"},
		"users/u1":              {"name": "Kim", "school": map[string]any{"$ref": "schools/s"}},
		"users/u1/timetables/t": {"n": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for d := range db.List("users") {
		ids = append(ids, d.Path)
	}
	if want := []string{"users/u1", "users/u2"}; !slices.Equal(ids, want) {
		t.Errorf("List(users) = %v, want %v", ids, want)
	}
	d, ok := db.Get("users/u1")
	want := map[string]any{"name": "Kim", "school": "projects/demo-a/databases/(default)/documents/schools/s"}
	if !ok || !maps.Equal(d.Data, want) || d.Created.IsZero() || d.Created != d.Updated {
		t.Errorf("Get(users/u1) = %+v, %v", d, ok)
	}
	if _, ok := db.Get("users/u3"); ok {
		t.Error("Get found users/u3")
	}
	other := database(t, c, "demo-b")
	if n := len(slices.Collect(other.Documents())); n != 0 {
		t.Errorf("another project has %d documents", n)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, ok := db.Get("users/u1"); ok {
		t.Error("Get found users/u1 after Reset")
	}
}

func TestDatabaseIDs(t *testing.T) {
	c := start(t)
	for id, ok := range map[string]bool{
		"(default)": true, "abcd": true, "a-1b": true, "abc": false, "Abcd": false, "1abc": false, "abc-": false, "": false,
		"(other)": false, "a/bcd": false, strings.Repeat("a", 63): true, strings.Repeat("a", 64): false,
	} {
		if _, err := c.Database("demo-a", id); (err == nil) != ok {
			t.Errorf("database %q: %v", id, err)
		}
	}
}
