package webclient

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"heek.kr/heektime/emulator/emulatortest/storageclient"
)

// courseList: the app reads the list's location from the semester, gets its download URL and loads it,
// signed in or not.
func courseList(t *testing.T, at place) {
	w := newWorld(t, at)
	var list []map[string]any
	for i := range 5000 {
		l := lecture("데이터베이스시스템 😀")
		l["identifier"], l["credit"], l["url"] = fmt.Sprintf("COSE%04d-01", i), 3.0, "https://example.com/"
		list = append(list, l)
	}
	const name = "lectures/데모대학교-서울/2026-0900/5f70bf18.json"
	w.publishList(t, name, list)

	for _, c := range []*client{w.client(t), w.user(t, "하늘")} {
		var semester document
		c.ask(&semester, "get", semester2)
		var loaded []map[string]any
		c.ask(&loaded, "loadLectures", semester.Data["lecturesUrl"])
		if len(loaded) != len(list) || loaded[4999]["identifier"] != "COSE4999-01" || !reflect.DeepEqual(keys(loaded[0]), keys(list[0])) {
			t.Errorf("loaded %d lectures, the last %v", len(loaded), loaded[len(loaded)-1])
		}
		c.mustFail("storage/object-not-found", "loadLectures", "gs://"+w.Project+"/lectures/none.json")
		c.mustFail("storage/unauthorized", "loadLectures", "gs://"+w.Project+"/private/backup.json")
		c.mustFail("storage/unauthorized", "upload", name, "[]")
		c.mustFail("storage/unauthorized", "upload", "photos/me.png", "x")
		c.mustFail("storage/unauthorized", "listFiles", "lectures")
	}
}

func keys(m map[string]any) map[string]bool {
	names := map[string]bool{}
	for name := range m {
		names[name] = true
	}
	return names
}

// publishList stores a course list as the refresh service does, and makes it that of the second semester.
func (w *world) publishList(t *testing.T, name string, list []map[string]any) {
	t.Helper()
	object := storageclient.New(t, w.StorageAddress()).Bucket(w.Project).Object(name).NewWriter(t.Context())
	object.ContentType, object.ContentEncoding = "application/json; charset=utf-8", "gzip"
	packed := gzip.NewWriter(object)
	if err := json.NewEncoder(packed).Encode(list); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := object.Close(); err != nil {
		t.Fatal(err)
	}
	w.put(t, semester2, map[string]any{"year": 2026, "term": "2학기", "periods": []any{}, "status": "normal", "lecturesUrl": "gs://" + w.Project + "/" + name})
}
