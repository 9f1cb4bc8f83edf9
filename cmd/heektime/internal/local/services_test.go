package local

import (
	"slices"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/deployment"
)

// notImported are the services that package main adds, in files that can be deleted.
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
			t.Errorf("%s is not in the deployment table", name)
		}
	}
}

// TestEmulatorVariables checks that the deployment table declares every variable that the local cloud
// sets to direct clients to itself.
func TestEmulatorVariables(t *testing.T) {
	for name := range emulatortest.Start(t).Environment() {
		if name != "GOOGLE_CLOUD_PROJECT" && !slices.Contains(deployment.EmulatorVariables(), name) {
			t.Errorf("the local cloud sets %s, which the deployment table does not declare", name)
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
