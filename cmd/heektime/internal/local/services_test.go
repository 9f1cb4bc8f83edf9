package local

import (
	"slices"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/deployment"
)

// notImported are the services that the command adds, because they can be deleted.
var notImported = []string{"compat-server"}

func TestEachServiceOfTheTableRuns(t *testing.T) {
	table := deployment.Table()
	for _, s := range table.Services {
		if opens[s.Name] == nil && !slices.Contains(notImported, s.Name) {
			t.Errorf("heektime dev does not run %s", s.Name)
		}
	}
	for name := range opens {
		if _, ok := table.Service(name); !ok {
			t.Errorf("the table does not have %s", name)
		}
	}
}

// A service may read the variables with which the embedded cloud redirects clients to itself.
func TestEmulatorVariables(t *testing.T) {
	for name := range emulatortest.Start(t).Environment() {
		if name != "GOOGLE_CLOUD_PROJECT" && !slices.Contains(deployment.EmulatorVariables(), name) {
			t.Errorf("the embedded cloud sets %s, which the deployment's table does not know", name)
		}
	}
}

func TestDevSchedule(t *testing.T) {
	for cron, want := range map[string]string{
		"*/5 * * * *": "* * * * *", "0 * * * *": "* * * * *", "0 5 * * 1": "0 5 * * 1", "0 9 * * *": "0 9 * * *",
	} {
		if got := devSchedule(cron); got != want {
			t.Errorf("devSchedule(%q) = %q, want %q", cron, got, want)
		}
	}
}
