package markdown_test

import (
	"os"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/markdown"
)

// docs/deployment.md has the tables of the deployment as it is now.
func TestPageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile("../../../" + markdown.Page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := markdown.Update(string(page), deployment.Table())
	if err != nil {
		t.Fatal(err)
	}
	if want != string(page) {
		t.Errorf("%s is stale: run go generate ./internal/deployment", markdown.Page)
	}
}

func TestUpdateRejectsPagesWithOtherTables(t *testing.T) {
	for name, page := range map[string]string{
		"none":      "# Deployment\n",
		"unknown":   "<!-- table: magic -->\n<!-- end -->\n",
		"unclosed":  "<!-- table: queues -->\n",
		"twice":     strings.Repeat("<!-- table: queues -->\n<!-- end -->\n", 2),
		"no marker": "<!-- table: queues",
	} {
		if _, err := markdown.Update(page, deployment.Table()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
