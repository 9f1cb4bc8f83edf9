package tfvars_test

import (
	"os"
	"path/filepath"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/tfvars"
)

// The committed file is that of the table.
func TestFileIsCurrent(t *testing.T) {
	want, err := tfvars.File(deployment.Table())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("../../..", filepath.FromSlash(tfvars.Path)))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is stale: run go generate ./internal/deployment", tfvars.Path)
	}
}
