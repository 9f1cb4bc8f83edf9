package console_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// getFile requests a file of the page.
func (a api) getFile(path string, header http.Header) (*http.Response, string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header = header
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp, string(text)
}

// Files are served with the right type, and other paths are not served.
func TestPageFiles(t *testing.T) {
	_, api := open(t)
	types := map[string]string{"/": "text/html", "/style.css": "text/css", "/app.js": "text/javascript", "/icon.svg": "image/svg+xml"}
	for path, want := range types {
		resp, text := api.getFile(path, nil)
		if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), want) ||
			strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "//www.") {
			t.Errorf("%s: %s %s", path, resp.Status, resp.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/none", "/../console.go", "/%2e%2e/console.go", "/page/index.html", "/api/none"} {
		if resp, _ := api.getFile(path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, resp.Status)
		}
	}
	first, _ := api.getFile("/app.js", nil)
	again, _ := api.getFile("/app.js", http.Header{"If-None-Match": {first.Header.Get("ETag")}})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("revalidation of an unchanged file: %s, want 304", again.Status)
	}
}

// Every module that another imports is served, and none loads anything from other servers or parses
// text as markup.
func TestPageModules(t *testing.T) {
	_, api := open(t)
	seen := map[string]bool{}
	var follow func(path string)
	follow = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		resp, text := api.getFile(path, nil)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %s", path, resp.Status)
		}
		for line := range strings.Lines(text) {
			if _, after, ok := strings.Cut(line, "from './"); ok {
				name, _, _ := strings.Cut(after, "'")
				follow("/" + name)
			}
			for _, danger := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"} {
				if strings.Contains(line, danger) {
					t.Errorf("%s contains %s: %s", path, danger, line)
				}
			}
		}
	}
	follow("/app.js")
	if len(seen) < 10 {
		t.Errorf("found only the modules %v", seen)
	}
}

// Every text that the page uses exists in both languages, and every text is used.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("page/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %v, %v", files, err)
	}
	var code, words strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "words.js") {
			words.Write(text)
		} else {
			code.Write(text)
		}
	}
	known := map[string]bool{}
	hangul := regexp.MustCompile(`\p{Hangul}`)
	for _, m := range regexp.MustCompile(`(?s)\n  (\w+): \[(.*?)\],\n`).FindAllStringSubmatch(strings.ReplaceAll(words.String(), "\n", "\n\n"), -1) {
		key, texts := m[1], m[2]
		known[key] = true
		if !regexp.MustCompile(`\b` + key + `\b`).MatchString(code.String()) {
			t.Errorf("the text %s is not used", key)
		}
		if strings.Count(texts, "', ") == 0 && strings.Count(texts, "',\n") == 0 {
			t.Errorf("the text %s exists in one language only: %s", key, texts)
		}
		if !hangul.MatchString(texts) && key != "firestore" && key != "cacheControl" && key != "uid" {
			t.Errorf("the text %s has no Korean: %s", key, texts)
		}
	}
	if len(known) < 100 {
		t.Errorf("found only %d texts", len(known))
	}
	for _, m := range regexp.MustCompile(`\bt\('(\w+)'`).FindAllStringSubmatch(code.String(), -1) {
		if !known[m[1]] {
			t.Errorf("the text %s does not exist", m[1])
		}
	}
}

// The page has a Korean text for every code of an error that the API returns.
func TestErrorTexts(t *testing.T) {
	page, err := os.ReadFile("page/errors.js")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\tcode\w+ += "(\w+)"$`).FindAllSubmatch(source, -1)
	if len(codes) < 20 {
		t.Fatalf("found only %d codes", len(codes))
	}
	for _, m := range codes {
		if !regexp.MustCompile(`(?m)^  ` + string(m[1]) + `: \['.*', '.*\p{Hangul}.*'\],$`).Match(page) {
			t.Errorf("page/errors.js has no Korean text for %s", m[1])
		}
	}
}
