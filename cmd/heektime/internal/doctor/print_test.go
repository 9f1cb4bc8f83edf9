package doctor

import (
	"net/http"
	"strings"
	"testing"
)

func text(r *Report) string {
	var out strings.Builder
	r.Write(&out)
	return out.String()
}

func TestWrite(t *testing.T) {
	s := newStandIn(t)
	o := s.options(t)
	o.Images, o.Sign = false, false
	healthy := text(diagnose(t, o))
	if lines := strings.Count(healthy, "\n"); lines > 24 {
		t.Errorf("a healthy project takes %d lines, more than a screen has", lines)
	}
	for _, want := range []string{"✓ services ", "– runtime            2 not run: add --images to read the images; add --sign to read the signatures of service accounts", "0 errors, 0 warnings; "} {
		if !strings.Contains(healthy, want) {
			t.Errorf("the report lacks %q:\n%s", want, healthy)
		}
	}
	s.queues["refresh"]["state"] = "PAUSED"
	s.fail[secretsAPI] = func(w http.ResponseWriter) { respondError(w, http.StatusForbidden, "denied") }
	sick := text(diagnose(t, o))
	for _, want := range []string{
		"✗ queues and jobs    4 passed, 1 with findings\n    error: queue refresh: is PAUSED\n      why: tasks wait",
		"fix: gcloud tasks queues resume refresh", "✗ reading", "– secrets and keys ", "could not read the secrets' versions", "3 errors, 0 warnings",
	} {
		if !strings.Contains(sick, want) {
			t.Errorf("the report lacks %q:\n%s", want, sick)
		}
	}
	o.Local = true
	local := text(diagnose(t, o))
	for _, line := range strings.Split(local, "\n") {
		if strings.HasPrefix(line, good) && !strings.Contains(line, "passed") {
			t.Errorf("a group in which nothing passed is marked as good: %s", line)
		}
	}
	if !strings.Contains(local, "– Firestore          7 only on Google's cloud") {
		t.Errorf("the report does not say what only Google's cloud has:\n%s", local)
	}
}
