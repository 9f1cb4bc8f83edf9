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

// The page is whole: every file that another names is there, with the right type, and nothing comes from elsewhere.
func TestPageIsWhole(t *testing.T) {
	_, api := open(t)
	get := func(path string) (*http.Response, string) {
		answer, err := http.Get(api.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer, string(text)
	}
	types := map[string]string{"/": "text/html", "/style.css": "text/css", "/app.js": "text/javascript", "/icon.svg": "image/svg+xml"}
	for path, want := range types {
		answer, text := get(path)
		if answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), want) || strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "//www.") {
			t.Errorf("%s: %s %s", path, answer.Status, answer.Header.Get("Content-Type"))
		}
	}
	seen := map[string]bool{}
	var follow func(path string)
	follow = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		answer, text := get(path)
		if answer.StatusCode != 200 {
			t.Errorf("%s: %s", path, answer.Status)
		}
		for line := range strings.Lines(text) {
			if _, after, ok := strings.Cut(line, "from './"); ok {
				name, _, _ := strings.Cut(after, "'")
				follow("/" + name)
			}
			for _, danger := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"} {
				if strings.Contains(line, danger) {
					t.Errorf("%s has %s: %s", path, danger, line)
				}
			}
		}
	}
	follow("/app.js")
	if len(seen) < 10 {
		t.Errorf("followed only %v", seen)
	}
	for _, path := range []string{"/none", "/../console.go", "/%2e%2e/console.go", "/page/index.html", "/api/none"} {
		if answer, _ := get(path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	first, _ := get("/app.js")
	r, _ := http.NewRequest(http.MethodGet, api.url+"/app.js", nil)
	r.Header.Set("If-None-Match", first.Header.Get("ETag"))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotModified {
		t.Errorf("asked whether it changed: %s", answer.Status)
	}
}

// Every text that the page asks for is there in both languages, and none is left over.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("page/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %v, %v", files, err)
	}
	var code strings.Builder
	for _, file := range files {
		if filepath.Base(file) == "words.js" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	words, err := os.ReadFile("page/words.js")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	hangul := regexp.MustCompile(`\p{Hangul}`)
	for _, m := range regexp.MustCompile(`(?s)\n  (\w+): \[(.*?)\],\n`).FindAllStringSubmatch(strings.ReplaceAll(string(words), "\n", "\n\n"), -1) {
		key, texts := m[1], m[2]
		known[key] = true
		if !regexp.MustCompile(`\b` + key + `\b`).MatchString(code.String()) {
			t.Errorf("nothing says %s", key)
		}
		if strings.Count(texts, "', ") == 0 && strings.Count(texts, "',\n") == 0 {
			t.Errorf("%s is in one language: %s", key, texts)
		}
		if !hangul.MatchString(texts) && key != "firestore" && key != "cacheControl" && key != "uid" {
			t.Errorf("%s has no Korean: %s", key, texts)
		}
	}
	if len(known) < 100 {
		t.Errorf("found only %d texts", len(known))
	}
	for _, m := range regexp.MustCompile(`\bt\('(\w+)'`).FindAllStringSubmatch(code.String(), -1) {
		if !known[m[1]] {
			t.Errorf("there is no text %s", m[1])
		}
	}
}
