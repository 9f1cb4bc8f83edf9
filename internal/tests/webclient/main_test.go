package webclient

import (
	"os"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/paralleltest"
)

func TestMain(m *testing.M) {
	paralleltest.More() // clients mostly wait, some of them to reconnect
	os.Exit(sdktest.Main(m))
}

// journeys are user journeys: what users do in the app and see there.
var journeys = []struct {
	name string
	run  func(*testing.T, place)
}{
	{"sign in", signIn},
	{"usernames", usernames},
	{"lite", lite},
	{"timetables and pages", timetablesAndPages},
	{"listen while another writes", listenWhileAnotherWrites},
	{"concurrent edits", concurrentEdits},
	{"many tabs", manyTabs},
	{"denied", denied},
	{"writes are stopped", writesStopped},
	{"offline and back", offlineAndBack},
	{"server gone and back", serverGoneAndBack},
	{"closed and reopened", closedAndReopened},
	{"cut during snapshots", cutDuringSnapshots},
	{"long polling", longPolling},
	{"200 listeners", manyListeners},
	{"1 MiB document", largeDocument},
	{"course list", courseList},
	{"reference client", referenceClient},
}

// TestChromium runs the journeys in Chromium pages: with the current SDK, and with the old one if long
// tests are enabled.
func TestChromium(t *testing.T) {
	at := place{browser: sdktest.OpenBrowser(t), pages: sdktest.Serve(t, os.DirFS("."))}
	versions := sdktest.Versions
	if !longtest.Enabled() {
		versions = versions[:1]
	}
	for _, at.version = range versions {
		runAll(t, at)
	}
}

// TestNode runs the journeys in Node, where the SDK uses gRPC.
func TestNode(t *testing.T) {
	for _, version := range sdktest.Versions {
		runAll(t, place{version: version, nodes: sdktest.OpenNodes(t, version, "client.mjs")})
	}
}

func runAll(t *testing.T, at place) {
	for _, journey := range journeys {
		t.Run(at.version+"/"+journey.name, func(t *testing.T) {
			t.Parallel()
			journey.run(t, at)
		})
	}
}
