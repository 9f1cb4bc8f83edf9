package comparison_test

import (
	"testing"

	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
)

// A call that fails, or a kill at any call, never makes both sides look equal or different: the comparison fails,
// and what it found until then is not called whole.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 2, Clean: true})
	w.copyAll()
	for _, fault := range []faulttest.Fault{faulttest.FailBefore, faulttest.KillAfter} {
		for at := 0; ; at++ {
			p, ctx := faulttest.New(t.Context(), fault, at)
			client := w.FirestoreClient(t, p.DialOptions()...)
			r, err := comparison.Run(ctx, comparison.Config{Old: w.old, Firestore: client})
			if len(p.Calls()) <= at {
				if err != nil || !r.OK() || !r.Whole || at < 5 {
					t.Errorf("without a fault, after %d calls: %v\n%s", at, err, describe(r))
				}
				break
			}
			if !r.OK() || r.Whole != (err == nil) {
				t.Errorf("%v at call %d: whole = %v, %v\n%s", fault, at, r.Whole, err, describe(r))
			}
		}
	}
}
