package walstream

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
)

// EndOfTimeline returns where the cluster's history left a timeline: a standby was promoted that had
// everything up to there and nothing after it. ok is false if it is the current timeline.
func (c *Conn) EndOfTimeline(ctx context.Context, timeline int32) (end LSN, ok bool, err error) {
	if timeline == c.Timeline {
		return 0, false, nil
	}
	history, err := pglogrepl.TimelineHistory(ctx, c.pg, c.Timeline)
	if err != nil {
		return 0, false, fmt.Errorf("read the history of timeline %d: %w", c.Timeline, err)
	}
	return endOfTimeline(string(history.Content), timeline)
}

// endOfTimeline finds a timeline in a history file, whose lines have a timeline, a tab, where it was
// left, a tab, and a reason. A timeline that is not among its ancestors ended at 0.
func endOfTimeline(history string, timeline int32) (LSN, bool, error) {
	for line := range strings.Lines(history) {
		columns := strings.Fields(line)
		if len(columns) < 2 || strings.HasPrefix(columns[0], "#") {
			continue
		}
		if columns[0] != strconv.Itoa(int(timeline)) {
			continue
		}
		end, err := ParseLSN(columns[1])
		if err != nil {
			return 0, false, fmt.Errorf("history of timelines: %q: %w", strings.TrimSpace(line), err)
		}
		return end, true, nil
	}
	return 0, true, nil
}
