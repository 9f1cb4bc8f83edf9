package local

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Whatever path a stranger sends through Hosting, the pages respond with a page, a redirect on this site, or an error of the
// stranger's: never with one of their own, nor with another file or another site.
func TestPathTricks(t *testing.T) {
	b := startProject(t, io.Discard)
	long := strings.Repeat("a", 6000)
	paths := []string{"//", "///", "//evil.example.com/user/a/timetable/abcdefghij/", "/\\evil.example.com/", "/.", "/..", "/%2e%2e/%2e%2e/go.mod", "/..%2fgo.mod", "/..%5cgo.mod"}
	for _, id := range []string{"..", ".", "%2e%2e", "%2E%2e%2F%2e%2e%2fgo.mod", "..%5c..%5cgo.mod", "..\\..\\go.mod", "%00", "a%00.png", "a%0d%0aX-Injected:%201", "%", "%zz", "%ff%fe", "a%2Fb", "a;b", "a%3Fb",
		"%E2%80%AE", long, "../../../../go.mod", "/", "//evil.example.com", "%2f%2fevil.example.com", "abcdefghij/..", "abcdefghij//", "abcdefghij/%2e%2e/privatexyz"} {
		for _, end := range []string{"", "/", ".png", ".svg", ".ics"} {
			paths = append(paths, "/user/demo/timetable/"+id+end, "/user/"+id+"/timetable/abcdefghij"+end, "/courses/"+id+end)
		}
		paths = append(paths, "/sitemap-"+id+".xml", "/compare?u="+id, "/compare/"+id, "/courses/demo/2026-0900/"+id)
	}
	for _, path := range paths {
		response, body := sendRaw(t, b.Cloud.HostingAddress(), path)
		what := fmt.Sprintf("GET %.100s: %s", path, response.Status)
		if response.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s: %s", what, body)
		}
		to := response.Header.Get("Location")
		if to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\")) {
			t.Errorf("%s redirects to %s", what, to)
		}
		if strings.Contains(body, "module heek.kr") || response.Header.Get("X-Injected") != "" {
			t.Errorf("%s: %.200s %v", what, body, response.Header)
		}
	}
	if response, _ := sendRaw(t, b.Cloud.HostingAddress(), "/user/"+strings.Repeat("a", 1<<20)+"/timetable/abcdefghij/"); response.StatusCode < 400 || response.StatusCode >= 500 {
		t.Errorf("a path of a megabyte: %s", response.Status)
	}
}

// sendRaw requests a path as it is: Go's client would clean it.
func sendRaw(t *testing.T, address, path string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address) // ignore that the server does not read all of it
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("GET %.100s: %v", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %.100s: %v", path, err)
	}
	return response, string(body)
}
