package local

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"heek.kr/heektime/internal/deployment"
)

func TestSecretsAreKeptWithTheData(t *testing.T) {
	table, dir := deployment.Table(), t.TempDir()
	first, err := secrets(table, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) == 0 {
		t.Fatal("no service needs a secret")
	}
	path := filepath.Join(dir, secretsFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	second, err := secrets(table, dir)
	if err != nil || !maps.Equal(first, second) {
		t.Errorf("second start: %v; kept: %v", err, maps.Equal(first, second))
	}
	if names, _ := filepath.Glob(path + ".*"); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secrets(table, dir); err == nil {
		t.Error("a damaged file is replaced, which would sign everyone out")
	}
}

func TestSecretsInMemory(t *testing.T) {
	t.Chdir(t.TempDir())
	first, err := secrets(deployment.Table(), "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := secrets(deployment.Table(), "")
	if err != nil || maps.Equal(first, second) {
		t.Errorf("second start: %v; the same secrets: %v", err, maps.Equal(first, second))
	}
	if _, err := os.Stat(secretsFile); err == nil {
		t.Error("in-memory secrets were written to the working directory")
	}
}
