package doctor

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "update the tables of docs/doctor.md")

func TestPage(t *testing.T) {
	const name = root + "docs/doctor.md"
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page, err := Page(string(old))
	if err != nil {
		t.Fatal(err)
	}
	if page == string(old) {
		return
	}
	if !*update {
		t.Fatal("docs/doctor.md is out of date: go test ./cmd/heektime/internal/doctor -run TestPage -update")
	}
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}
