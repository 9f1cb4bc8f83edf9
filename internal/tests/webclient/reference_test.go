package webclient

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/sdktest"
)

// referenceClient: an app that follows docs/clients.md finds what it needs in its caches on disk. Of an open
// after 30 minutes, Firestore bills two reads, and of a course list that it has loaded before, Cloud Storage
// nothing. The table in docs/cost.md has what the other actions cost; they need no disk.
//
// It is long because each open follows from the one before.
func referenceClient(t *testing.T, at place) {
	if at.pages == nil || at.version != sdktest.Versions[0] {
		t.Skip("only the current SDK, in a browser, can do that")
	}
	w := newWorld(t, at)
	stamp := func(fields map[string]any) map[string]any {
		fields["createdAt"], fields["updatedAt"] = firestore.ServerTimestamp, firestore.ServerTimestamp
		return fields
	}
	const timetable = "users/하늘/timetables/abcdefghij"
	w.put(t, "users/하늘", stamp(map[string]any{"username": "하늘하늘"}))
	w.put(t, timetable, stamp(map[string]any{"title": "봄", "visibility": "private", "semester": w.admin.Doc(semester1)}))
	for _, title := range []string{"가", "나", "다"} {
		w.put(t, timetable+"/lectures/"+title, stamp(lecture(title)))
	}
	w.putList(t, semester1)

	address := at.pages.URL(at.version, "reference.mjs")
	page := at.browser.Reuse(t, address)
	c := &client{t: t, script: page}
	minutes := 0
	start := func() {
		c.do("install", "browser", map[string]any{"project": w.Project, "persistent": true, "minutes": minutes, "hosts": map[string]string{
			"auth": w.AuthAddress(), "firestore": w.FirestoreAddress(), "storage": w.StorageAddress(),
		}})
		c.do("signInWithToken", "browser", w.customToken(t, "하늘"))
	}
	again := func(after int) {
		if err := page.Navigate(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		w.Advance(t, time.Duration(after)*time.Minute)
		minutes += after
		start()
	}
	open := func(when string, least, most int, titles ...string) {
		t.Helper()
		usage := w.Measure(t, func() { c.do("open", "browser") })
		got := emulatortest.CostOf(usage)
		if got.Reads < least || got.Reads > most || got.Total() != got.Reads {
			t.Errorf("opening the app %s costs %v, want %d to %d reads:\n%v", when, got, least, most, reads(usage))
		}
		c.do("shows", "browser", titles)
	}
	start()
	const fresh = 1 + 1 + 1 + 3 // the user, the newest timetable, its semester, its lectures
	open("on a fresh device", fresh, fresh, "가", "나", "다")
	again(0)
	open("within 30 minutes", 0, 0, "가", "나", "다")
	again(31)
	open("later", 2, 2, "가", "나", "다")
	w.put(t, timetable+"/lectures/라", stamp(lecture("라")))
	again(31)
	open("after another device added a lecture", 2, 2, "가", "나", "다", "라")
	if _, err := w.admin.Doc(timetable + "/lectures/가").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	again(31)
	// A query and a count, and then it listens to all of them again. If the server has noticed that the first page is gone, that
	// is billed for three lectures and for asking whether 가 still exists, otherwise for 라 at most.
	open("after another device removed one", 2, 2+3+1, "나", "다", "라")

	loads := func() int64 { return w.Usage().Amount(billing.StorageClassB) }
	c.do("loadLectures", "browser", semester1)
	for deadline := time.Now().Add(hangTimeout); loads() == 0; time.Sleep(time.Millisecond) { // counted when the response is sent
		if time.Now().After(deadline) {
			t.Fatal("no load of the list was counted")
		}
	}
	again(0)
	c.do("loadLectures", "browser", semester1)
	if n := loads(); n != 1 {
		t.Errorf("the list was loaded %d times, want once: the browser has it in its cache", n)
	}
}

// reads returns what reads a usage has, a line for each cause.
func reads(u billing.Usage) string {
	var lines strings.Builder
	for _, day := range u.Days {
		for _, a := range day.Amounts {
			if a.Item == billing.FirestoreReads {
				fmt.Fprintf(&lines, "%d %+v\n", a.Amount, a.Cause)
			}
		}
	}
	return lines.String()
}

// putList publishes a course list as the refresh service does.
func (w *world) putList(t *testing.T, semester string) {
	t.Helper()
	const name = "lectures/데모대학교-서울/5f70bf18.json"
	object := storageclient.New(t, w.StorageAddress()).Bucket(w.Project).Object(name).NewWriter(t.Context())
	object.ContentType, object.ContentEncoding, object.CacheControl = "application/json", "gzip", "public, max-age=31536000, immutable"
	packed := gzip.NewWriter(object)
	if err := json.NewEncoder(packed).Encode([]any{lecture("데이터베이스시스템")}); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := object.Close(); err != nil {
		t.Fatal(err)
	}
	w.put(t, semester, map[string]any{"year": 2026, "term": "1학기", "periods": []any{}, "status": "normal", "lecturesUrl": fmt.Sprintf("gs://%s/%s", w.Project, name)})
}
