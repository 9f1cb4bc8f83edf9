package firebasedeploy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const (
	project      = "heektime-replay" // not demo-…, which means a project that does not exist
	bucket       = project + ".firebasestorage.app"
	refreshToken = "refresh-token-of-the-test"
	accessToken  = "access-token-of-the-test"
)

// origins maps the environment variables that hold the base URLs of Google's APIs to the APIs' real
// hosts. The fake has one address for all of them and finds the host in the first segment of a
// request's path. It serves HTTPS because the CLI sends its access token over HTTPS only.
var origins = map[string]string{
	"FIREBASE_TOKEN_URL":           "www.googleapis.com",
	"FIREBASE_RESOURCEMANAGER_URL": "cloudresourcemanager.googleapis.com",
	"FIREBASE_SERVICE_USAGE_URL":   "serviceusage.googleapis.com",
	"FIREBASE_API_URL":             "firebase.googleapis.com",
	"FIRESTORE_URL":                "firestore.googleapis.com",
	"FIREBASE_RULES_URL":           "firebaserules.googleapis.com",
	"FIREBASE_FIREBASESTORAGE_URL": "firebasestorage.googleapis.com",
	"FIREBASE_HOSTING_API_URL":     "firebasehosting.googleapis.com",
	"FIREBASE_FUNCTIONS_URL":       "cloudfunctions.googleapis.com",
	"FIREBASE_FUNCTIONS_V2_URL":    "cloudfunctions.googleapis.com",
}

// google is a fake of the Google APIs that firebase deploy calls. It stores what it receives,
// completes long-running operations immediately, and rejects every request that it does not expect.
type google struct {
	server *httptest.Server
	mux    *http.ServeMux

	mu       sync.Mutex
	requests []string // method and URI, in order
	rejected []string // those that were not expected, with the reason

	rules   rulesAPI
	indexes indexesAPI
	hosting hostingAPI
}

func startGoogle(t *testing.T) *google {
	t.Helper()
	g := &google{mux: http.NewServeMux()}
	g.handleProject()
	g.handleRules()
	g.handleIndexes()
	g.handleHosting()
	g.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.reject(w, http.StatusNotFound, "not expected")
	})
	g.server = httptest.NewTLSServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.server.Close)
	return g
}

func (g *google) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r.Method+" "+r.URL.RequestURI())
	if r.Header.Get("Authorization") != "Bearer "+accessToken && r.URL.Path != tokenPath {
		g.reject(w, http.StatusUnauthorized, "the access token is missing")
		return
	}
	g.mux.ServeHTTP(w, r)
}

// reject responds to the latest request with an error that fails the test.
func (g *google) reject(w http.ResponseWriter, status int, format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	g.rejected = append(g.rejected, g.requests[len(g.requests)-1]+": "+reason)
	respondError(w, status, reason)
}

// decode decodes a request's body. It rejects the request if the body has an unknown key.
func (g *google) decode(w http.ResponseWriter, r *http.Request, body any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		g.reject(w, http.StatusBadRequest, "body: %v", err)
		return false
	}
	return true
}

func respond(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

func respondError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": message}})
}

const tokenPath = "/www.googleapis.com/oauth2/v3/token"

// handleProject serves what the CLI requests before it deploys anything: an access token,
// permissions, the project and its APIs.
func (g *google) handleProject() {
	g.mux.HandleFunc("POST "+tokenPath, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("refresh_token") != refreshToken || r.FormValue("grant_type") != "refresh_token" {
			g.reject(w, http.StatusBadRequest, "the refresh token is not that of FIREBASE_TOKEN")
			return
		}
		respond(w, map[string]any{"access_token": accessToken, "expires_in": 3600, "token_type": "Bearer"})
	})
	g.mux.HandleFunc("POST /cloudresourcemanager.googleapis.com/v1/projects/"+project+":testIamPermissions",
		func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Permissions []string }
			if g.decode(w, r, &body) {
				respond(w, body) // all of them are granted
			}
		})
	// The CLI derives an API's name from the host of its base URL, which is 127.0.0.1 for all of
	// them here.
	g.mux.HandleFunc("GET /serviceusage.googleapis.com/v1/projects/"+project+"/services/127.0.0.1",
		func(w http.ResponseWriter, r *http.Request) { respond(w, map[string]any{"state": "ENABLED"}) })
	g.mux.HandleFunc("GET /firebase.googleapis.com/v1beta1/projects/"+project, func(w http.ResponseWriter, r *http.Request) {
		respond(w, map[string]any{"projectId": project, "resources": map[string]any{"hostingSite": project}})
	})
	g.mux.HandleFunc("GET /firebasestorage.googleapis.com/v1alpha/projects/"+project+"/defaultBucket",
		func(w http.ResponseWriter, r *http.Request) {
			respond(w, map[string]any{"bucket": map[string]any{"name": "projects/" + project + "/buckets/" + bucket}})
		})
	// The CLI lists functions because a rewrite can name one. Ours name Cloud Run services, and a
	// project that never had a function responds like this.
	for _, version := range []string{"v1", "v2"} {
		g.mux.HandleFunc("GET /cloudfunctions.googleapis.com/"+version+"/projects/"+project+"/locations/-/functions",
			func(w http.ResponseWriter, r *http.Request) {
				respondError(w, http.StatusForbidden, "Cloud Functions API has not been used in project "+project+" before or it is disabled.")
			})
	}
}

// checkRequests fails the test if a request was rejected. It returns the requests since the last
// check.
func (g *google) checkRequests(t *testing.T) (requests []string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	t.Logf("requests\n%s", strings.Join(g.requests, "\n"))
	for _, r := range g.rejected {
		t.Errorf("unexpected request: %s", r)
	}
	requests, g.requests, g.rejected = g.requests, nil, nil
	return requests
}
