//go:build linux

package storage

import (
	"strings"
	"testing"

	"heek.kr/heektime/emulator/internal/fulldisktest"
)

// TestFullDisk: while the disk is full, writes fail and reads continue, also those that would create a
// download token. When there is space again, writes succeed, and a restart finds the same objects.
func TestFullDisk(t *testing.T) {
	if !fulldisktest.Alone(t) {
		return
	}
	dir := t.TempDir()
	c := start(t, Config{DataDir: dir})
	c.write(c.bucket.Object("kept"), "content") // without a download token, as a server wrote it
	read := func(when string) {
		t.Helper()
		for path, want := range map[string]string{
			objectPath("kept"):                        `"size":"7"`,
			objectPath("kept") + "?alt=media":         "content",
			"/v0/b/" + testBucket + "/o":              `"name":"kept"`,
			"/" + testBucket + "/kept":                "content",
			"/storage/v1/b/" + testBucket + "/o/kept": `"size":"7"`,
		} {
			if res, body := c.do("GET", path, ""); res.StatusCode != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %s: %d %s", when, path, res.StatusCode, body)
			}
		}
	}
	write := func(name, content string) (int, string) {
		res, body := c.do("POST", uploadPath(name), content, "Content-Type", "text/plain")
		return res.StatusCode, body
	}
	empty := fulldisktest.Fill(t)
	read("full")
	for _, name := range []string{"new", "kept"} {
		if status, body := write(name, "lost"); status/100 != 5 {
			t.Errorf("upload of %s to a full disk: %d %s", name, status, body)
		}
	}
	if res, _ := c.do("DELETE", objectPath("kept"), ""); res.StatusCode/100 != 5 {
		t.Errorf("delete on a full disk: %d", res.StatusCode)
	}
	if res, _ := c.do("PATCH", objectPath("kept"), `{"contentType":"a/b"}`, "Content-Type", "application/json"); res.StatusCode/100 != 5 {
		t.Errorf("update on a full disk: %d", res.StatusCode)
	}
	read("after failed writes")
	if res, _ := c.do("GET", objectPath("new"), ""); res.StatusCode != 404 {
		t.Errorf("a failed upload left an object: %d", res.StatusCode)
	}
	empty()
	if status, body := write("new", "content"); status != 200 {
		t.Errorf("with space again: %d %s", status, body)
	}
	if _, body := c.do("GET", objectPath("kept"), ""); !strings.Contains(body, "downloadTokens") {
		t.Errorf("with space again, no token: %s", body)
	}
	c = start(t, Config{DataDir: crashCopy(t, dir)})
	read("after a restart")
}
