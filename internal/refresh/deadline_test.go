package refresh

import (
	"testing"

	"heek.kr/heektime/internal/deployment"
)

// A refresh that runs out of time still has time to record it, and Cloud Tasks to get the response.
func TestDeadlinesFitTheDeployment(t *testing.T) {
	table := deployment.Table()
	queue, _ := table.Queue(deployment.RefreshQueue)
	if queue.DispatchDeadline != dispatchDeadline {
		t.Errorf("tasks are created with the deadline %v, the table has %v", dispatchDeadline, queue.DispatchDeadline)
	}
	refresh, _ := table.Service("refresh")
	if runTimeout >= refresh.Timeout {
		t.Errorf("a refresh may take %v, a request only %v", runTimeout, refresh.Timeout)
	}
	courses, _ := table.Service("courses")
	if runTimeout > courses.Timeout {
		t.Errorf("a refresh may take %v, but reading the list only %v", runTimeout, courses.Timeout)
	}
}
