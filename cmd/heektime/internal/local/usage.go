package local

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"heek.kr/heektime/emulator/auth/token"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/deployment/spec"
)

// accountServices returns the services' names by the email of their service account, for the bill.
func accountServices(d *spec.Deployment, project string) map[string]string {
	names := map[string]string{}
	for _, s := range d.Services {
		names[spec.Email(project, s.Account)] = s.Name
	}
	return names
}

// metered returns a service's handler that counts what Cloud Run bills for the service. startUp is how long
// the service took to start.
func (b *Backend) metered(s *spec.Service, startUp time.Duration, next http.Handler) http.Handler {
	run := &billing.RunService{
		Meter: b.Cloud.Meter, Name: s.Name, MilliCPU: s.MilliCPU, MemoryMiB: s.MemoryMiB, Concurrency: s.Concurrency,
		StartUp: startUp, User: UserOf, Internal: !s.Public,
	}
	return run.Handler(next)
}

// UserOf returns the uid in a user's ID token, "" if a request has none. Tokens of service accounts have no
// user_id.
func UserOf(r *http.Request) string {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	var claims struct {
		UserID string `json:"user_id"`
	}
	if _, err := token.Decode(raw, &claims); err != nil {
		return ""
	}
	return claims.UserID
}

// countSecrets counts the secrets that exist, each with one version. The local cloud keeps no others.
func (b *Backend) countSecrets() {
	for id := range b.place.Secrets {
		b.Cloud.Meter.SetLevel(billing.SecretVersions, id, 1)
	}
}

// meteredLog returns a logger that also counts what Cloud Logging bills for the log of a service: the bytes of
// its records as JSON.
func meteredLog(log *slog.Logger, meter *billing.Meter, service string) *slog.Logger {
	counter := logCounter{meter, billing.Cause{Service: service, Action: "log"}}
	return slog.New(meteredHandler{log.Handler(), slog.NewJSONHandler(counter, nil)})
}

// logCounter is a writer that counts bytes.
type logCounter struct {
	meter *billing.Meter
	cause billing.Cause
}

func (c logCounter) Write(record []byte) (int, error) {
	c.meter.Add(billing.LoggingBytes, c.cause, int64(len(record)))
	return len(record), nil
}

// meteredHandler passes records to the log, and to the handler that counts what would be logged in
// production.
type meteredHandler struct{ log, count slog.Handler }

func (h meteredHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.log.Enabled(ctx, level) || h.count.Enabled(ctx, level)
}

func (h meteredHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.count.Enabled(ctx, r.Level) {
		if err := h.count.Handle(ctx, r.Clone()); err != nil {
			return err
		}
	}
	if !h.log.Enabled(ctx, r.Level) {
		return nil
	}
	return h.log.Handle(ctx, r)
}

func (h meteredHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return meteredHandler{h.log.WithAttrs(attrs), h.count.WithAttrs(attrs)}
}

func (h meteredHandler) WithGroup(name string) slog.Handler {
	return meteredHandler{h.log.WithGroup(name), h.count.WithGroup(name)}
}
