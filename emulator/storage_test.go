package emulator_test

import (
	"compress/gzip"
	"io"
	"net"
	"os"
	"strconv"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/sdktest"
)

// TestStorageInBrowser does what only browsers do: interrupt an upload, cache metadata, send a preflight
// before writing to another origin.
func TestStorageInBrowser(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	pages := sdktest.Serve(t, os.DirFS("jstest"))
	const own = `service firebase.storage { match /b/{bucket}/o { match /{name} { allow read, write: if request.auth.uid == 'ann'; } } }`
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.StorageRules = []byte(own) })
			object := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("list.json").NewWriter(t.Context())
			object.ContentType, object.ContentEncoding = "application/json", "gzip"
			packed := gzip.NewWriter(object)
			io.WriteString(packed, `{"lectures":5000}`)
			packed.Close()
			if err := object.Close(); err != nil {
				t.Fatal(err)
			}
			host, port, _ := net.SplitHostPort(cloud.StorageAddress())
			number, _ := strconv.Atoi(port)
			page := browser.Open(t, pages.URL(version, "storage-page.mjs"))
			call := func(function string, result any, args ...any) {
				t.Helper()
				if err := page.Call(t.Context(), function, result, args...); err != nil {
					t.Errorf("%s: %v", function, err)
				}
			}
			call("connect", nil, host, number, cloud.Project)
			var size int
			if call("pauseAndResume", &size); size != 3_000_000 {
				t.Errorf("%d bytes were stored after a pause", size)
			}
			var code string
			if call("cancel", &code); code != "storage/object-not-found" {
				t.Errorf("after a cancelled upload: %s", code)
			}
			if call("refused", &code); code != "storage/unauthorized" {
				t.Errorf("a denied upload: %s", code)
			}
			for _, kind := range []string{"text/plain", "text/html", "text/css"} {
				var seen []bool
				if call("change", &seen, kind); len(seen) != 2 || !seen[0] || !seen[1] {
					t.Errorf("changed to %s: %v", kind, seen)
				}
			}
			var texts []string
			if call("load", &texts, "list.json"); len(texts) != 2 || texts[0] != `{"lectures":5000}` || texts[1] != texts[0] {
				t.Errorf("loaded %q", texts)
			}
		})
	}
}
