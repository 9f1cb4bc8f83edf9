package storage

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/objects"
)

// FuzzMultipart: an upload is either rejected, and nothing is stored, or creates an object.
func FuzzMultipart(f *testing.F) {
	f.Add("multipart/related; boundary=b", relatedBody(`{"name":"a"}`, "data"))
	f.Add("multipart/related; boundary=b", strings.Replace(relatedBody(`{"name":"a"}`, "ZGF0YQ=="), "text/plain", "x/y\r\nContent-Transfer-Encoding: base64", 1))
	f.Add("multipart/related; boundary=\"\xff\"", "--\xff\r\n\r\n{}")
	f.Add("multipart/related; boundary=b", "--b\r\n\r\n{\"name\":\"a\",\"metadata\":null}\r\n--b\r\n\r\n\r\n--b")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		s, err := New(Config{Clock: clock.New(), Buckets: []string{testBucket}, Logger: slog.New(slog.DiscardHandler), MaxObjectBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/upload/storage/v1/b/"+testBucket+"/o?uploadType=multipart", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		page, err := s.Objects().List(objects.Query{Bucket: testBucket})
		if err != nil {
			t.Fatal(err)
		}
		if (w.Code == 200) != (len(page.Objects) == 1) || w.Code >= 500 {
			t.Errorf("%d %s; objects %+v", w.Code, w.Body, page.Objects)
		}
	})
}

// FuzzResumable sends chunks of known bytes with hostile headers: a finished object has these
// bytes.
func FuzzResumable(f *testing.F) {
	const size = testChunk + 1000
	data := repeat("0123456789abcdefg", size)
	f.Add("bytes 0-262143/*", 0, testChunk, "bytes 262144-263143/263144", testChunk, size)
	f.Add("bytes 0-9/10", 0, 10, "bytes */10", 0, 0)
	f.Add("bytes 0-*/*", 0, 10, "bytes */*", 0, 0)
	f.Add("bytes */0", 0, 0, "bytes */*", 0, 0)
	f.Add("", 0, 100, "bytes 5-1/3", 5, 6)
	f.Add("bytes 0-999999999999999999/*", 0, 10, "bytes 999999999999999999-999999999999999999/*", 0, 1)
	f.Fuzz(func(t *testing.T, range1 string, from1, to1 int, range2 string, from2, to2 int) {
		s, err := New(Config{Clock: clock.New(), Buckets: []string{testBucket}, Logger: slog.New(slog.DiscardHandler), MaxObjectBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", "/upload/storage/v1/b/"+testBucket+"/o?uploadType=resumable&name=a", nil))
		url := w.Header().Get("Location")
		honest := true
		for _, step := range []struct {
			header   string
			from, to int
		}{{range1, from1, to1}, {range2, from2, to2}} {
			if step.from < 0 || step.to < step.from || step.to > size {
				return
			}
			if p, err := parseContentRange(step.header, int64(step.to-step.from)); err == nil && !p.isQuery && p.start != int64(step.from) {
				honest = false // the header places these bytes elsewhere
			}
			r := httptest.NewRequest("PUT", url, strings.NewReader(data[step.from:step.to]))
			r.Header.Set("Content-Range", step.header)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		r, err := s.Objects().OpenObject(objects.Ref{Bucket: testBucket, Name: "a"}, objects.Conditions{})
		var e *objects.Error
		if errors.As(err, &e) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got, err := io.ReadAll(r)
		if err != nil || honest && string(got) != data[:len(got)] {
			t.Errorf("%d bytes that differ from those sent; %v", len(got), err)
		}
	})
}

func FuzzRange(f *testing.F) {
	f.Add("bytes=0-", int64(10))
	f.Add("bytes=-3", int64(2))
	f.Add("bytes=5-2", int64(0))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		start, end, kind := parseRange(header, size)
		if kind != rangeUnsatisfiable && (start < 0 || end < start || end > size || kind == rangePart && start == end) {
			t.Errorf("%q of %d bytes: %d to %d, %v", header, size, start, end, kind)
		}
	})
}

// FuzzFirebase sends hostile requests to the Firebase API under rules that allow writing only
// "mine": no request causes a 5xx, and no other object is created.
func FuzzFirebase(f *testing.F) {
	const mine = `service firebase.storage { match /b/{bucket}/o { match /mine { allow write: if true; } } }`
	f.Add("POST", "/o?name=mine", "multipart", "", "", "multipart/related; boundary=b", relatedBody(`{"contentType":"a/b"}`, "data"))
	f.Add("POST", "/o?name=other", "raw", "", "", "text/plain", "data")
	f.Add("POST", "/o?name=mine", "resumable", "start", "", "application/json", `{"metadata":{"a":"b"}}`)
	f.Add("POST", "/o?name=mine&upload_id=x", "", "upload, finalize", "0", "", "data")
	f.Add("PATCH", "/o/mine", "", "", "", "application/json", `{"metadata":{"firebaseStorageDownloadTokens":"x"}}`)
	f.Add("PUT", "/o/mine?create_token=true", "", "", "", "", "")
	f.Add("GET", "/o?prefix=%2F%2F&delimiter=x&pageToken=AA", "", "", "", "", "")
	f.Add("GET", "/o/a%2F..%2Fmine?alt=media&token=,", "", "", "", "", "")
	f.Add("DELETE", "/o/%00", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, method, target, protocol, command, offset, contentType, body string) {
		r, err := http.NewRequest(method, "http://x/v0/b/"+testBucket+target, strings.NewReader(body))
		if err != nil {
			return
		}
		s, err := New(Config{Clock: clock.New(), Buckets: []string{testBucket}, Logger: slog.New(slog.DiscardHandler), MaxObjectBytes: 1 << 20, Rules: []byte(mine)})
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"X-Goog-Upload-Protocol": protocol, "X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": offset, "Content-Type": contentType,
		} {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		page, err := s.Objects().List(objects.Query{Bucket: testBucket})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Objects {
			if o.Name != "mine" {
				t.Errorf("%s %s created %s", method, target, o.Name)
			}
		}
	})
}
