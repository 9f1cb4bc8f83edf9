package deployment_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// docs/alerts.md has a section for each alert, which says when it fires as the table does and has a
// command to begin with. Notifications link to the section.
func TestAlertsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		sections[heading] = body
	}
	for _, a := range deployment.Table().Alerts {
		body, ok := sections[a.ID]
		if !ok {
			t.Errorf("docs/alerts.md has no section ## %s", a.ID)
			continue
		}
		if want := facts(&a); !strings.Contains(body, want) {
			t.Errorf("docs/alerts.md: section %s lacks %q", a.ID, want)
		}
		if !strings.Contains(body, "\n    ") {
			t.Errorf("docs/alerts.md: section %s has no command", a.ID)
		}
		delete(sections, a.ID)
	}
	for heading := range sections {
		if !slices.Contains([]string{"The budget", "Where notifications go", "What they cost"}, heading) {
			t.Errorf("docs/alerts.md: section %s is about no alert of the table", heading)
		}
	}
}

// facts says in a line what an alert is called, how severe it is and when it notifies.
func facts(a *spec.Alert) string {
	return "**" + a.Title + ".** " + string(a.Severity) + ": " + a.Describe() + "."
}

// docs/alerts.md says what the alerts cost. All but a few are free.
func TestPaidAlerts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, costs, _ := strings.Cut(string(text), "\n## What they cost")
	paid := 0
	for _, a := range deployment.Table().Alerts {
		if a.Condition.IsFree() {
			continue
		}
		paid++
		if !strings.Contains(costs, "| `"+a.ID+"` |") {
			t.Errorf("docs/alerts.md does not say what %s costs", a.ID)
		}
	}
	if paid > 2 {
		t.Errorf("%d alerts have a price: let a service count, and match the line that it logs", paid)
	}
}
