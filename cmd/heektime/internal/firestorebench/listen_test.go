package firestorebench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firestorebench"
)

func TestRunListen(t *testing.T) {
	r, err := firestorebench.RunListen(t.Context(), firestorebench.ListenOptions{
		Listeners: 20, Window: 50 * time.Millisecond, WithoutNPM: true, WithoutSDK: true, Server: os.Args[0], Unlimited: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.FanOuts) != 2 || len(r.Latencies) != 0 || len(r.Skipped) != 2 {
		t.Fatalf("%+v", r)
	}
	for _, f := range r.FanOuts {
		if f.Server != "embedded" || f.Listeners != 20 || f.PerSecond <= 0 || f.CPU <= 0 || f.Median <= 0 || f.P99 < f.Median || f.Unsupported != "" {
			t.Errorf("%+v", f)
		}
	}
	r.Latencies = []firestorebench.Latency{
		{Clients: "Chromium, WebChannel", Server: "embedded", Acknowledged: 3 * time.Millisecond, Median: 4 * time.Millisecond, P99: 5 * time.Millisecond},
		{Clients: "Node, gRPC", Server: "npm", Unsupported: "not supported"},
	}
	var text strings.Builder
	r.Print(&text)
	for _, want := range []string{"npm was excluded.", "SDK was excluded.", "4.0 ms", "5.0 ms", "not supported", "20 listeners to one document", "WebChannel", "gRPC"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("missing %q in:\n%s", want, text.String())
		}
	}
}
