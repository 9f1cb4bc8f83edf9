package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/closedrules"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

const (
	testProject = "heektime-test"
	testNumber  = "123456789012"
	testKey     = "AIza-of-the-test"
	root        = "../../../../"
)

// obj is a JSON object.
type obj = map[string]any

// standIn serves Google's APIs as documented, each below a path of its own: /HOST/v1/… It has the
// resources of a healthy project, which tests change.
type standIn struct {
	table  *spec.Deployment
	server *httptest.Server

	project, billing, database, authentication, repository obj

	apis     []string
	services map[string]obj
	accounts map[string]obj
	keys     map[string][]obj // by account
	policies map[spec.Resource][]obj
	indexes  []obj
	fields   []obj
	backups  []obj
	rules    map[string]string // by release
	bucket   obj
	queues   map[string]obj
	jobs     map[string]obj
	triggers map[string]obj
	secrets  map[string][]obj // versions
	apiKeys  map[string]obj
	alerts   []obj
	channels []obj
	budgets  []obj
	metrics  []obj
	releases []obj // of Go

	strangers *strangers
	image     *imageOf

	// unsigned makes signBlob fail.
	unsigned bool

	mu     sync.Mutex
	fail   map[string]func(w http.ResponseWriter) // by host
	writes []string
}

// newStandIn starts a stand-in for a healthy project.
func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{table: deployment.Table(), fail: map[string]func(http.ResponseWriter){}}
	files, err := ReadFiles(root + "firebase.json")
	if err != nil {
		t.Fatal(err)
	}
	s.healthy(files)
	s.strangers = newStrangers(s.table, files)
	s.image = &imageOf{program: "/service"}
	mux := http.NewServeMux()
	s.handle(mux)
	s.image.handle(t, mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		respondError(w, http.StatusNotFound, "not served")
	})
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if host := strings.Split(r.URL.Path, "/")[1]; host != goReleasesHost && host != "signed" && r.Header.Get("Authorization") == "" {
			t.Errorf("%s %s has no token", r.Method, r.URL)
		}
		if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, ":getIamPolicy") && !strings.Contains(r.URL.Path, credentialsAPI) {
			s.writes = append(s.writes, r.Method+" "+r.URL.Path)
		}
		fail := s.fail[strings.Split(r.URL.Path, "/")[1]]
		s.mu.Unlock()
		if fail != nil {
			fail(w)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.server.Close)
	return s
}

// options check the stand-in.
func (s *standIn) options(t *testing.T) Options {
	t.Helper()
	files, err := ReadFiles(root + "firebase.json")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Project: testProject, Table: s.table, Files: files, Images: true, Sign: true, Endpoints: map[string]string{},
		Authorized: &http.Client{Transport: bearer{http.DefaultTransport, "owner"}}, Anonymous: &http.Client{Transport: s.strangers}, Now: testNow,
		Timeout: 10 * time.Minute, // of a busy machine, on which nothing here should depend
	}
	for _, source := range sources {
		if source.api != "" {
			o.Endpoints[source.api] = s.server.URL + "/" + source.api
		}
	}
	o.Endpoints[goReleasesHost] = s.server.URL + "/" + goReleasesHost
	return o
}

