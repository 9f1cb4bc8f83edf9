package managedexport

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/encoding/protowire"

	"heek.kr/heektime/emulator/internal/value"
)

// fields returns the fields of a document in the form of package value's JSON.
func fields(t *testing.T, m map[string]*pb.Value) string {
	t.Helper()
	f, err := value.FieldsFromProto(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(f.AppendJSON(nil, "root"))
}

// An entity, byte by byte: the document c/a with the integer n = 3.
func TestEntity(t *testing.T) {
	text := "6a 0e 6a 02 7e70" + // key: the app ~p
		" 72 08 0b 12 01 63 22 01 61 0c" + // path: one element, c and a
		" 7a 09 1a 01 6e 20 00 2a 02 08 03" + // property n, not multiple, value 3
		" 82 01 08 0b 12 01 63 22 01 61 0c" // entity group
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	d, err := decodeEntity(b, "mine")
	if err != nil || d.Path != "c/a" || d.Database != "(default)" || fields(t, d.Fields) != `{"n":3}` {
		t.Fatalf("%+v, %v", d, err)
	}
	f, _ := value.FieldsFromProto(d.Fields)
	again := appendEntity(nil, "p", d.Database, d.Path, f)
	if want := bytes.Replace(b, []byte("\x6a\x0e\x6a\x02~p"), []byte("\x6a\x11\x6a\x05dev~p"), 1); !bytes.Equal(again, want) {
		t.Errorf("encoded %x\nwant    %x", again, want)
	}
	for n := range b {
		if _, err := decodeEntity(b[:n], "mine"); err == nil && n < 16 {
			t.Errorf("the first %d bytes are taken for an entity", n)
		}
	}
}

// Production has other properties than the emulators: indexed ones, for values that it can index, and references to
// its own project.
func TestProductionsProperties(t *testing.T) {
	property := func(number protowire.Number, name string, meaning uint64, multiple bool, v []byte) []byte {
		return appendProperty(nil, number, name, multiple, meaning, v)
	}
	reference := func(project string) []byte {
		return appendReference(nil, "projects/"+project+"/databases/(default)/documents/c/d/s/__id-7__")
	}
	entity := appendEntity(nil, "exported", "(default)", "users/ann/notes/__id5__", value.NewFields(nil))
	for _, p := range [][]byte{
		property(entityProperty, "text", 0, false, appendString(nil, valueString, "indexed")),
		property(entityRawProperty, "long", meaningText, false, appendString(nil, valueString, "not indexed")),
		property(entityProperty, "bytes", meaningByteString, false, appendString(nil, valueString, "\x00\xff")),
		property(entityProperty, "time", meaningTime, false, appendVarint(nil, valueInt, 1_000_001)),
		property(entityProperty, "list", 0, true, appendVarint(nil, valueInt, 1)),
		property(entityProperty, "list", 0, true, appendString(nil, valueString, "two")),
		property(entityProperty, "none", meaningEmptyList, false, nil),
		property(entityProperty, "own", 0, false, reference("exported")),
		property(entityRawProperty, "other", 0, false, reference("elsewhere")),
	} {
		entity = append(entity, p...)
	}
	d, err := decodeEntity(entity, "mine")
	if err != nil || d.Path != "users/ann/notes/__id5__" {
		t.Fatalf("%+v, %v", d, err)
	}
	want := `{"bytes":{"$bytes":"AP8="},"list":[1,"two"],"long":"not indexed","none":[],` +
		`"other":{"$ref":"projects/elsewhere/databases/(default)/documents/c/d/s/__id-7__"},` +
		`"own":{"$ref":"projects/mine/databases/(default)/documents/c/d/s/__id-7__"},"text":"indexed","time":{"$time":"1970-01-01T00:00:01.000001Z"}}`
	if got := fields(t, d.Fields); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for what, v := range map[string][]byte{"a user of App Engine": appendBytes(nil, 8, nil), "a text of an unknown kind": appendString(nil, valueString, "x")} {
		bad := append(bytes.Clone(entity), property(entityProperty, "bad", 99, false, v)...)
		if _, err := decodeEntity(bad, "mine"); err == nil || !strings.Contains(err.Error(), "users/ann/notes/__id5__: bad: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	deep := value.OfInt(1)
	for range maxDepth + 5 {
		deep = value.OfMap(value.NewFields([]value.Field{{Name: "m", Value: deep}}))
	}
	if _, err := decodeEntity(appendEntity(nil, "p", "(default)", "a/b", deep.Map()), "p"); err == nil {
		t.Error("maps of any depth are taken")
	}
}

// writeLog writes a log with records to a file below dir.
func writeLog(t *testing.T, dir, name string, records ...[]byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := newLogWriter(&b)
	for _, record := range records {
		w.write(record)
	}
	if err := errors.Join(w.flush(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// production writes an export as production does: a kind for each collection, each with several output files.
func production(t *testing.T) (metadata string) {
	t.Helper()
	dir := t.TempDir()
	var overall []byte
	for _, kind := range []string{"users", "notes"} {
		folder := "all_namespaces/kind_" + kind
		var files []byte
		for i, id := range []string{"ann", "bob"} {
			name := "output-" + string(rune('0'+i))
			document := value.NewFields([]value.Field{{Name: "name", Value: value.OfString(id)}})
			writeLog(t, dir, folder+"/"+name, appendEntity(nil, "live", "(default)", kind+"/"+id, document))
			files = appendBytes(files, 2, appendString(nil, 2, name))
		}
		path := folder + "/all_namespaces_kind_" + kind + ".export_metadata"
		if err := os.WriteFile(filepath.Join(dir, path), files, 0o600); err != nil {
			t.Fatal(err)
		}
		overall = appendBytes(overall, 1, appendString(nil, 2, path))
	}
	writeLog(t, dir, "2026"+MetadataSuffix, []byte{formatVersion}, overall)
	return filepath.Join(dir, "2026"+MetadataSuffix)
}

func TestReadProduction(t *testing.T) {
	metadata := production(t)
	var found []string
	err := Read(metadata, "mine", func(d Document) error {
		found = append(found, d.Path+fields(t, d.Fields))
		return nil
	})
	want := `users/ann{"name":"ann"} users/bob{"name":"bob"} notes/ann{"name":"ann"} notes/bob{"name":"bob"}`
	if got := strings.Join(found, " "); err != nil || got != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	stop := errors.New("stop")
	if err := Read(metadata, "mine", func(Document) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped with %v", err)
	}
}

// Errors name the file that is wrong.
func TestBadExports(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"all_namespaces/kind_users/output-1": func(dir string) error { return os.Remove(filepath.Join(dir, "all_namespaces/kind_users/output-1")) },
		"all_namespaces/kind_users/output-0": func(dir string) error {
			return os.Truncate(filepath.Join(dir, "all_namespaces/kind_users/output-0"), 20)
		},
		"all_namespaces/kind_notes/all_namespaces_kind_notes.export_metadata": func(dir string) error {
			return os.Remove(filepath.Join(dir, "all_namespaces/kind_notes/all_namespaces_kind_notes.export_metadata"))
		},
		"2026" + MetadataSuffix: func(dir string) error {
			writeLog(t, dir, "2026"+MetadataSuffix, []byte{formatVersion + 1})
			return nil
		},
		"2026.overall_export_metadata: names a file outside": func(dir string) error {
			writeLog(t, dir, "2026"+MetadataSuffix, []byte{formatVersion}, appendBytes(nil, 1, appendString(nil, 2, "../../secret")))
			return nil
		},
	} {
		metadata := production(t)
		if err := damage(filepath.Dir(metadata)); err != nil {
			t.Fatal(err)
		}
		if err := Read(metadata, "mine", func(Document) error { return nil }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
