package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
)

func TestCloudLoggingFields(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, c := range []struct {
		name, header, value string
		want                map[string]any
	}{
		{"w3c", "Traceparent", "00-" + id + "-00f067aa0ba902b7-01", map[string]any{
			"logging.googleapis.com/trace": "projects/p/traces/" + id, "logging.googleapis.com/spanId": "00f067aa0ba902b7"}},
		{"google", "X-Cloud-Trace-Context", id + "/123;o=1", map[string]any{"logging.googleapis.com/trace": "projects/p/traces/" + id}},
		{"forged", "X-Cloud-Trace-Context", "\"},{", map[string]any{"logging.googleapis.com/trace": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ctx := WithTrace(context.Background(), http.Header{c.header: {c.value}})
			New(&out, "p").With("service", "refresh", "school", "가").WarnContext(ctx, "held back", slog.Int("lectures", 3))
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("want one JSON line: %v\n%s", err, out.String())
			}
			for key, want := range map[string]any{"severity": "WARNING", "message": "held back", "service": "refresh", "school": "가", "lectures": 3.0} {
				if line[key] != want {
					t.Errorf("%s = %v, want %v", key, line[key], want)
				}
			}
			for key, want := range c.want {
				if line[key] != want {
					t.Errorf("%s = %v, want %v", key, line[key], want)
				}
			}
		})
	}
}
