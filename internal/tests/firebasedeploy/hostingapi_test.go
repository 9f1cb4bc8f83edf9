package firebasedeploy

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// hostingAPI is the state of the Firebase Hosting API for one site.
type hostingAPI struct {
	versions map[string]*version // by name
	contents map[string][]byte   // by hash
	releases []string            // names of versions, in order
}

// version is a version of the site.
type version struct {
	Status string            `json:"status"`
	Labels map[string]string `json:"labels"`
	Config hostingConfig     `json:"config"`

	files map[string]string // hashes by path
}

// hostingConfig is how a version responds to requests.
type hostingConfig struct {
	Rewrites []rewrite `json:"rewrites"`
	Headers  []header  `json:"headers"`
}

type rewrite struct {
	Glob  string `json:"glob"`
	Regex string `json:"regex"` // instead of the glob
	Path  string `json:"path"`  // of a file, empty for a service
	Run   run    `json:"run"`
}

type run struct {
	ServiceID string `json:"serviceId"`
	Region    string `json:"region"`
}

type header struct {
	Glob    string            `json:"glob"`
	Headers map[string]string `json:"headers"`
}

// released returns the version that the first and only release made public.
func (api *hostingAPI) released(t *testing.T) *version {
	t.Helper()
	if len(api.releases) != 1 {
		t.Fatalf("%d releases, want 1", len(api.releases))
	}
	return api.versions[api.releases[0]]
}

func (g *google) handleHosting() {
	g.hosting = hostingAPI{versions: map[string]*version{}, contents: map[string][]byte{}}
	const site = "projects/" + project + "/sites/" + project
	const base = "/firebasehosting.googleapis.com/v1beta1/" + site
	const upload = "/upload-firebasehosting.googleapis.com"
	g.mux.HandleFunc("GET "+base, func(w http.ResponseWriter, r *http.Request) { respond(w, map[string]any{"name": site}) })
	g.mux.HandleFunc("POST "+base+"/versions", func(w http.ResponseWriter, r *http.Request) {
		v := &version{files: map[string]string{}}
		if g.decode(w, r, v) {
			name := fmt.Sprintf("%s/versions/%d", site, len(g.hosting.versions)+1)
			g.hosting.versions[name] = v
			respond(w, map[string]any{"name": name, "status": v.Status})
		}
	})
	// A wildcard of a pattern matches a whole segment, here with the method after the colon.
	g.mux.HandleFunc("POST "+base+"/versions/{version}", func(w http.ResponseWriter, r *http.Request) {
		id, isPopulate := strings.CutSuffix(r.PathValue("version"), ":populateFiles")
		v, exists := g.hosting.versions[site+"/versions/"+id]
		if !isPopulate || !exists {
			g.reject(w, http.StatusNotFound, "not expected")
			return
		}
		g.populate(w, r, v, g.server.URL+upload)
	})
	g.mux.HandleFunc("POST "+upload+"/{hash}", g.upload)
	g.mux.HandleFunc("PATCH "+base+"/versions/{version}", func(w http.ResponseWriter, r *http.Request) {
		v, exists := g.hosting.versions[site+"/versions/"+r.PathValue("version")]
		if mask := r.FormValue("updateMask"); !exists || mask != "status,config" {
			g.reject(w, http.StatusBadRequest, "the version does not exist, or updateMask is %q", mask)
			return
		}
		if g.decode(w, r, v) {
			respond(w, map[string]any{"status": v.Status})
		}
	})
	g.mux.HandleFunc("POST "+base+"/channels/live/releases", func(w http.ResponseWriter, r *http.Request) {
		name := r.FormValue("versionName")
		if v, exists := g.hosting.versions[name]; !exists || v.Status != "FINALIZED" {
			g.reject(w, http.StatusBadRequest, "version %q is not finalized", name)
			return
		}
		g.hosting.releases = append(g.hosting.releases, name)
		respond(w, map[string]any{"name": site + "/channels/live/releases/1"})
	})
}

// populate stores a version's list of files and requests the contents that are not stored yet.
func (g *google) populate(w http.ResponseWriter, r *http.Request, v *version, uploadURL string) {
	var body struct{ Files map[string]string }
	if !g.decode(w, r, &body) {
		return
	}
	required := []string{}
	for path, hash := range body.Files {
		v.files[path] = hash
		if _, there := g.hosting.contents[hash]; !there {
			required = append(required, hash)
		}
	}
	respond(w, map[string]any{"uploadRequiredHashes": required, "uploadUrl": uploadURL})
}

// upload stores the content of a file. It arrives compressed, and its hash is that of the
// compressed bytes.
func (g *google) upload(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.reject(w, http.StatusBadRequest, "body: %v", err)
		return
	}
	if hash := sha256.Sum256(body); hex.EncodeToString(hash[:]) != r.PathValue("hash") {
		g.reject(w, http.StatusBadRequest, "the content has another hash")
		return
	}
	content, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		g.reject(w, http.StatusBadRequest, "not compressed: %v", err)
		return
	}
	text, err := io.ReadAll(content)
	if err != nil {
		g.reject(w, http.StatusBadRequest, "not compressed: %v", err)
		return
	}
	g.hosting.contents[r.PathValue("hash")] = text
}
