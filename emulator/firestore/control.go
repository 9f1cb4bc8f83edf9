package firestore

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/resource"
)

// control serves the API that only emulators have: rules, their coverage, deleting documents, and registering
// functions. It is compatible with Google's emulator, so that Firebase's test libraries work with it. Sources: https://firebase.google.com/docs/emulator-suite/connect_firestore,
// .../docs/rules/emulator-reports, and wire traffic of @firebase/rules-unit-testing 5.
type control struct {
	server *Server
	bodies *httplimit.BodyReader
}

// ServeHTTP serves requests under /emulator/v1/projects/.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/emulator/v1/projects/")
	project, verb, _ := strings.Cut(name, ":")
	switch {
	case !ok || project == "":
		c.notFound(w, r)
	case !strings.Contains(project, "/") && verb == "securityRules":
		c.rules(w, r, project)
	case !strings.Contains(project, "/") && (verb == "ruleCoverage" || verb == "ruleCoverage.html"):
		c.coverage(w, r, project, verb == "ruleCoverage.html")
	case r.Method == http.MethodPost && strings.HasSuffix(name, ":export"):
		c.managed(w, r, (*control).export)
	case r.Method == http.MethodPost && strings.HasSuffix(name, ":import"):
		c.managed(w, r, (*control).load)
	case c.server.functions != nil && isFunction(name):
		c.server.functions.ServeHTTP(w, r)
	default:
		c.documents(w, r, name)
	}
}

// isFunction reports whether a path below /emulator/v1/projects/ is about a function that documents trigger.
func isFunction(name string) bool {
	_, what, _ := strings.Cut(name, "/")
	return what == "eventarcTrigger" || strings.HasPrefix(what, "triggers/")
}

func (c *control) notFound(w http.ResponseWriter, r *http.Request) {
	rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The Firestore emulator has nothing at "+r.Method+" "+r.URL.Path+".")
}

// coverage shows the coverage of a project's rules, as JSON or as a page.
func (c *control) coverage(w http.ResponseWriter, r *http.Request, project string, page bool) {
	if r.Method != http.MethodGet {
		c.notFound(w, r)
		return
	}
	coverage := c.server.Coverage(project)
	switch {
	case coverage == nil:
		rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The project "+project+" has no security rules, and so no coverage.")
	case page:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		coverage.WriteHTML(w) // fails only if the client is gone
	default:
		respondJSON(w, coverage)
	}
}

// reset deletes all documents of all databases.
func (c *control) reset(w http.ResponseWriter) {
	if err := c.server.Reset(); err != nil {
		rest.WriteError(w, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	io.WriteString(w, "Resetting...\n") // like Google's emulator
}

// documents deletes all documents of a database, or the document or collection at a path below it and
// everything below that.
func (c *control) documents(w http.ResponseWriter, r *http.Request, name string) {
	project, after, _ := strings.Cut(name, "/databases/")
	id, tail, _ := strings.Cut(after, "/")
	path, below := strings.CutPrefix(tail, "documents/")
	if r.Method != http.MethodDelete || tail != "documents" && !below {
		c.notFound(w, r)
		return
	}
	db, err := c.server.Database(project, id)
	if err != nil {
		rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, err.Error())
		return
	}
	if below {
		if _, err := resource.ParsePath(path); err != nil {
			rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, status.Convert(err).Message())
			return
		}
		_, err = db.DeleteAll(r.Context(), path)
	} else {
		err = db.Reset()
	}
	if err != nil {
		rest.WriteError(w, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	respondJSON(w, struct{}{})
}

func respondJSON(w http.ResponseWriter, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil { // our mistake: v has a field that JSON cannot represent
		rest.WriteError(w, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Write(append(body, '\n')) // fails only if the client is gone
}
