package tasks

import (
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The syntax of names: https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#queue
var (
	locationName = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+$`)
	queueName    = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+/queues/[A-Za-z0-9-]{1,100}$`)
	taskID       = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// maxTaskID is the length of the longest task ID. It is not in the expression, which every start would compile.
const maxTaskID = 500

// Cloud Tasks' own messages, so that developers can search for what they see.
var (
	errParent      = status.Error(codes.InvalidArgument, "Invalid resource field value in the request.")
	errNoEntity    = status.Error(codes.NotFound, "Requested entity was not found.")
	errNoQueue     = status.Error(codes.NotFound, "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize.")
	errQueueExists = status.Error(codes.AlreadyExists, "Queue already exists")
	errQueueRecent = status.Error(codes.FailedPrecondition, "The queue cannot be created because a queue with this name existed too recently.")
	errTaskExists  = status.Error(codes.AlreadyExists, "Requested entity already exists")
	errTaskRecent  = status.Error(codes.AlreadyExists, "The task cannot be created because a task with this name existed too recently. "+
		"For more information about task de-duplication see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create#body.request_body.FIELDS.task.")
	errTaskEnded = status.Error(codes.NotFound, "The task no longer exists, though a task with this name existed recently. "+
		"The task either successfully completed or was deleted.")
)

const docs = "https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues"

// invalid returns an INVALID_ARGUMENT error for which Google's wording is unknown.
func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// withHelp returns an INVALID_ARGUMENT error with a link, as Google sends it for names.
func withHelp(description, link, message string) error {
	s, err := status.New(codes.InvalidArgument, message).WithDetails(&errdetails.Help{
		Links: []*errdetails.Help_Link{{Description: description, Url: link}},
	})
	if err != nil {
		return invalid("%s", message)
	}
	return s.Err()
}

func checkQueueName(name string) error {
	if queueName.MatchString(name) {
		return nil
	}
	return withHelp("Definition of queue name", docs+"#Queue.FIELDS.name",
		`Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".`)
}

// checkTaskName checks the name of a task and returns the name of its queue.
func checkTaskName(name string) (string, error) {
	queue, id, found := strings.Cut(name, "/tasks/")
	if !found || !queueName.MatchString(queue) {
		return "", invalid(`Task name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>"`)
	}
	if len(id) > maxTaskID || !taskID.MatchString(id) {
		return "", withHelp("Definition of task ID", docs+".tasks#Task.FIELDS.name",
			`Task ID "`+id+`" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), or underscores (_). Task ID must between 1 and 500 characters.`)
	}
	return queue, nil
}
