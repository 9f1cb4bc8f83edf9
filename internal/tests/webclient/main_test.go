package webclient

import (
	"flag"
	"os"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Clients wait most of the time, some for a connection to be tried again: more of them than processors.
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		flag.Set("test.parallel", "6")
	}
	os.Exit(sdktest.Main(m))
}

// journeys are what users do, from the tap to what they see.
var journeys = []struct {
	name string
	run  func(*testing.T, place)
}{
	{"sign in", signIn},
	{"usernames", usernames},
	{"lite", lite},
	{"timetables and pages", timetablesAndPages},
	{"listen while another writes", listenWhileAnotherWrites},
	{"two edit", twoEdit},
	{"many tabs", manyTabs},
	{"refused", refused},
	{"offline and back", offlineAndBack},
	{"server gone and back", serverGoneAndBack},
	{"closed and opened again", closedAndOpenedAgain},
	{"cut while snapshots come", cutWhileSnapshotsCome},
	{"long polling", longPolling},
	{"200 listeners", manyListeners},
	{"1 MiB document", largeDocument},
	{"course list", courseList},
}

// TestChromium takes the journeys in pages of Chromium.
func TestChromium(t *testing.T) {
	at := place{browser: sdktest.OpenBrowser(t), pages: sdktest.Serve(t, os.DirFS("."))}
	takeAll(t, at)
}

// TestNode takes the journeys in Node, where the SDK speaks gRPC.
func TestNode(t *testing.T) {
	sdktest.SDKs(t) // or leave it out
	takeAll(t, place{})
}

func takeAll(t *testing.T, at place) {
	for _, version := range sdktest.Versions {
		at := at
		at.version = version
		for _, journey := range journeys {
			t.Run(at.version+"/"+journey.name, func(t *testing.T) {
				t.Parallel()
				journey.run(t, at)
			})
		}
	}
}
