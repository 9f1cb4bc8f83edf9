// Package logging writes JSON lines with the fields that Cloud Logging understands: severity, message,
// time, and the trace of the request.
//
// Source: https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
package logging

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// New returns a logger that writes to w. project is the Google Cloud project of the traces.
func New(w io.Writer, project string) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: rename})
	return slog.New(&handler{Handler: h, project: project})
}

// rename replaces slog's names of attributes with Cloud Logging's.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		severity := a.Value.String()
		if severity == "WARN" {
			severity = "WARNING"
		}
		return slog.String("severity", severity)
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}

type handler struct {
	slog.Handler
	project string
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if t, ok := ctx.Value(traceKey{}).(trace); ok {
		r.AddAttrs(slog.String("logging.googleapis.com/trace", "projects/"+h.project+"/traces/"+t.id))
		if t.span != "" {
			r.AddAttrs(slog.String("logging.googleapis.com/spanId", t.span))
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{Handler: h.Handler.WithAttrs(attrs), project: h.project}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{Handler: h.Handler.WithGroup(name), project: h.project}
}

type traceKey struct{}

type trace struct{ id, span string }

// WithTrace adds a request's trace to every line that is logged with the returned context. Cloud Run
// sends the trace in the header traceparent (W3C), and in the older X-Cloud-Trace-Context.
func WithTrace(ctx context.Context, h http.Header) context.Context {
	if parts := strings.Split(h.Get("Traceparent"), "-"); len(parts) == 4 && isHex(parts[1], 32) && isHex(parts[2], 16) {
		return context.WithValue(ctx, traceKey{}, trace{parts[1], parts[2]})
	}
	id, _, _ := strings.Cut(h.Get("X-Cloud-Trace-Context"), "/")
	if isHex(id, 32) {
		return context.WithValue(ctx, traceKey{}, trace{id: id})
	}
	return ctx
}

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}
