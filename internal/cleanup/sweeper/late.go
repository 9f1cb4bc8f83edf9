package sweeper

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// LateAfter is how long after the last sweep the next one is late: a week, in which Cloud Scheduler
// calls once, and a day for its retries.
const LateAfter = 8 * 24 * time.Hour

// Late reports whether the sweep is late, and when the last one ended. In a new project, where there
// was none, the time counts from the first call.
//
// Billed: 1 read; the first call 1 write more.
func (s *Service) Late(ctx context.Context) (last time.Time, late bool, err error) {
	var sweep schema.Sweep
	ref := schema.SweepRef(s.firestore)
	snap, err := ref.Get(ctx)
	exists, err := schema.Decode(ref, snap, err, &sweep)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read when the last sweep ended: %w", err)
	}
	if !exists {
		// The document's creation is the start. A sweep that begins meanwhile creates it, too.
		if _, err := ref.Create(ctx, schema.Sweep{}); err != nil && status.Code(err) != codes.AlreadyExists {
			return time.Time{}, false, fmt.Errorf("record when sweeps began: %w", err)
		}
		return time.Time{}, false, nil
	}
	last = sweep.Ended
	if last.IsZero() {
		last = snap.CreateTime
	}
	return last, s.now().Sub(last) > LateAfter, nil
}
