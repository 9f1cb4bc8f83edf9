// Package rulesapi is the part of the Firebase Rules API with which tools read and switch security
// rules: rulesets, which never change, and releases, which say which ruleset is in force.
//
// A release is in force immediately; on Google Cloud it takes up to a minute. Rules that come into force
// in another way, from the configuration or an emulator's own API, appear as a release of a new ruleset.
// Rulesets live in memory: after a restart the rules are those of the configuration.
//
// Source: https://firebase.google.com/docs/reference/rules/rest
package rulesapi

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/rules"
)

// Target is an emulator with security rules: of is a project of Firestore, or a bucket of Cloud Storage.
type Target interface {
	Rules(of string) (text string, ok bool)
	SetRules(of string, text []byte) (warnings []rules.Issue, err error)
}

// Server serves the API. It is safe for concurrent use.
type Server struct {
	clock              *clock.Clock
	firestore, storage Target

	mu       sync.Mutex
	rulesets map[string]*ruleset // by name
	releases map[string]*release // by name
}

// New returns a server for the rules of two emulators.
func New(c *clock.Clock, firestore, storage Target) *Server {
	return &Server{clock: c, firestore: firestore, storage: storage, rulesets: map[string]*ruleset{}, releases: map[string]*release{}}
}

// maxBody is the size of the largest request: a ruleset has at most [rules.MaxSourceBytes], which JSON may
// escape.
const maxBody = 8 * rules.MaxSourceBytes

type ruleset struct {
	Name       string    `json:"name"`
	Source     *source   `json:"source,omitempty"`
	CreateTime time.Time `json:"createTime"`
}

type source struct {
	Files []file `json:"files"`
}

type file struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

type release struct {
	Name        string    `json:"name"`
	RulesetName string    `json:"rulesetName"`
	CreateTime  time.Time `json:"createTime"`
	UpdateTime  time.Time `json:"updateTime"`
}

// Patterns are the paths that the server handles, for [http.ServeMux].
var Patterns = []string{"/v1/projects/{project}/rulesets", "/v1/projects/{project}/rulesets/", "/v1/projects/{project}/releases", "/v1/projects/{project}/releases/"}

var (
	errNotFound = &apiError{http.StatusNotFound, "NOT_FOUND", "Requested entity was not found."}
	errExists   = &apiError{http.StatusConflict, "ALREADY_EXISTS", "Requested entity already exists"}
	errMethod   = &apiError{http.StatusNotImplemented, "UNIMPLEMENTED", "The local cloud has only get, create and delete of rulesets, and get, create and patch of releases."}
)

type apiError struct {
	code            int
	status, message string
}

func (e *apiError) Error() string { return e.message }

func invalid(message string) error {
	return &apiError{http.StatusBadRequest, "INVALID_ARGUMENT", message}
}

// ServeHTTP implements [http.Handler] for the paths of [Patterns].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/v1/")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := s.call(r, name)
	var known *apiError
	switch {
	case errors.As(err, &known):
		httpjson.WriteError(w, httpjson.Error{Code: known.code, Status: known.status, Message: known.message})
	case err != nil:
		httpjson.WriteError(w, httpjson.Error{Code: http.StatusInternalServerError, Status: "INTERNAL", Message: err.Error()})
	default:
		httpjson.Write(w, http.StatusOK, body)
	}
}

// call dispatches a request for a resource or a collection of them: projects/P/rulesets/R or
// projects/P/releases/R.
func (s *Server) call(r *http.Request, name string) (any, error) {
	parts := strings.SplitN(name, "/", 4)
	switch collection, single := parts[2], len(parts) == 4 && parts[3] != ""; {
	case collection == "rulesets" && !single && r.Method == http.MethodPost:
		return s.createRuleset(r, parts[1])
	case collection == "rulesets" && single && r.Method == http.MethodGet:
		return s.ruleset(name)
	case collection == "rulesets" && single && r.Method == http.MethodDelete:
		return s.deleteRuleset(name)
	case collection == "releases" && !single && r.Method == http.MethodPost:
		return s.createRelease(r)
	case collection == "releases" && single && r.Method == http.MethodGet:
		return s.release(name)
	case collection == "releases" && single && r.Method == http.MethodPatch:
		return s.patchRelease(r, name)
	}
	return nil, errMethod
}

