package sdktest

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

//go:embed page.html host.mjs
var pageFiles embed.FS

var page = template.Must(template.ParseFS(pageFiles, "page.html"))

// blankPath is the path of an empty page.
const blankPath = "/blank"

// Pages is a web server on 127.0.0.1. Its pages load a client script and Firebase's SDK for browsers.
type Pages struct {
	server *http.Server
	url    string
}

// Serve serves scripts until the test ends. Without npm, or with -short, the test is skipped.
func Serve(t testing.TB, scripts fs.FS) *Pages {
	t.Helper()
	p, err := ServePages(SDKs(t), scripts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// ServePages serves scripts until Close, with the SDKs in a folder that [InstallSDKs] returned.
func ServePages(sdks string, scripts fs.FS) (*Pages, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(scripts))
	mux.Handle("GET /host.mjs", http.FileServerFS(pageFiles))
	mux.HandleFunc("GET "+blankPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	})
	for _, version := range Versions {
		bundles, release := bundles(sdks, version)
		base := "/firebase/" + release + "/"
		mux.Handle("GET "+base, http.StripPrefix(base, http.FileServerFS(bundles)))
		mux.HandleFunc("GET /"+version+"/{script}", func(w http.ResponseWriter, r *http.Request) {
			servePage(w, release, r.PathValue("script"))
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve pages: %w", err)
	}
	p := &Pages{server: &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}, url: "http://" + listener.Addr().String()}
	go p.server.Serve(listener)
	return p, nil
}

// bundles returns the files that Google's CDN serves to web pages, which the npm package contains, too,
// and their release.
func bundles(sdks, version string) (files fs.FS, release string) {
	// npm hoists one of two versions of a package into the common folder.
	for _, folder := range []string{filepath.Join(sdks, version), sdks} {
		folder = filepath.Join(folder, "node_modules", "firebase")
		if text, err := os.ReadFile(filepath.Join(folder, "package.json")); err == nil {
			var about struct{ Version string }
			if json.Unmarshal(text, &about) == nil {
				return os.DirFS(folder), about.Version
			}
		}
	}
	return os.DirFS(filepath.Join(sdks, version)), version
}

func servePage(w http.ResponseWriter, release, script string) {
	base := "/firebase/" + release + "/"
	imports := map[string]string{"https://www.gstatic.com/firebasejs/" + release + "/": base} // where the bundles import each other from
	for _, name := range []string{"app", "auth", "firestore", "messaging", "storage"} {
		imports["firebase/"+name] = base + "firebase-" + name + ".js"
	}
	imports["firebase/firestore/lite"] = base + "firebase-firestore-lite.js"
	text, err := json.Marshal(map[string]any{"imports": imports})
	if err == nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = page.Execute(w, map[string]any{"Script": "/" + script, "Version": release, "ImportMap": template.HTML(text)})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// URL returns the address of a page that runs a script with one of [Versions].
func (p *Pages) URL(version, script string) string {
	return fmt.Sprintf("%s/%s/%s", p.url, version, script)
}

// Close stops the server.
func (p *Pages) Close() { p.server.Close() }
