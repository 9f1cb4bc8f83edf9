package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// storageRules evaluates Cloud Storage's rules for the official Storage emulator, which asks in lines of JSON on the
// standard input. Source: lib/emulator/storage/rules/runtime.js of firebase-tools 15.34.
type storageRules struct {
	in       io.Reader
	out      io.Writer
	lines    *bufio.Reader
	rulesets map[string]*rules.Ruleset
}

// runtimeRequest is a line of the emulator: a request, or the document that one of ours asked for.
type runtimeRequest struct {
	ID      int    `json:"id"`
	Action  string `json:"action"`
	Context struct {
		RulesetName string `json:"rulesetName"`
		Source      struct {
			Files []struct{ Name, Content string } `json:"files"`
		} `json:"source"`
		Path      string                `json:"path"`
		Method    string                `json:"method"`
		Variables map[string]expression `json:"variables"`
	} `json:"context"`
	Result firestoreDocument `json:"result"`
	Status string            `json:"status"`
}

// runtimeResponse is our answer.
type runtimeResponse struct {
	ID       int            `json:"id"`
	Status   string         `json:"status"`
	Result   map[string]any `json:"result"`
	Errors   []string       `json:"errors"`
	Warnings []string       `json:"warnings"`
}

// methods are the operations of the emulator's requests.
var methods = map[string]rules.Method{
	"get": rules.Get, "list": rules.List, "create": rules.Create, "update": rules.Update, "delete": rules.Delete,
}

// serve answers requests until the input ends or the context does.
func (s *storageRules) serve(ctx context.Context) error {
	s.lines, s.rulesets = bufio.NewReader(s.in), map[string]*rules.Ruleset{}
	ended := make(chan error, 1)
	go func() { ended <- s.answer(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done(): // the CLI interrupts it, and leaves the input open
		return nil
	}
}

// answer answers requests until the input ends.
func (s *storageRules) answer(ctx context.Context) error {
	if err := s.respond(runtimeResponse{ID: -1}); err != nil { // it is waited for
		return err
	}
	for {
		request, err := s.read()
		if err == io.EOF || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		answer := runtimeResponse{ID: request.ID}
		switch request.Action {
		case "load_ruleset":
			s.load(request, &answer)
		case "verify":
			s.verify(ctx, request, &answer)
		default:
			answer.Errors = []string{"the local cloud has no action " + request.Action}
		}
		if err := s.respond(answer); err != nil {
			return err
		}
	}
}

// read reads a line.
func (s *storageRules) read() (request runtimeRequest, err error) {
	line, err := s.lines.ReadBytes('\n')
	if err != nil {
		return request, io.EOF // an unfinished line is no request
	}
	if err := json.Unmarshal(line, &request); err != nil {
		return request, fmt.Errorf("a request for the rules of Cloud Storage: %w", err)
	}
	return request, nil
}

func (s *storageRules) respond(answer runtimeResponse) error {
	answer.Status = "ok"
	if answer.Result == nil {
		answer.Result = map[string]any{}
	}
	if answer.Errors == nil {
		answer.Errors = []string{}
	}
	if answer.Warnings == nil {
		answer.Warnings = []string{}
	}
	return s.write(answer)
}

func (s *storageRules) write(v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = s.out.Write(append(text, '\n'))
	}
	return err
}

// load compiles the rules of a request.
func (s *storageRules) load(request runtimeRequest, answer *runtimeResponse) {
	if len(request.Context.Source.Files) != 1 {
		answer.Errors = []string{"rules of Cloud Storage are one file"}
		return
	}
	file := request.Context.Source.Files[0]
	set, warnings, err := rules.CompileFor(rules.Storage, file.Name, file.Content)
	for _, w := range warnings {
		answer.Warnings = append(answer.Warnings, w.String())
	}
	if err != nil {
		answer.Errors = strings.Split(err.Error(), "\n")
		return
	}
	s.rulesets[request.Context.RulesetName] = set
	answer.Result = map[string]any{"rulesVersion": 2}
}

// verify evaluates rules that were loaded before.
func (s *storageRules) verify(ctx context.Context, request runtimeRequest, answer *runtimeResponse) {
	set, method := s.rulesets[request.Context.RulesetName], methods[request.Context.Method]
	if set == nil || method == 0 {
		answer.Errors = []string{fmt.Sprintf("there are no rules %q or no method %q", request.Context.RulesetName, request.Context.Method)}
		return
	}
	asked := request.Context.Variables["request"].Map.Fields
	q := rules.Request{
		Service: rules.Storage, Method: method, Path: request.Context.Path, Time: asked["time"].time(),
		Before: request.Context.Variables["resource"].fields(), After: asked["resource"].fields(),
		Access: rules.NewAccess(&runtimeDocuments{s, request.ID}),
	}
	if (method == rules.Create || method == rules.Update) && q.After == nil {
		q.After = exprFields{}
	}
	if method == rules.Update && q.Before == nil {
		q.Before = exprFields{}
	}
	if auth := asked["auth"].Map; auth != nil {
		q.Auth = &rules.Auth{UID: auth.Fields["uid"].text(), Token: auth.Fields["token"].fields()}
	}
	d := set.Evaluate(ctx, &q)
	if d.Err != nil {
		answer.Warnings = append(answer.Warnings, d.Err.Error())
	}
	answer.Result = map[string]any{"permit": d.Allowed}
}

// runtimeDocuments asks the emulator for documents of Firestore, while it waits for the answer to a request.
type runtimeDocuments struct {
	s  *storageRules
	id int
}

// Get implements [rules.Documents].
func (d *runtimeDocuments) Get(_ context.Context, path string) (rules.Fields, error) {
	err := d.s.write(map[string]any{
		"id": d.id, "server_request_id": d.id, "action": "fetch_firestore_document", "context": map[string]string{"path": path},
	})
	if err != nil {
		return nil, err
	}
	answer, err := d.s.read()
	if err != nil {
		return nil, fmt.Errorf("the document %s did not come: %w", path, err)
	}
	if answer.Status != "ok" {
		return nil, nil // not found
	}
	return answer.Result.fields(), nil
}

// GetAfter is Get: a request to Cloud Storage writes no documents.
func (d *runtimeDocuments) GetAfter(ctx context.Context, path string) (rules.Fields, error) {
	return d.Get(ctx, path)
}

// parseTime returns a time in JSON, or the zero time.
func parseTime(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}
