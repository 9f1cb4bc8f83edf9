package firestore

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/rules"
)

// control answers what only an emulator has, as Google's does, so that the test libraries of Firebase find it.
// Sources: https://firebase.google.com/docs/emulator-suite/connect_firestore, .../docs/rules/emulator-reports, and
// wire traffic of @firebase/rules-unit-testing 5.
type control struct {
	server *Server
	intake *httplimit.BodyReader
}

// ServeHTTP answers one request below /emulator/v1/projects/.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/emulator/v1/projects/")
	project, verb, _ := strings.Cut(name, ":")
	switch {
	case !ok || project == "":
		c.missing(w, r)
	case !strings.Contains(project, "/") && verb == "securityRules":
		c.rules(w, r, project)
	case !strings.Contains(project, "/") && (verb == "ruleCoverage" || verb == "ruleCoverage.html"):
		c.coverage(w, r, project, verb == "ruleCoverage.html")
	default:
		c.documents(w, r, name)
	}
}

func (c *control) missing(w http.ResponseWriter, r *http.Request) {
	rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The Firestore emulator has nothing at "+r.Method+" "+r.URL.Path+".")
}

// rules reads or replaces the security rules of a project.
func (c *control) rules(w http.ResponseWriter, r *http.Request, project string) {
	switch r.Method {
	case http.MethodGet:
		text, ok := c.server.Rules(project)
		if !ok {
			rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The project "+project+" has no security rules: everybody may do everything.")
			return
		}
		answerJSON(w, rulesBody{Rules: rulesFiles{Files: []rulesFile{{Name: "firestore.rules", Content: text}}}})
	case http.MethodPut:
		c.setRules(w, r, project)
	default:
		c.missing(w, r)
	}
}

type rulesBody struct {
	Rules rulesFiles `json:"rules"`
	// IgnoreErrors asks to answer 200 with the issues; the rules are then as before.
	IgnoreErrors bool `json:"ignore_errors,omitempty"`
}

type rulesFiles struct {
	Files []rulesFile `json:"files"`
}

type rulesFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// issueBody is an issue as the Firebase CLI prints it.
type issueBody struct {
	Severity    string `json:"severity"`
	Description string `json:"description"`
	Position    struct {
		FileName string `json:"fileName"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
	} `json:"sourcePosition"`
}

func (c *control) setRules(w http.ResponseWriter, r *http.Request, project string) {
	body, err := c.intake.Read(w, r)
	if err != nil {
		rest.WriteBodyError(w, err)
		return
	}
	defer body.Release()
	var in rulesBody
	if err := json.Unmarshal(body.Bytes, &in); err != nil {
		rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, "The rules must come as {\"rules\":{\"files\":[{\"content\":\"…\"}]}}: "+err.Error()+".")
		return
	}
	if len(in.Rules.Files) != 1 {
		rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, "Firestore's rules are one file: rules.files must have one element.")
		return
	}
	issues, err := c.server.SetRules(project, []byte(in.Rules.Files[0].Content))
	if err != nil && !in.IgnoreErrors {
		if strings.Contains(r.Header.Get("Content-Type"), "json") {
			rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, err.Error())
			return
		}
		http.Error(w, err.Error(), http.StatusBadRequest) // which the test libraries throw as it is, for people to read
		return
	}
	var broken *rules.Error
	if errors.As(err, &broken) {
		issues = append(broken.Issues, issues...)
	}
	answerJSON(w, map[string][]issueBody{"issues": issueBodies(issues)})
}

func issueBodies(list []rules.Issue) []issueBody {
	out := make([]issueBody, len(list))
	for n, i := range list {
		out[n].Severity, out[n].Description = "ERROR", i.Message
		if i.Severity == rules.SeverityWarning {
			out[n].Severity = "WARNING"
		}
		out[n].Position.FileName, out[n].Position.Line, out[n].Position.Column = i.File, i.Line, i.Column
	}
	return out
}

// coverage shows what has been counted of a project's rules.
func (c *control) coverage(w http.ResponseWriter, r *http.Request, project string, page bool) {
	if r.Method != http.MethodGet {
		c.missing(w, r)
		return
	}
	counted := c.server.Coverage(project)
	switch {
	case counted == nil:
		rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The project "+project+" has no security rules that could be covered.")
	case page:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		counted.WriteHTML(w) // a client that went away is nobody to tell
	default:
		answerJSON(w, counted)
	}
}

// documents deletes all documents of a database.
func (c *control) documents(w http.ResponseWriter, r *http.Request, name string) {
	project, after, _ := strings.Cut(name, "/databases/")
	id, tail, _ := strings.Cut(after, "/")
	if r.Method != http.MethodDelete || tail != "documents" {
		c.missing(w, r)
		return
	}
	db, err := c.server.Database(project, id)
	if err != nil {
		rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, err.Error())
		return
	}
	if err := db.Reset(); err != nil {
		rest.WriteError(w, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	answerJSON(w, struct{}{})
}

func answerJSON(w http.ResponseWriter, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil { // a field that no JSON can hold is a mistake of ours
		rest.WriteError(w, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Write(append(body, '\n')) // a client that went away is nobody to tell
}