func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return invalid("Invalid JSON payload received: " + err.Error())
	}
	return nil
}

func (s *Server) createRuleset(r *http.Request, project string) (any, error) {
	var in ruleset
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Source == nil || len(in.Source.Files) != 1 {
		return nil, invalid("The rules must be one file: source.files must have one element.")
	}
	if _, _, err := rules.Compile(in.Source.Files[0].Name, in.Source.Files[0].Content); err != nil {
		return nil, invalid(err.Error())
	}
	return s.keep(project, in.Source.Files[0]), nil
}

// keep stores a new ruleset.
func (s *Server) keep(project string, f file) *ruleset {
	set := &ruleset{"projects/" + project + "/rulesets/" + strings.ToLower(rand.Text()), &source{[]file{f}}, s.clock.Now().UTC()}
	s.rulesets[set.Name] = set
	return set
}

func (s *Server) ruleset(name string) (*ruleset, error) {
	if set := s.rulesets[name]; set != nil {
		return set, nil
	}
	return nil, errNotFound
}

func (s *Server) deleteRuleset(name string) (any, error) {
	if _, err := s.ruleset(name); err != nil {
		return nil, err
	}
	for _, r := range s.releases {
		if current, err := s.release(r.Name); err == nil && current.RulesetName == name {
			return nil, &apiError{http.StatusBadRequest, "FAILED_PRECONDITION", "Ruleset " + name + " is referenced by a release."}
		}
	}
	delete(s.rulesets, name)
	return struct{}{}, nil
}

// target returns the emulator that a release belongs to, and of what there, or nil.
//
// Source of the names: https://firebase.google.com/docs/rules/manage-deploy
func (s *Server) target(name string) (t Target, of, fileName string) {
	parts := strings.SplitN(name, "/", 4)
	service, what, _ := strings.Cut(parts[3], "/")
	switch {
	case service == string(rules.Firestore): // the emulator has the same rules for all databases of a project
		return s.firestore, parts[1], "firestore.rules"
	case service == string(rules.Storage) && what != "":
		return s.storage, what, "storage.rules"
	}
	return nil, "", ""
}

// release returns a release, with the rules that are in force now.
func (s *Server) release(name string) (*release, error) {
	target, of, fileName := s.target(name)
	if target == nil {
		return nil, errNotFound
	}
	text, ok := target.Rules(of)
	if !ok {
		return nil, errNotFound
	}
	r := s.releases[name]
	if r != nil {
		if set := s.rulesets[r.RulesetName]; set != nil && set.Source.Files[0].Content == text {
			return r, nil
		}
	}
	return s.point(name, s.keep(strings.Split(name, "/")[1], file{fileName, text})), nil
}

// point makes a release name a ruleset.
func (s *Server) point(name string, set *ruleset) *release {
	next := &release{name, set.Name, s.clock.Now().UTC(), s.clock.Now().UTC()}
	if last := s.releases[name]; last != nil {
		next.CreateTime = last.CreateTime
	}
	s.releases[name] = next
	return next
}

func (s *Server) createRelease(r *http.Request) (any, error) {
	var in release
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if strings.Count(in.Name, "/") < 3 {
		return nil, invalid("The release needs a name of the form projects/PROJECT/releases/RELEASE.")
	}
	if _, err := s.release(in.Name); err == nil {
		return nil, errExists
	}
	return s.put(in.Name, in.RulesetName)
}

func (s *Server) patchRelease(r *http.Request, name string) (any, error) {
	var in struct{ Release release }
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if _, err := s.release(name); err != nil {
		return nil, err
	}
	return s.put(name, in.Release.RulesetName)
}

// put brings a ruleset into force.
func (s *Server) put(name, rulesetName string) (any, error) {
	target, of, _ := s.target(name)
	if target == nil {
		return nil, invalid("Release " + name + " belongs to no service that has rules.")
	}
	set, err := s.ruleset(rulesetName)
	if err != nil {
		return nil, err
	}
	if _, err := target.SetRules(of, []byte(set.Source.Files[0].Content)); err != nil {
		return nil, invalid(err.Error())
	}
	return s.point(name, set), nil
}
