package refresh_test

import (
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/refresh"
)

// A refresh that times out still has time to record that and to respond to Cloud Tasks.
func TestDeadlinesFitTheDeployment(t *testing.T) {
	table := deployment.Table()
	queue, _ := table.Queue(deployment.RefreshQueue)
	if queue.DispatchDeadline != refresh.DispatchDeadline {
		t.Errorf("tasks are created with deadline %v, the deployment table has %v", refresh.DispatchDeadline, queue.DispatchDeadline)
	}
	service, _ := table.Service("refresh")
	if refresh.RunTimeout >= service.Timeout {
		t.Errorf("a refresh may take %v, a request to the service only %v", refresh.RunTimeout, service.Timeout)
	}
	courses, _ := table.Service("courses")
	if refresh.RunTimeout > courses.Timeout {
		t.Errorf("a refresh may take %v, a request to the course service only %v", refresh.RunTimeout, courses.Timeout)
	}
}
