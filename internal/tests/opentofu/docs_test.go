package opentofu

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// elsewhere matches prose that says that something was not tried.
var elsewhere = regexp.MustCompile(`(?i)(?:not|never|nothing)\s+(?:\w+\s+){0,3}(?:tried|deployed|verified\s+on|run\s+against\s+google)`)

// link matches a link of Markdown.
var link = regexp.MustCompile(`\]\(([^)#\s]+\.md)?(#[^)]*)?\)`)

// What was not tried is listed in docs/untried.md and nowhere else, so that one page is enough to know it.
func TestOnlyOnePageSaysWhatIsUntried(t *testing.T) {
	pages := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".md" || filepath.Base(path) == "untried.md" {
			return nil
		}
		pages++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range elsewhere.FindAllString(string(text), -1) {
			t.Errorf("%s says %q: move it to docs/untried.md", path, found)
		}
		return nil
	})
	if err != nil || pages < 10 {
		t.Errorf("%d pages, %v", pages, err)
	}
}

// The links of the guide lead to pages and headings that exist.
func TestLinksOfTheGuide(t *testing.T) {
	for _, page := range []string{"deploy.md", "untried.md"} {
		for _, m := range link.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", page)), -1) {
			target := page
			if m[1] != "" {
				target = m[1]
			}
			path := filepath.Join(root, "docs", filepath.FromSlash(target))
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s: %v", page, target, err)
				continue
			}
			if m[2] != "" && !headings(read(t, path))[m[2]] {
				t.Errorf("%s links to %s%s, which has no such heading", page, target, m[2])
			}
		}
	}
}

// punctuation is what GitHub leaves out of the anchors of headings.
var punctuation = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func headings(page string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(page) {
		if text := strings.TrimLeft(line, "#"); text != line {
			text = punctuation.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
			found["#"+strings.ReplaceAll(text, " ", "-")] = true
		}
	}
	return found
}
