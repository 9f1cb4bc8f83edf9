package storage

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/sdktest"
)

// TestJavaScript runs Firebase's JavaScript SDK in Node, in an old and a new version.
func TestJavaScript(t *testing.T) {
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := start(t, Config{Rules: []byte(albums)})
			var compressed bytes.Buffer
			w := gzip.NewWriter(&compressed)
			w.Write([]byte(`{"lectures":5000}`))
			w.Close()
			c.write(c.bucket.Object("public/lectures.json"), compressed.String(), func(w *gcs.Writer) {
				w.ContentType, w.ContentEncoding = "application/json", "gzip"
			})
			sdktest.RunNode(t, version, "jstest/storage.test.mjs", "STORAGE_HOST="+strings.TrimPrefix(c.http.URL, "http://"), "BUCKET="+testBucket)
		})
	}
}
