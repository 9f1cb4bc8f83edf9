package iam

import (
	"cmp"
	"strings"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
)

// simple are the permissions of gRPC methods that need one each, whatever the request says.
//
// Sources: https://cloud.google.com/firestore/docs/security/iam,
// https://cloud.google.com/tasks/docs/reference-access-control,
// https://cloud.google.com/scheduler/docs/access-control
var simple = map[string][]string{
	"/google.firestore.v1.Firestore/BatchGetDocuments":   {"datastore.entities.get"},
	"/google.firestore.v1.Firestore/BeginTransaction":    {"datastore.databases.get"},
	"/google.firestore.v1.Firestore/CreateDocument":      {"datastore.entities.create"},
	"/google.firestore.v1.Firestore/DeleteDocument":      {"datastore.entities.delete"},
	"/google.firestore.v1.Firestore/GetDocument":         {"datastore.entities.get"},
	"/google.firestore.v1.Firestore/ListCollectionIds":   {"datastore.entities.list"},
	"/google.firestore.v1.Firestore/ListDocuments":       {"datastore.entities.get", "datastore.entities.list"},
	"/google.firestore.v1.Firestore/Listen":              {"datastore.entities.get", "datastore.entities.list"},
	"/google.firestore.v1.Firestore/PartitionQuery":      {"datastore.entities.get", "datastore.entities.list"},
	"/google.firestore.v1.Firestore/Rollback":            {"datastore.databases.get"},
	"/google.firestore.v1.Firestore/RunAggregationQuery": {"datastore.entities.get", "datastore.entities.list"},
	"/google.firestore.v1.Firestore/RunQuery":            {"datastore.entities.get", "datastore.entities.list"},

	"/google.cloud.tasks.v2.CloudTasks/CreateQueue": {"cloudtasks.queues.create"},
	"/google.cloud.tasks.v2.CloudTasks/DeleteQueue": {"cloudtasks.queues.delete"},
	"/google.cloud.tasks.v2.CloudTasks/DeleteTask":  {"cloudtasks.tasks.delete"},
	"/google.cloud.tasks.v2.CloudTasks/GetQueue":    {"cloudtasks.queues.get"},
	"/google.cloud.tasks.v2.CloudTasks/GetTask":     {"cloudtasks.tasks.get"},
	"/google.cloud.tasks.v2.CloudTasks/ListQueues":  {"cloudtasks.queues.list"},
	"/google.cloud.tasks.v2.CloudTasks/ListTasks":   {"cloudtasks.tasks.list"},
	"/google.cloud.tasks.v2.CloudTasks/PauseQueue":  {"cloudtasks.queues.pause"},
	"/google.cloud.tasks.v2.CloudTasks/PurgeQueue":  {"cloudtasks.queues.purge"},
	"/google.cloud.tasks.v2.CloudTasks/ResumeQueue": {"cloudtasks.queues.resume"},
	"/google.cloud.tasks.v2.CloudTasks/RunTask":     {"cloudtasks.tasks.run"},
	"/google.cloud.tasks.v2.CloudTasks/UpdateQueue": {"cloudtasks.queues.update"},

	"/google.cloud.scheduler.v1.CloudScheduler/CreateJob": {"cloudscheduler.jobs.create"},
	"/google.cloud.scheduler.v1.CloudScheduler/DeleteJob": {"cloudscheduler.jobs.delete"},
	"/google.cloud.scheduler.v1.CloudScheduler/GetJob":    {"cloudscheduler.jobs.get"},
	"/google.cloud.scheduler.v1.CloudScheduler/ListJobs":  {"cloudscheduler.jobs.list"},
	"/google.cloud.scheduler.v1.CloudScheduler/PauseJob":  {"cloudscheduler.jobs.pause"},
	"/google.cloud.scheduler.v1.CloudScheduler/ResumeJob": {"cloudscheduler.jobs.enable"},
	"/google.cloud.scheduler.v1.CloudScheduler/RunJob":    {"cloudscheduler.jobs.run"},
	"/google.cloud.scheduler.v1.CloudScheduler/UpdateJob": {"cloudscheduler.jobs.update"},
}

// RPC returns what a gRPC call needs: method is its full name, request its message, the first one of a
// stream. ok is false for a method of an API that has no emulator.
func (p *Policy) RPC(method string, request any) (needs []Need, ok bool) {
	switch r := request.(type) {
	case *pb.CommitRequest:
		return writes(database(r.Database), r.Writes), true
	case *pb.BatchWriteRequest:
		return writes(database(r.Database), r.Writes), true
	case *pb.WriteRequest: // only a stream's first message names the database
		return writes(cmp.Or(database(r.Database), p.Project()), r.Writes), true
	case *pb.UpdateDocumentRequest:
		return writes(database(r.GetDocument().GetName()), []*pb.Write{{
			Operation: &pb.Write_Update{Update: r.Document}, CurrentDocument: r.CurrentDocument,
		}}), true
	case *cloudtaskspb.CreateTaskRequest:
		return p.createTask(r), true
	}
	permissions, ok := simple[method]
	on := resourceOf(method, request)
	for _, permission := range permissions {
		needs = append(needs, Need{permission, on})
	}
	return needs, ok
}

// writes returns what the writes of a commit need. An empty commit only ends a transaction.
func writes(on string, all []*pb.Write) []Need {
	needs := []Need{}
	add := func(permissions ...string) {
		for _, permission := range permissions {
			needs = append(needs, Need{permission, on})
		}
	}
	if len(all) == 0 {
		add("datastore.databases.get")
	}
	for _, w := range all {
		condition, conditional := w.GetCurrentDocument().GetConditionType().(*pb.Precondition_Exists)
		switch {
		case w.GetDelete() != "":
			add("datastore.entities.delete")
		case conditional && !condition.Exists:
			add("datastore.entities.create")
		case conditional, w.GetCurrentDocument().GetUpdateTime() != nil:
			add("datastore.entities.update")
		default:
			add("datastore.entities.create", "datastore.entities.update")
		}
	}
	return needs
}

// createTask needs actAs on the account whose tokens the task will carry.
func (p *Policy) createTask(r *cloudtaskspb.CreateTaskRequest) []Need {
	needs := []Need{{"cloudtasks.tasks.create", r.Parent}}
	target := r.GetTask().GetHttpRequest()
	for _, email := range []string{target.GetOidcToken().GetServiceAccountEmail(), target.GetOauthToken().GetServiceAccountEmail()} {
		if email != "" {
			needs = append(needs, Need{"iam.serviceAccounts.actAs", p.ServiceAccount(email)})
		}
	}
	return needs
}

// resourceOf returns the resource of a call whose permissions do not depend on the request.
func resourceOf(method string, request any) string {
	name := ""
	switch r := request.(type) {
	case interface{ GetDatabase() string }:
		name = r.GetDatabase()
	case interface{ GetParent() string }:
		name = r.GetParent()
	case interface{ GetName() string }:
		name = r.GetName()
	case *cloudtaskspb.UpdateQueueRequest:
		name = r.GetQueue().GetName()
	case *schedulerpb.UpdateJobRequest:
		name = r.GetJob().GetName()
	}
	if strings.HasPrefix(method, "/google.firestore.") {
		return database(name)
	}
	return name
}

// database returns the database that a document, a collection or a database itself belongs to.
func database(name string) string {
	if parts := strings.SplitN(name, "/", 5); len(parts) == 5 {
		return strings.Join(parts[:4], "/")
	}
	return name
}
