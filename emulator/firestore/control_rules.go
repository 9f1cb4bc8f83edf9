package firestore

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/rules"
)

type rulesBody struct {
	Rules rulesFiles `json:"rules"`
	// IgnoreErrors requests status 200 and a list of issues when the rules do not compile. They do
	// not take effect either way.
	IgnoreErrors bool `json:"ignore_errors,omitempty"`
}

type rulesFiles struct {
	Files []rulesFile `json:"files"`
}

type rulesFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// issueBody is an issue in the format that the Firebase CLI prints.
type issueBody struct {
	Severity    string `json:"severity"`
	Description string `json:"description"`
	Position    struct {
		FileName string `json:"fileName"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
	} `json:"sourcePosition"`
}

// rules returns or replaces the security rules of a project.
func (c *control) rules(w http.ResponseWriter, r *http.Request, project string) {
	switch r.Method {
	case http.MethodGet:
		text, ok := c.server.Rules(project)
		if !ok {
			rest.WriteError(w, http.StatusNotFound, codes.NotFound, "The project "+project+" has no security rules: every request is allowed.")
			return
		}
		respondJSON(w, rulesBody{Rules: rulesFiles{Files: []rulesFile{{Name: "firestore.rules", Content: text}}}})
	case http.MethodPut:
		c.setRules(w, r, project)
	default:
		c.notFound(w, r)
	}
}

func (c *control) setRules(w http.ResponseWriter, r *http.Request, project string) {
	body, err := c.bodies.Read(w, r)
	if err != nil {
		rest.WriteBodyError(w, err)
		return
	}
	defer body.Release()
	var in rulesBody
	if err := json.Unmarshal(body.Bytes, &in); err != nil {
		rest.WriteError(w, http.StatusBadRequest, codes.InvalidArgument, "The body must be {\"rules\":{\"files\":[{\"content\":\"…\"}]}}: "+err.Error()+".")
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
		// @firebase/rules-unit-testing throws the body as it is, for people to read. Its own tests look for
		// the status.
		http.Error(w, "INVALID_ARGUMENT: "+err.Error(), http.StatusBadRequest)
		return
	}
	var rulesErr *rules.Error
	if errors.As(err, &rulesErr) {
		issues = append(rulesErr.Issues, issues...)
	}
	respondJSON(w, map[string][]issueBody{"issues": issueBodies(issues)})
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
