package tasks

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/transcoding"
)

// Handler serves the REST API of Cloud Tasks below /v2/, and below /projects/ the part of it that Firebase's
// Admin SDKs call at CLOUD_TASKS_EMULATOR_HOST, without the version.
// https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v2/", transcoding.NewHandler(s.description(), s))
	admin := transcoding.NewHandler(s.description(), functionQueues{s})
	mux.HandleFunc("/projects/", func(w http.ResponseWriter, r *http.Request) {
		versioned := *r
		versioned.URL = &url.URL{Path: "/v2" + r.URL.Path, RawPath: "/v2" + r.URL.EscapedPath(), RawQuery: r.URL.RawQuery}
		admin.ServeHTTP(w, &versioned)
	})
	return mux
}

// functionQueues is the service for Firebase's Admin SDKs. With an emulator, they leave the URL of a task
// empty, unless their caller set one: the emulator has to find the function that is named like the queue.
//
// Source: functions-api-client-internal.js of firebase-admin 13.10.0.
type functionQueues struct{ *Server }

// CreateTask adds a task to a queue, by default for the queue's function.
func (f functionQueues) CreateTask(ctx context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	if target := r.GetTask().GetHttpRequest(); target != nil && target.Url == "" && checkQueueName(r.Parent) == nil {
		r = proto.CloneOf(r)
		r.Task.GetHttpRequest().Url = f.functionURL(r.Parent)
	}
	return f.Server.CreateTask(ctx, r)
}

// functionURL returns the URL of a queue's function: the one in the configuration, or where the Functions
// emulator of Firebase's own suite serves it, /{project}/{location}/{function}.
// https://firebase.google.com/docs/functions/run-functions-online#http-functions
func (s *Server) functionURL(queue string) string {
	if target, ok := s.functions[queue]; ok {
		return target
	}
	part := strings.Split(queue, "/") // projects/P/locations/L/queues/Q
	return "http://" + s.functionsAddress + "/" + part[1] + "/" + part[3] + "/" + part[5]
}
