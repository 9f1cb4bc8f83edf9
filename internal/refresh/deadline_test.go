package refresh

import (
	"testing"

	"heek.kr/heektime/internal/deployment"
)

// A refresh that times out still has time to record that and to respond to Cloud Tasks.
func TestDeadlinesFitTheDeployment(t *testing.T) {
	table := deployment.Table()
	queue, _ := table.Queue(deployment.RefreshQueue)
	if queue.DispatchDeadline != dispatchDeadline {
		t.Errorf("tasks are created with deadline %v, the deployment table has %v", dispatchDeadline, queue.DispatchDeadline)
	}
	refresh, _ := table.Service("refresh")
	if runTimeout >= refresh.Timeout {
		t.Errorf("a refresh may take %v, a request to the service only %v", runTimeout, refresh.Timeout)
	}
	courses, _ := table.Service("courses")
	if runTimeout > courses.Timeout {
		t.Errorf("a refresh may take %v, a request to the course service only %v", runTimeout, courses.Timeout)
	}
}
