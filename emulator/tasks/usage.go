package tasks

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/billing"
)

// chunk is how much of a task one billed operation covers.
//
// Source: https://cloud.google.com/tasks/pricing
const chunk = 32 << 10

// operationsFor returns the operations that a task is billed as, in a call or a dispatch.
func operationsFor(t *cloudtaskspb.Task) int64 {
	return max(1, int64(proto.Size(t)+chunk-1)/chunk)
}

// description describes the service with its calls metered: each is at least one operation, also if it
// fails.
func (s *Server) description() *grpc.ServiceDesc {
	d := cloudtaskspb.CloudTasks_ServiceDesc
	if s.meter == nil {
		return &d
	}
	d.Methods = slices.Clone(d.Methods)
	for i, m := range d.Methods {
		d.Methods[i].Handler = func(service any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			var request any
			response, err := m.Handler(service, ctx, func(into any) error {
				request = into
				return decode(into)
			}, interceptor)
			s.count(ctx, m.MethodName, request, response)
			return response, err
		}
	}
	return &d
}

// count counts a call. A call that works on several tasks is billed as several.
func (s *Server) count(ctx context.Context, method string, request, response any) {
	n := int64(1)
	switch r := request.(type) {
	case *cloudtaskspb.CreateTaskRequest:
		n = operationsFor(r.GetTask())
	case *cloudtaskspb.ListTasksRequest:
		if list, ok := response.(*cloudtaskspb.ListTasksResponse); ok && list != nil {
			n = 0
			for _, t := range list.Tasks {
				n += operationsFor(t)
			}
			n = max(1, n)
		}
	default:
		if t, ok := response.(*cloudtaskspb.Task); ok && t != nil {
			n = operationsFor(t)
		}
	}
	cause := billing.Cause{Service: cmp.Or(billing.ServiceOf(ctx), billing.Server), Action: method, Collection: queueOf(request)}
	if v := metadata.ValueFromIncomingContext(ctx, actionKey); len(v) > 0 {
		cause.Action = v[0]
	}
	s.meter.Add(billing.TasksOperations, cause, n)
}

// actionKey is the key of [billing.ActionHeader] in the metadata of a call.
var actionKey = strings.ToLower(billing.ActionHeader)

// queueOf returns the ID of the queue that a request is for, "" if there is none.
func queueOf(request any) string {
	name := ""
	switch r := request.(type) {
	case interface{ GetParent() string }:
		name = r.GetParent()
	case interface{ GetName() string }:
		name = r.GetName()
	}
	name, _, _ = strings.Cut(name, "/tasks/")
	if !strings.Contains(name, "/queues/") {
		return ""
	}
	return path.Base(name)
}

// countDispatch counts an attempt to deliver a task.
func (s *Server) countDispatch(t *task) {
	if s.meter != nil {
		cause := billing.Cause{Service: "tasks", Action: "dispatch", Collection: path.Base(t.queue.pb.Name)}
		s.meter.Add(billing.TasksOperations, cause, operationsFor(t.pb))
	}
}
