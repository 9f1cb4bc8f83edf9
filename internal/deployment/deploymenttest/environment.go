// Package deploymenttest tests a service against the table of the deployment.
package deploymenttest

import (
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/server"
)

// TestEnvironment tests the environment of a service against its row in the table: the service starts
// with it, reads every variable of the row and no other, agrees with the row on which are required and
// on defaults, and reports all missing ones together. If jobs call the service, its 503 asks for a retry.
// root is the root of the repository.
//
// It sets environment variables of the process, so the calling test cannot be parallel.
func TestEnvironment(t *testing.T, name, root string, open server.Open) {
	t.Helper()
	setEmulators(t)
	d := deployment.Table()
	row, ok := d.Service(name)
	if !ok {
		t.Fatalf("the table has no service %q", name)
	}
	values, err := d.Environment(name, place(d, root))
	if err != nil {
		t.Fatal(err)
	}
	env := environment.Map(values)
	service, err := open(t.Context(), env, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("%s does not start with the environment of the table: %v", name, err)
	}
	if service.Close != nil {
		if err := service.Close(); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	}
	called := slices.ContainsFunc(d.Jobs, func(j spec.Job) bool { return j.Target.Service == name })
	if service.RetryOn503 != called {
		t.Errorf("%s: RetryOn503 is %v, and jobs call it: %v", name, service.RetryOn503, called)
	}
	compare(t, row, env.Reads())
	testMissing(t, row, env.Reads(), values, open)
}

// setEmulators sets addresses that nothing listens on: a service does not call out when it starts.
func setEmulators(t *testing.T) {
	t.Helper()
	for _, emulator := range []string{"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "CLOUD_TASKS_EMULATOR_HOST", "FCM_EMULATOR_HOST"} {
		t.Setenv(emulator, "127.0.0.1:1")
	}
}

// compare compares the variables that a service read with those of its row.
func compare(t *testing.T, row *spec.Service, reads []environment.Read) {
	t.Helper()
	read := map[string]environment.Read{}
	for _, r := range reads {
		read[r.Name] = r
	}
	for _, v := range row.Environment {
		r, ok := read[v.Name]
		delete(read, v.Name)
		switch {
		case !ok:
			t.Errorf("%s: the table has %s, which the service does not read", row.Name, v.Name)
		case r.Required != v.Required:
			t.Errorf("%s: %s is required in the service: %t, in the table: %t", row.Name, v.Name, r.Required, v.Required)
		case v.Value.Kind == spec.KindDefault && r.Fallback != v.Value.Text:
			t.Errorf("%s: %s defaults to %q in the service, to %q in the table", row.Name, v.Name, r.Fallback, v.Value.Text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if !slices.Contains(deployment.EmulatorVariables(), name) && !setByCloudRun(name) {
			t.Errorf("%s: the service reads %s, which the table does not have", row.Name, name)
		}
	}
}

// setByCloudRun reports whether Cloud Run sets a variable in every service.
//
// Source: https://cloud.google.com/run/docs/container-contract#services-env-vars
func setByCloudRun(name string) bool { return name == "PORT" || strings.HasPrefix(name, "K_") }

// testMissing leaves out each required variable, and all of them.
func testMissing(t *testing.T, row *spec.Service, reads []environment.Read, values map[string]string, open server.Open) {
	t.Helper()
	var required []string
	for _, r := range reads {
		if r.Required {
			required = append(required, r.Name)
		}
	}
	fails := func(missing ...string) {
		t.Helper()
		env := maps.Clone(values)
		for _, name := range missing {
			delete(env, name)
		}
		_, err := open(t.Context(), environment.Map(env), slog.New(slog.DiscardHandler))
		for _, name := range missing {
			if err == nil || !strings.Contains(err.Error(), name+" is not set") {
				t.Errorf("%s without %v: error %v does not name %s", row.Name, missing, err, name)
			}
		}
	}
	for _, name := range required {
		fails(name)
	}
	fails(required...)
}

// place has a value for everything, and the images' files from the repository.
func place(d *spec.Deployment, root string) spec.Place {
	p := spec.Place{
		Project: "demo-test", APIKey: "key", SiteURL: "https://heektime.test", Origins: []string{"https://heektime.test"},
		URLs: map[string]string{}, Files: map[string]string{}, Secrets: map[string]string{},
	}
	for _, s := range d.Services {
		p.URLs[s.Name] = "https://" + s.Name + ".test"
		for _, file := range s.Files {
			p.Files[file.Path] = filepath.Join(root, filepath.FromSlash(file.Source))
		}
	}
	for i, s := range d.Secrets {
		p.Secrets[s.ID] = strings.Repeat(string(rune('A'+i)), 42) + "A=" // 32 bytes in Base64
	}
	return p
}
