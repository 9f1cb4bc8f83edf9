package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// TestLeastPrivilege runs what the services do with exactly the roles of the deployment table, and again
// without each role. With all of them everything works, without one something fails, and no role could
// be replaced with a narrower one of Google's.
func TestLeastPrivilege(t *testing.T) {
	w := newPrivilegeWorld(t)
	d := deployment.Table()
	for _, f := range w.flows() {
		if err := f.do(t.Context()); err != nil {
			t.Errorf("%s with the table's roles: %v", f.name, err)
		}
	}
	if t.Failed() {
		return
	}
	for _, b := range w.Cloud.IAM.Unused() {
		t.Errorf("nothing needs %s", b)
	}
	for b, roles := range w.Cloud.IAM.Narrower() {
		t.Errorf("%s has more permissions than needed; enough would be %v", b, roles)
	}
	for _, g := range d.Grants() {
		if g.On.Kind == spec.OnSecret {
			continue // see TestServicesReadTheirSecrets
		}
		b := local.Binding(d, w.Cloud.IAM, w.config, g)
		w.Cloud.IAM.Revoke(b.Account, b.Role, b.Resource)
		var errs []error
		for _, f := range w.flows() {
			if err := f.do(t.Context()); err != nil {
				errs = append(errs, err)
				break
			}
		}
		if errs == nil {
			t.Errorf("everything works without %s", b)
		}
		if err := w.Cloud.IAM.Grant(b.Account, b.Role, b.Resource); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range w.flows() {
		if err := f.do(t.Context()); err != nil {
			t.Errorf("%s with all roles again: %v", f.name, err)
		}
	}
}

// A service whose account may not read a secret does not start.
func TestServicesReadTheirSecrets(t *testing.T) {
	all := deployment.Table().Grants()
	tested := 0
	for i, g := range all {
		if g.On.Kind != spec.OnSecret {
			continue
		}
		tested++
		cfg := privilegeConfig(t, "http://127.0.0.1:1", demo.SchoolFile())
		cfg.Grants = slices.Delete(slices.Clone(all), i, i+1)
		b, err := local.Start(t.Context(), cfg)
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "secretmanager.versions.access") {
			t.Errorf("without %s on %s: error %v", g.Role, g.On.ID, err)
		}
	}
	if tested == 0 {
		t.Error("no service needs a secret")
	}
}

// privilegeConfig describes a local cloud with our rules and indexes, all services and free ports. school is the
// URL of the demo university, and schoolFile what the school file has.
func privilegeConfig(t *testing.T, school, schoolFile string) local.Config {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]any{}
	for _, name := range []string{"auth", "firestore", "storage", "tasks", "ui", "hub"} {
		ports[name] = map[string]int{"port": 0}
	}
	addresses := map[string]any{}
	for _, s := range deployment.Table().Services {
		addresses[s.Name] = map[string]int{"port": 0}
	}
	dir := t.TempDir()
	for name, file := range map[string]any{
		"firebase.json": map[string]any{
			"firestore": map[string]string{"rules": "firestore.rules", "indexes": "firestore.indexes.json"},
			"storage":   map[string]string{"rules": "storage.rules"}, "emulators": ports,
		},
		"heektime.json":   map[string]any{"services": addresses},
		"firestore.rules": nil, "firestore.indexes.json": nil, "storage.rules": nil,
	} {
		text, err := json.Marshal(file)
		if file == nil {
			text, err = os.ReadFile(filepath.Join(root, name))
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	schools := filepath.Join(dir, "schools.yaml")
	if err := os.WriteFile(schools, []byte(schoolFile), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := firebase.Find(filepath.Join(dir, "firebase.json"))
	if err != nil {
		t.Fatal(err)
	}
	keepEnvironment(t)
	return local.Config{
		Firebase: found, Project: "demo-roles", Bucket: "demo-roles", SchoolsFile: schools, Services: services,
		Variables: map[string]string{demo.URLVariable: school, "PASSWORD_ROUNDS": "1000"}, Log: slog.New(slog.DiscardHandler),
	}
}

// keepEnvironment restores at the end of the test what local.Start sets in the environment.
func keepEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range append(deployment.EmulatorVariables(), "GOOGLE_CLOUD_PROJECT") {
		t.Setenv(name, "")
	}
}
