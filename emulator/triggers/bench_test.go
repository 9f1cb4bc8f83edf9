package triggers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/triggers"
)

// BenchmarkEvents measures an event from its commit to its target's response, in bursts of one hundred, in
// memory and with a data directory.
func BenchmarkEvents(b *testing.B) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(target.Close)
	for _, durable := range []bool{false, true} {
		b.Run(map[bool]string{false: "memory", true: "disk"}[durable], func(b *testing.B) {
			w := &fixture{Cloud: emulatortest.Start(b, func(cfg *emulator.Config) {
				if durable {
					cfg.DataDir = b.TempDir()
				}
			})}
			w.register(b, triggers.Trigger{Document: "users/{uid}/timetables/{timetable}", URL: target.URL})
			db, err := w.Firestore.Database("demo-test", "(default)")
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; i < b.N; i += 100 {
				docs := map[string]map[string]any{}
				for k := range min(100, b.N-i) {
					docs[fmt.Sprintf("users/u%d/timetables/t%d", k, i)] = map[string]any{"name": "가을", "i": i}
				}
				if err := db.Seed(docs); err != nil {
					b.Fatal(err)
				}
				w.idle(b)
			}
		})
	}
}