func respond(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// respondError responds like Google's APIs.
//
// Source: https://cloud.google.com/apis/design/errors#http_mapping
func respondError(w http.ResponseWriter, code int, message string, details ...obj) {
	status := map[int]string{403: "PERMISSION_DENIED", 404: "NOT_FOUND", 401: "UNAUTHENTICATED", 500: "INTERNAL"}[code]
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(obj{"error": obj{"code": code, "message": message, "status": status, "details": details}})
}

// get serves a resource, or 404 if there is none.
func get(w http.ResponseWriter, o obj) {
	if o == nil {
		respondError(w, http.StatusNotFound, "Requested entity was not found.")
		return
	}
	respond(w, o)
}

// list serves resources in pages of two, so that a reader that ignores further pages fails.
func list[T any](w http.ResponseWriter, r *http.Request, key string, all []T) {
	start := 0
	fmt.Sscan(r.FormValue("pageToken"), &start)
	end := min(start+2, len(all))
	page := obj{key: all[start:end]}
	if end < len(all) {
		page["nextPageToken"] = fmt.Sprint(end)
	}
	respond(w, page)
}

// values are the values of a map by the order of their keys.
func values(all map[string]obj) (list []obj) {
	for _, key := range sortedKeys(all) {
		list = append(list, all[key])
	}
	return list
}

func sortedKeys[T any](all map[string]T) (keys []string) {
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// handle serves the APIs. It is long because each API has a few lines.
func (s *standIn) handle(mux *http.ServeMux) {
	on := func(method, host, path string, h func(w http.ResponseWriter, r *http.Request)) {
		mux.HandleFunc(method+" /"+host+path, h)
	}
	p, location := "/projects/"+testProject, "/projects/"+testProject+"/locations/"+s.table.Region
	policy := func(w http.ResponseWriter, kind spec.ResourceKind, id string) {
		respond(w, obj{"version": 3, "etag": "BwX=", "bindings": s.policies[spec.Resource{Kind: kind, ID: id}]})
	}
	on("GET", resourcesAPI, "/v3"+p, func(w http.ResponseWriter, r *http.Request) { get(w, s.project) })
	on("POST", resourcesAPI, "/v3"+p+":getIamPolicy", func(w http.ResponseWriter, r *http.Request) { policy(w, spec.OnProject, "") })
	on("GET", serviceUsageAPI, "/v1"+p+"/services", func(w http.ResponseWriter, r *http.Request) {
		var all []obj
		for _, api := range s.apis {
			all = append(all, obj{"name": "projects/" + testNumber + "/services/" + api, "state": "ENABLED"})
		}
		list(w, r, "services", all)
	})
	on("GET", runAPI, "/v2"+location+"/services", func(w http.ResponseWriter, r *http.Request) { list(w, r, "services", values(s.services)) })
	on("GET", runAPI, "/v2"+location+"/services/{call}", func(w http.ResponseWriter, r *http.Request) {
		policy(w, spec.OnService, strings.TrimSuffix(r.PathValue("call"), ":getIamPolicy"))
	})
	on("GET", iamAPI, "/v1"+p+"/serviceAccounts", func(w http.ResponseWriter, r *http.Request) { list(w, r, "accounts", values(s.accounts)) })
	on("GET", iamAPI, "/v1"+p+"/serviceAccounts/{email}/keys", func(w http.ResponseWriter, r *http.Request) {
		respond(w, obj{"keys": s.keys[r.PathValue("email")]})
	})
	on("POST", iamAPI, "/v1"+p+"/serviceAccounts/{call}", func(w http.ResponseWriter, r *http.Request) {
		id, _, _ := strings.Cut(r.PathValue("call"), "@")
		policy(w, spec.OnAccount, id)
	})
	database := "/v1" + p + "/databases/(default)"
	on("GET", firestoreAPI, database, func(w http.ResponseWriter, r *http.Request) { get(w, s.database) })
	on("GET", firestoreAPI, database+"/collectionGroups/-/indexes", func(w http.ResponseWriter, r *http.Request) { list(w, r, "indexes", s.indexes) })
	on("GET", firestoreAPI, database+"/collectionGroups/-/fields", func(w http.ResponseWriter, r *http.Request) { list(w, r, "fields", s.fields) })
	on("GET", firestoreAPI, database+"/backupSchedules", func(w http.ResponseWriter, r *http.Request) { respond(w, obj{"backupSchedules": s.backups}) })
	on("GET", rulesAPI, "/v1"+p+"/releases/{name...}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if _, released := s.rules[name]; !released {
			get(w, nil)
			return
		}
		respond(w, obj{"name": "projects/" + testProject + "/releases/" + name, "rulesetName": "projects/" + testProject + "/rulesets/" + path.Base(name)})
	})
	on("GET", rulesAPI, "/v1"+p+"/rulesets/{id}", func(w http.ResponseWriter, r *http.Request) {
		for name, content := range s.rules {
			if path.Base(name) == r.PathValue("id") {
				respond(w, obj{"name": r.PathValue("id"), "source": obj{"files": []obj{{"name": "rules", "content": content}}}})
			}
		}
	})
	bucket := "/storage/v1/b/" + testProject + ".firebasestorage.app"
	on("GET", storageAPI, bucket, func(w http.ResponseWriter, r *http.Request) { get(w, s.bucket) })
	on("GET", storageAPI, bucket+"/iam", func(w http.ResponseWriter, r *http.Request) { policy(w, spec.OnBucket, deployment.ListsBucket) })
	on("GET", tasksAPI, "/v2"+location+"/queues", func(w http.ResponseWriter, r *http.Request) { list(w, r, "queues", values(s.queues)) })
	on("POST", tasksAPI, "/v2"+location+"/queues/{call}", func(w http.ResponseWriter, r *http.Request) {
		policy(w, spec.OnQueue, strings.TrimSuffix(r.PathValue("call"), ":getIamPolicy"))
	})
	on("GET", schedulerAPI, "/v1"+location+"/jobs", func(w http.ResponseWriter, r *http.Request) { list(w, r, "jobs", values(s.jobs)) })
	on("GET", eventarcAPI, "/v1"+location+"/triggers", func(w http.ResponseWriter, r *http.Request) { list(w, r, "triggers", values(s.triggers)) })
	on("GET", secretsAPI, "/v1"+p+"/secrets/{id}/versions", func(w http.ResponseWriter, r *http.Request) {
		if versions, exists := s.secrets[r.PathValue("id")]; exists {
			list(w, r, "versions", versions)
			return
		}
		get(w, nil)
	})
	on("GET", secretsAPI, "/v1"+p+"/secrets/{call}", func(w http.ResponseWriter, r *http.Request) {
		policy(w, spec.OnSecret, strings.TrimSuffix(r.PathValue("call"), ":getIamPolicy"))
	})
	on("GET", identityAPI, "/v2"+p+"/config", func(w http.ResponseWriter, r *http.Request) { get(w, s.authentication) })
	on("GET", apiKeysAPI, "/v2"+p+"/locations/global/keys", func(w http.ResponseWriter, r *http.Request) { list(w, r, "keys", values(s.apiKeys)) })
	on("GET", apiKeysAPI, "/v2/projects/"+testNumber+"/locations/global/keys/services/keyString", func(w http.ResponseWriter, r *http.Request) {
		respond(w, obj{"keyString": testKey})
	})
	on("GET", monitoringAPI, "/v3"+p+"/alertPolicies", func(w http.ResponseWriter, r *http.Request) { list(w, r, "alertPolicies", s.alerts) })
	on("GET", monitoringAPI, "/v3"+p+"/notificationChannels", func(w http.ResponseWriter, r *http.Request) { list(w, r, "notificationChannels", s.channels) })
	on("GET", loggingAPI, "/v2"+p+"/metrics", func(w http.ResponseWriter, r *http.Request) { list(w, r, "metrics", s.metrics) })
	on("GET", artifactAPI, "/v1"+location+"/repositories/heektime", func(w http.ResponseWriter, r *http.Request) { get(w, s.repository) })
	on("POST", credentialsAPI, "/v1/projects/-/serviceAccounts/{call}", s.credentials)
	on("GET", billingAPI, "/v1"+p+"/billingInfo", func(w http.ResponseWriter, r *http.Request) { get(w, s.billing) })
	on("GET", budgetsAPI, "/v1/billingAccounts/01-02-03/budgets", func(w http.ResponseWriter, r *http.Request) { list(w, r, "budgets", s.budgets) })
	on("GET", goReleasesHost, "/dl/", func(w http.ResponseWriter, r *http.Request) { respond(w, s.releases) })
}

