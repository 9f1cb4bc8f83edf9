package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed page
var page embed.FS

// contentTypes maps the page's file extensions. The types that the operating system knows differ.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// servePage serves the embedded files. Browsers cache them and revalidate on each use.
func (c *Console) servePage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.writeError(w, r, &apiError{status: http.StatusMethodNotAllowed, Code: codeMethodNotAllowed, Message: r.Method + " is not allowed here."})
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	text, err := fs.ReadFile(page, "page/"+name)
	if err != nil {
		c.writeError(w, r, &apiError{status: http.StatusNotFound, Code: codeNotFound, Message: "There is nothing at " + r.URL.Path + "."})
		return
	}
	sum := sha256.Sum256(text)
	w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}

// shared are the files of the page that other consoles use. The modules among them import errors.js,
// words.js and api.js, which each console has for itself.
var shared = []string{"style.css", "theme.js", "icon.svg", "dom.js", "dialog.js", "bill.js", "billwords.js", "amounts.js"}

// Shared returns one of the files that give the console its look and its dialogs, for programs that serve a
// console of their own. It returns nil for any other name.
func Shared(name string) []byte {
	if !slices.Contains(shared, name) {
		return nil
	}
	text, _ := fs.ReadFile(page, "page/"+name)
	return text
}

// ContentType returns the type of a page's file by its extension, such as ".css".
func ContentType(extension string) string { return contentTypes[extension] }
