package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestUnreadableAPIs makes every API fail, one at a time: each of its sources is a finding that names
// the role or the command that helps, and no check that needs it passes. It is long because of its table.
func TestUnreadableAPIs(t *testing.T) {
	disabled := obj{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}
	hosts := map[string]bool{}
	for _, s := range sources {
		if s.api != "" && s.api != artifactAPI {
			hosts[s.api] = true
		}
	}
	for host := range hosts {
		for name, c := range map[string]struct {
			fail func(w http.ResponseWriter)
			// want is part of the finding, remedy of its command.
			want, remedy func(s source) string
		}{
			"permission": {
				func(w http.ResponseWriter) {
					respondError(w, http.StatusForbidden, "The caller does not have permission")
				},
				func(s source) string { return "permission denied; " + s.role },
				func(s source) string { return "--role=" + s.role },
			},
			"disabled": {
				func(w http.ResponseWriter) {
					respondError(w, http.StatusForbidden, "API has not been used in project 1 before or it is disabled.", disabled)
				},
				func(s source) string { return s.api + " is not enabled" },
				func(s source) string { return "gcloud services enable " + s.api },
			},
			"expired": {
				func(w http.ResponseWriter) { respondError(w, http.StatusUnauthorized, "invalid credentials") },
				func(source) string { return "invalid credentials" },
				func(source) string { return "gcloud auth application-default login" },
			},
			"not JSON": {
				func(w http.ResponseWriter) { http.Error(w, "bad gateway", http.StatusBadRequest) },
				func(source) string { return "400" },
				func(source) string { return "heektime doctor" },
			},
		} {
			if name != "permission" && host != runAPI && host != tasksAPI {
				continue // errors are classified in one place
			}
			t.Run(host+": "+name, func(t *testing.T) {
				stand := newStandIn(t)
				stand.fail[host] = c.fail
				o := stand.options(t)
				o.Images = false
				report := diagnose(t, o)
				var unread []sourceID
				for _, s := range sources {
					if s.api != host {
						continue
					}
					unread = append(unread, s.id)
					if !slices.ContainsFunc(report.Findings, func(f Finding) bool {
						return f.Subject == s.what && f.Severity == Error && strings.Contains(f.What, c.want(s)) && strings.Contains(f.Remedy, c.remedy(s))
					}) {
						t.Errorf("no finding says that %s cannot be read, with %q and %q:\n%+v", s.what, c.want(s), c.remedy(s), report.Findings)
					}
				}
				for i, r := range report.Results {
					needed := slices.ContainsFunc(checks[i].needs, func(id sourceID) bool { return slices.Contains(unread, id) })
					if needed && r.Status != NotRun || !needed && r.Status == Found {
						t.Errorf("check %s: %s", r.Check, r.Status)
					}
				}
			})
		}
	}
}

func TestUnreadableGoReleasesAndImages(t *testing.T) {
	for host, want := range map[string][]string{
		goReleasesHost: {"Go's releases: 500"}, artifactAPI: {"read the image repository", "read the image of"},
	} {
		stand := newStandIn(t)
		stand.fail[host] = func(w http.ResponseWriter) { respondError(w, http.StatusInternalServerError, "broken") }
		report := diagnose(t, stand.options(t))
		if report.Errors() != len(want) {
			t.Fatalf("%s: %+v", host, report.Findings)
		}
		for i, f := range report.Findings {
			if !strings.Contains(f.What, want[i]) {
				t.Errorf("%s: %+v, want %q", host, f, want[i])
			}
		}
	}
}

func TestImageWithoutProgram(t *testing.T) {
	stand := newStandIn(t)
	stand.image.program = "/another"
	report := diagnose(t, stand.options(t))
	if report.Errors() != 1 || !strings.Contains(report.Findings[0].What, "no program /another") {
		t.Errorf("%+v", report.Findings)
	}
}

// TestDeadline: an API that does not respond in time is a finding, not an endless wait.
func TestDeadline(t *testing.T) {
	stand := newStandIn(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	o := stand.options(t)
	o.Timeout = 30 * time.Second
	report, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if s.id == "visits" || s.id == "images" || s.id == "budgets" {
			continue // they do nothing without the project, the services and the billing account
		}
		if !slices.ContainsFunc(report.Findings, func(f Finding) bool {
			return f.Subject == s.what && strings.Contains(f.What, "no response within 30s") && strings.Contains(f.Remedy, "--timeout")
		}) {
			t.Errorf("no finding says that %s did not respond in time", s.what)
		}
	}
	for _, r := range report.Results {
		if r.Status == Passed {
			t.Errorf("%s: %s", r.Check, r.Status)
		}
	}
}

// TestLocal: on a local cloud, checks without a counterpart are neither run nor passed.
func TestLocal(t *testing.T) {
	s := newStandIn(t)
	o := s.options(t)
	o.Local, o.URLs = true, map[string]string{}
	for _, service := range s.table.Services {
		o.URLs[service.Name] = s.table.RunURL(service.Name, testNumber)
	}
	report := diagnose(t, o)
	for i, r := range report.Results {
		want := GoogleOnly
		if checks[i].local {
			want = Passed
		}
		if r.Status != want {
			t.Errorf("%s: %s, want %s", r.Check, r.Status, want)
		}
	}
}

// TestLocalRemedies: a local cloud is not repaired with gcloud.
func TestLocalRemedies(t *testing.T) {
	s := newStandIn(t)
	for _, f := range slices.Concat(callerFaults, secretFaults, dataFaults) {
		i := slices.IndexFunc(checks, func(c check) bool { return c.id == f.check })
		if !checks[i].local || strings.Contains(f.want, "is not in the table") {
			continue
		}
		stand := newStandIn(t)
		f.change(stand)
		o := stand.options(t)
		o.Local = true
		for _, got := range diagnose(t, o).Findings {
			if strings.HasPrefix(got.Remedy, "gcloud") || strings.HasPrefix(got.Remedy, "tofu") || strings.HasPrefix(got.Remedy, "deploy") {
				t.Errorf("%s: %s: %s", got.Check, got.What, got.Remedy)
			}
		}
	}
	s.queues["refresh"]["state"] = "PAUSED"
	o := s.options(t)
	o.Local = true
	want := "curl -X POST " + s.server.URL + "/" + tasksAPI + "/v2/projects/heektime-test/locations/asia-northeast3/queues/refresh:resume"
	if !slices.ContainsFunc(diagnose(t, o).Findings, func(f Finding) bool { return f.Remedy == want }) {
		t.Errorf("no finding has the remedy %s", want)
	}
}

func TestSourcesAndChecksAreConsistent(t *testing.T) {
	used := map[sourceID]bool{}
	seen := map[string]bool{}
	for _, c := range checks {
		if seen[c.id] || c.verifies == "" || len(c.needs) == 0 {
			t.Errorf("check %q is listed twice or incomplete", c.id)
		}
		seen[c.id] = true
		for _, id := range c.needs {
			used[id] = true
			if s := sourceOf(id); c.local && !s.local && id != "project" {
				t.Errorf("check %s works locally, but its source %s is not read there", c.id, id)
			}
		}
	}
	for _, s := range sources {
		if !used[s.id] {
			t.Errorf("no check uses the source %q", s.id)
		}
	}
}
