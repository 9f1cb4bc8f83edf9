package storage

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// call is a request and the names in its path.
type call struct {
	*http.Request
	w            http.ResponseWriter
	names        []string      // in the order of the path, unescaped
	stallTimeout time.Duration // how long the client may receive nothing of the response
	operation    string        // see operations; "" is not billed
	cached       *int64        // bytes that the client has already, as its conditional request showed; nil without a meter
}

type handler func(*Server, call) error

// route is the handler of a method and path; "*" matches one name, whose slashes are escaped.
type route struct {
	method, path string
	operation    string // see operations
	handle       handler
}

// routes are the endpoints of the JSON API, without prefixes.
// Source: https://cloud.google.com/storage/docs/json_api/v1.
var routes = []route{
	{"GET", "b", "buckets.list", (*Server).listBuckets},
	{"POST", "b", "buckets.insert", (*Server).createBucket},
	{"GET", "b/*", "buckets.get", (*Server).getBucket},
	{"PATCH", "b/*", "buckets.patch", (*Server).patchBucket},
	{"PUT", "b/*", "buckets.update", (*Server).patchBucket},
	{"DELETE", "b/*", "buckets.delete", (*Server).deleteBucket},
	{"GET", "b/*/o", "objects.list", (*Server).listObjects},
	{"GET", "b/*/o/*", "objects.get", (*Server).getObject},
	{"HEAD", "b/*/o/*", "objects.get", (*Server).getObject},
	{"PATCH", "b/*/o/*", "objects.patch", (*Server).patchObject},
	{"PUT", "b/*/o/*", "objects.update", (*Server).replaceObject},
	{"DELETE", "b/*/o/*", "objects.delete", (*Server).deleteObject},
	{"POST", "b/*/o/*/compose", "objects.compose", (*Server).compose},
	{"POST", "b/*/o/*/copyTo/b/*/o/*", "objects.copy", (*Server).copyObject},
	{"POST", "b/*/o/*/rewriteTo/b/*/o/*", "objects.rewrite", (*Server).rewriteObject},
	{"POST", "b/*/o/*/moveTo/o/*", "objects.move", (*Server).moveObject},
	{"GET", "b/*/o/*/acl", "", (*Server).listACL},
	{"POST", "b/*/o/*/acl", "", (*Server).setACL},
	{"GET", "b/*/o/*/acl/*", "", (*Server).getACL},
	{"PUT", "b/*/o/*/acl/*", "", (*Server).setACL},
	{"PATCH", "b/*/o/*/acl/*", "", (*Server).setACL},
	{"DELETE", "b/*/o/*/acl/*", "", (*Server).deleteACL},
	{"POST", "upload/b/*/o", "objects.insert", (*Server).upload},
	{"PUT", "upload/b/*/o", "objects.insert", (*Server).upload},
	{"DELETE", "upload/b/*/o", "objects.cancel", (*Server).cancelUpload},
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) error {
	// A parameter that cannot be parsed may be the precondition of a write.
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return badRequest("Invalid query parameters: " + err.Error() + ".")
	}
	path := r.URL.EscapedPath()
	if control := controlRoutes[r.Method+" "+path]; control != nil {
		return control(s, call{Request: r, w: w, stallTimeout: s.stallTimeout})
	}
	if rest, ok := strings.CutPrefix(path, firebasePrefix); ok {
		return s.routeBy(firebaseRoutes, w, r, rest)
	}
	if rest, ok := jsonPath(path); ok {
		return s.routeBy(routes, w, r, rest)
	}
	return s.routeXML(w, r, path)
}

// isXML reports whether a request is for the XML API, whose errors are XML.
func isXML(r *http.Request) bool {
	path := r.URL.EscapedPath()
	_, json := jsonPath(path)
	return !json && !strings.HasPrefix(path, firebasePrefix) && controlRoutes[r.Method+" "+path] == nil
}

// jsonPath cuts the prefix of the JSON API from a path. Clients configured with a bare endpoint
// send "/b/…" without a prefix; no bucket has a name of one character.
func jsonPath(path string) (string, bool) {
	switch {
	case path == "/b":
		return "b", true
	case strings.HasPrefix(path, "/batch/storage/v1"):
		return "batch", true
	case strings.HasPrefix(path, "/projects/") && (strings.HasSuffix(path, "/serviceAccount") || strings.Contains(path, "/hmacKeys")):
		return path[1:], true
	}
	for prefix, kept := range map[string]string{"/storage/v1/": "", "/download/storage/v1/": "", "/upload/storage/v1/": "upload/", "/b/": "b/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return kept + rest, true
		}
	}
	return "", false
}

func (s *Server) routeBy(routes []route, w http.ResponseWriter, r *http.Request, path string) error {
	segments := strings.Split(path, "/")
	known := false
	for _, route := range routes {
		names, ok := match(strings.Split(route.path, "/"), segments)
		if !ok {
			continue
		}
		known = true
		if route.method == r.Method {
			return s.handle(call{Request: r, w: w, names: names, stallTimeout: s.stallTimeout, operation: route.operation}, route.handle)
		}
	}
	if known {
		return &httpError{http.StatusMethodNotAllowed, "methodNotAllowed", r.Method + " is not allowed here."}
	}
	for part, what := range map[string]string{
		"acl": "access lists of buckets", "defaultObjectAcl": "access lists of buckets", "iam": "IAM policies of buckets", "notificationConfigs": "notifications",
		"folders": "folders", "managedFolders": "managed folders", "anywhereCaches": "caches", "lockRetentionPolicy": "retention policies",
		"restore": "soft deletion", "bulkRestore": "soft deletion", "hmacKeys": "HMAC keys", "serviceAccount": "service agents", "batch": "batches of requests",
	} {
		if slices.Contains(segments, part) {
			return notEmulated(what)
		}
	}
	return &httpError{http.StatusNotFound, "notFound", "This emulator has no API at " + r.URL.Path + "."}
}

func match(pattern, segments []string) (names []string, ok bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}
	for i, p := range pattern {
		if p != "*" {
			if p != segments[i] {
				return nil, false
			}
			continue
		}
		name, err := url.PathUnescape(segments[i])
		if err != nil || name == "" {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}

// routeXML serves /{bucket}/{object}. Slashes in the object's name may be escaped or not.
func (s *Server) routeXML(w http.ResponseWriter, r *http.Request, path string) error {
	bucket, object, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	object, err := url.PathUnescape(object)
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return notEmulated("uploads by HTML form")
	}
	if err != nil || object == "" {
		return &httpError{http.StatusNotFound, "notFound", "This emulator has no API at " + r.URL.Path + "."}
	}
	c := call{Request: r, w: w, names: []string{bucket, object}, stallTimeout: s.stallTimeout}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		c.operation = "objects.get"
		return s.handle(c, (*Server).getXML)
	case http.MethodPut:
		c.operation = "objects.insert"
		return s.handle(c, (*Server).putXML)
	case http.MethodDelete:
		c.operation = "objects.delete"
		return s.handle(c, (*Server).deleteXML)
	}
	return &httpError{http.StatusMethodNotAllowed, "methodNotAllowed", r.Method + " is not allowed here."}
}
