package tasks_test

import (
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
)

// BenchmarkTask measures creating a task with Google's client and dispatching it.
func BenchmarkTask(b *testing.B) {
	c := start(b)
	c.queue(b)
	target := newTarget(b, statuses(200))
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := c.CreateTask(b.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL)}); err != nil {
				b.Error(err)
			}
		}
	})
	c.idle(b)
}