// credentials serves tokens of service accounts, with which they sign.
func (s *standIn) credentials(w http.ResponseWriter, r *http.Request) {
	email, verb, _ := strings.Cut(r.PathValue("call"), ":")
	switch {
	case verb == "generateAccessToken":
		respond(w, obj{"accessToken": "token of " + email, "expireTime": "2026-11-28T13:00:00Z"})
	case verb == "signBlob" && r.Header.Get("Authorization") == "Bearer token of "+email && !s.unsigned:
		respond(w, obj{"keyId": "1", "signedBlob": "c2lnbmF0dXJl"})
	default:
		respondError(w, http.StatusForbidden, "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may not exist).")
	}
}

// alert returns the policy of an alert of the table.
func (s *standIn) alert(id string) obj {
	for _, a := range s.alerts {
		if a["userLabels"].(obj)["alert"] == id {
			return a
		}
	}
	panic("no policy of " + id)
}

// closeRules closes released rules as heektime stop does, after adding something to them.
func (s *standIn) closeRules(release, more string) {
	text, err := closedrules.Close(s.rules[release]+more, closedrules.Closed{Since: time.Date(2026, 11, 29, 3, 12, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	s.rules[release] = text
}

// field returns a field's settings.
func (s *standIn) field(group, path string) obj {
	at := slices.IndexFunc(s.fields, func(f obj) bool { return strings.HasSuffix(f["name"].(string), "/"+group+"/fields/"+path) })
	return s.fields[at]
}

// set changes a value inside of an object: "template.containers.0.image".
func set(o obj, keys string, value any) {
	parts := strings.Split(keys, ".")
	var at any = o
	for _, key := range parts[:len(parts)-1] {
		switch v := at.(type) {
		case obj:
			at = v[key]
		case []obj:
			i := 0
			fmt.Sscan(key, &i)
			at = v[i]
		default:
			panic("nothing at " + keys)
		}
	}
	at.(obj)[parts[len(parts)-1]] = value
}
