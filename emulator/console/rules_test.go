package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
)

// notes are rules for Firestore.
const notes = `rules_version = '2';
service cloud.firestore {
  match /databases/{d}/documents {
    match /notes/{id} {
      allow get: if id == 'none';
      allow get: if request.auth.uid == id;
    }
  }
}`

// files are rules for Storage.
const files = `service firebase.storage {
  match /b/{bucket}/o {
    match /open/{name=**} {
      allow read;
    }
  }
}`

func withRules(c *emulator.Config) {
	c.Rules, c.StorageRules, c.Buckets = []byte(notes), []byte(files), []string{project, "second"}
}

// line is a statement or an expression of the rules.
type line struct {
	Line           int
	Source, Result string
	Reasons        []struct{ Source, Values string }
}

type requests struct {
	Rules    bool
	Last     struct{ Firestore, Storage uint64 }
	Requests []struct {
		Service           string
		Seq               uint64
		Method, Path, UID string
		Allowed           bool
		Granted           *line
		Tried             []line
	}
}

// Requests show which line allowed them, or which lines did not and why.
func TestEvaluations(t *testing.T) {
	cloud, api := open(t, withRules)
	ann := cloud.FirestoreClientAs(t, "ann", nil)
	ann.Doc("notes/ann").Get(t.Context())
	ann.Doc("notes/bob").Get(t.Context())
	cloud.FirestoreClientSignedOut(t).Doc("other/<b>").Get(t.Context())
	var seen requests
	api.must("GET", "requests", map[string]string{"project": project}, nil, &seen)
	if !seen.Rules || len(seen.Requests) != 3 {
		t.Fatalf("got %+v", seen)
	}
	noRule, denied, allowed := seen.Requests[0], seen.Requests[1], seen.Requests[2]
	if !allowed.Allowed || allowed.UID != "ann" || allowed.Granted == nil || allowed.Granted.Line != 6 || allowed.Granted.Source != "allow get: if request.auth.uid == id;" {
		t.Errorf("allowed: %+v %+v", allowed, allowed.Granted)
	}
	if denied.Allowed || len(denied.Tried) != 2 || denied.Tried[1].Line != 6 || denied.Tried[1].Result != "false" ||
		!strings.Contains(fmt.Sprint(denied.Tried[1].Reasons), "'ann'") {
		t.Errorf("denied: %+v", denied)
	}
	if noRule.Allowed || noRule.UID != "" || len(noRule.Tried) != 0 || noRule.Path != "/databases/(default)/documents/other/<b>" {
		t.Errorf("no matching rule: %+v", noRule)
	}
	last := map[string]string{"project": project, "firestore": fmt.Sprint(seen.Last.Firestore), "storage": fmt.Sprint(seen.Last.Storage)}
	ann.Doc("notes/ann").Get(t.Context())
	for _, name := range []string{"open/가", "closed"} {
		resp, err := http.Get("http://" + cloud.StorageAddress() + "/v0/b/" + project + "/o/" + url.PathEscape(name))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	var more requests
	api.must("GET", "requests", last, nil, &more)
	if len(more.Requests) != 3 {
		t.Fatalf("after %v: %+v", last, more)
	}
	for _, r := range more.Requests {
		switch {
		case r.Service == "firestore" && r.Allowed && r.Seq > seen.Last.Firestore:
		case r.Service == "storage" && r.Allowed && r.Path == "/b/demo-test/o/open/가" && r.Granted != nil && r.Granted.Line == 4:
		case r.Service == "storage" && !r.Allowed && r.Path == "/b/demo-test/o/closed":
		default:
			t.Errorf("got %+v", r)
		}
	}
}

// The coverage contains the whole source of the rules and the counts of each condition.
func TestCoverage(t *testing.T) {
	cloud, api := open(t, withRules)
	cloud.FirestoreClientAs(t, "ann", nil).Doc("notes/ann").Get(t.Context())
	var seen struct {
		Files []struct {
			Service   string
			Buckets   []string
			All, Full int
			Pieces    []struct{ Text, Verdict, Counts string }
		}
	}
	api.must("GET", "coverage", map[string]string{"project": project}, nil, &seen)
	if len(seen.Files) != 2 || seen.Files[1].Service != "storage" || !slices.Equal(seen.Files[1].Buckets, []string{project, "second"}) {
		t.Fatalf("got %+v", seen)
	}
	var whole strings.Builder
	found := false
	for _, p := range seen.Files[0].Pieces {
		whole.WriteString(p.Text)
		found = found || p.Text == "request.auth.uid == id" && p.Verdict == "half" && p.Counts == "true: 1"
	}
	if whole.String() != notes || !found || seen.Files[0].All != 2 || seen.Files[0].Full != 0 {
		t.Errorf("got %+v", seen.Files[0])
	}
}
