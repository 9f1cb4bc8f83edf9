package storage

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/internal/objects"
)

// dial opens a raw connection to the server and sends the start of a request.
func (c *cloud) dial(request string) net.Conn {
	c.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.http.URL, "http://"))
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, request)
	return conn
}

// TestStalledUpload: a client that stalls during an upload gets 408. Its bytes are kept only if the
// upload is resumable.
func TestStalledUpload(t *testing.T) {
	c := start(t, Config{})
	c.server.stallTimeout = 500 * time.Millisecond
	u, err := c.server.Objects().StartUpload(objects.PutRequest{Bucket: testBucket, Name: "a"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{
		"POST " + uploadPath("a") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
		"POST " + uploadPath("a") + "&upload_id=" + u.ID + " HTTP/1.1\r\nHost: x\r\nX-Goog-Upload-Command: upload\r\nX-Goog-Upload-Offset: 0\r\nContent-Length: 100\r\n\r\nhalf",
		"PUT /" + testBucket + "/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
		"PATCH " + objectPath("a") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	} {
		conn := c.dial(request)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.40s: %v", request, err)
			continue
		}
		if res.StatusCode != http.StatusRequestTimeout || !res.Close {
			t.Errorf("%.40s: %s %v", request, res.Status, res.Header)
		}
	}
	if received, done, _, _ := u.State(); received != 4 || done {
		t.Errorf("the resumable upload has %d bytes, done: %v", received, done)
	}
	if _, err := c.server.Objects().Get(objects.Ref{Bucket: testBucket, Name: "a"}, objects.Conditions{}); !isNotFound(err) {
		t.Errorf("the stalled upload created an object: %v", err)
	}
}

// TestStalledDownload: the connection of a client that reads nothing is closed.
func TestStalledDownload(t *testing.T) {
	c := start(t, Config{})
	c.server.stallTimeout = 100 * time.Millisecond
	large := strings.Repeat("timetable", 4<<20)
	c.write(c.bucket.Object("large"), large)
	conn := c.dial("GET " + objectPath("large") + "?alt=media HTTP/1.1\r\nHost: x\r\n\r\n")
	for { // until the server closes the connection and writing fails
		if _, err := conn.Write([]byte("\r\n")); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n, err := io.Copy(io.Discard, conn); n >= int64(len(large)) {
		t.Errorf("received %d bytes, %v", n, err)
	}
	if got := c.read(c.bucket.Object("large")); got != large {
		t.Errorf("read %d bytes", len(got))
	}
}

// TestAbandonedUploads: abandoned uploads do not block new ones.
func TestAbandonedUploads(t *testing.T) {
	c := start(t, Config{})
	begin := func() int {
		res, _ := c.do("POST", uploadPath("a"), "{}", "X-Goog-Upload-Protocol", "resumable", "X-Goog-Upload-Command", "start")
		return res.StatusCode
	}
	for i := range 1000 {
		if got := begin(); got != 200 {
			t.Fatalf("upload %d: %d", i, got)
		}
	}
	if got := begin(); got != 503 {
		t.Errorf("one more: %d", got)
	}
	c.clock.Advance(time.Minute)
	if got := begin(); got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}
