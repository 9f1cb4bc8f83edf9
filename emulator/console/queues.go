package console

import (
	"net/http"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator/tasks"
)

// How much of a queue the page shows.
const (
	tasksShown     = 200 // pending tasks
	bodyShownBytes = 4 << 10
)

// queue is a queue of Cloud Tasks.
type queue struct {
	Name        string  `json:"name"`
	State       string  `json:"state"` // RUNNING, PAUSED
	Waiting     int     `json:"waiting"`
	Running     int     `json:"running"`
	Done        int     `json:"done"` // since the emulator started
	Dead        int     `json:"dead"` // since the emulator started
	PerSecond   float64 `json:"perSecond"`
	Concurrent  int32   `json:"concurrent"`
	MaxAttempts int32   `json:"maxAttempts"` // -1: no limit
}

func newQueue(q tasks.QueueInfo) queue {
	return queue{
		Name: q.Queue.Name, State: q.Queue.State.String(), Waiting: q.Waiting, Running: q.Running, Done: q.Done, Dead: q.Dead,
		PerSecond: q.Queue.RateLimits.GetMaxDispatchesPerSecond(), Concurrent: q.Queue.RateLimits.GetMaxConcurrentDispatches(),
		MaxAttempts: q.Queue.RetryConfig.GetMaxAttempts(),
	}
}

// queues lists the queues of Cloud Tasks.
func (c *Console) queues(*http.Request) (any, error) {
	out := []queue{}
	for _, q := range c.Tasks.Queues() {
		out = append(out, newQueue(q))
	}
	return map[string]any{"queues": out}, nil
}

// changeQueue pauses, resumes or purges a queue.
func (c *Console) changeQueue(r *http.Request) (any, error) {
	name, err := parameter(r, "name")
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	switch action := r.URL.Query().Get("action"); action {
	case "pause":
		_, err = c.Tasks.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: name})
	case "resume":
		_, err = c.Tasks.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: name})
	case "purge":
		_, err = c.Tasks.PurgeQueue(ctx, &cloudtaskspb.PurgeQueueRequest{Name: name})
	default:
		err = unknownAction(action)
	}
	return struct{}{}, err
}

// task is a task with its attempts.
type task struct {
	Name     string            `json:"name"`
	State    tasks.State       `json:"state"`
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers,omitempty"`
	Body     string            `json:"body,omitempty"` // the beginning, if it is text
	BodySize int               `json:"bodySize"`       // bytes
	Account  string            `json:"account,omitempty"`
	Due      *time.Time        `json:"due,omitempty"` // when the next attempt is or was due
	Created  *time.Time        `json:"created,omitempty"`
	Ended    *time.Time        `json:"ended,omitempty"`
	Count    int32             `json:"count"`    // attempts started
	Attempts []attempt         `json:"attempts"` // the most recent ones, oldest first
}

func newTask(i tasks.TaskInfo) task {
	request := i.Task.GetHttpRequest()
	t := task{
		Name: i.Task.Name, State: i.State, Method: request.GetHttpMethod().String(), URL: request.GetUrl(), Headers: request.GetHeaders(),
		BodySize: len(request.GetBody()), Account: request.GetOidcToken().GetServiceAccountEmail(), Due: optionalTimestamp(i.Task.ScheduleTime),
		Created: optionalTimestamp(i.Task.CreateTime), Ended: optionalTime(i.Ended), Count: i.Task.DispatchCount, Attempts: []attempt{},
	}
	if body := request.GetBody(); utf8.Valid(body) {
		t.Body = string(body[:min(len(body), bodyShownBytes)])
	}
	for _, a := range i.Attempts {
		t.Attempts = append(t.Attempts, newAttempt(a.Attempt))
	}
	return t
}

type tasksResponse struct {
	Queue queue  `json:"queue"`
	Tasks []task `json:"tasks"`
	More  int    `json:"more"` // number of tasks not shown
}

// tasks lists a queue's tasks: first the pending ones, then those that ended most recently.
func (c *Console) tasks(r *http.Request) (any, error) {
	name, err := parameter(r, "queue")
	if err != nil {
		return nil, err
	}
	infos, more, err := c.Tasks.FirstTasks(name, tasksShown)
	if err != nil {
		return nil, notFound(err)
	}
	a := tasksResponse{Tasks: []task{}, More: more}
	for _, i := range infos {
		a.Tasks = append(a.Tasks, newTask(i))
	}
	for _, q := range c.Tasks.Queues() {
		if q.Queue.Name == name {
			a.Queue = newQueue(q)
		}
	}
	return a, nil
}

// changeTask runs or deletes a task.
func (c *Console) changeTask(r *http.Request) (any, error) {
	name, err := parameter(r, "name")
	if err != nil {
		return nil, err
	}
	switch action := r.URL.Query().Get("action"); action {
	case "run":
		_, err = c.Tasks.RunTask(r.Context(), &cloudtaskspb.RunTaskRequest{Name: name})
	case "delete":
		_, err = c.Tasks.DeleteTask(r.Context(), &cloudtaskspb.DeleteTaskRequest{Name: name})
	default:
		err = unknownAction(action)
	}
	return struct{}{}, err
}
