package iam_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/iam"
)

const app = "app@demo-test.iam.gserviceaccount.com"

func TestCheck(t *testing.T) {
	p := iam.NewPolicy("demo-test")
	grant := func(role, resource string) {
		t.Helper()
		if err := p.Grant(app, role, resource); err != nil {
			t.Fatal(err)
		}
	}
	grant("roles/storage.objectViewer", p.Bucket("mine"))
	grant("roles/cloudtasks.enqueuer", p.Queue("asia-northeast3", "q"))
	grant("roles/datastore.viewer", p.Project())
	for name, c := range map[string]struct {
		account string
		need    iam.Need
		want    bool
	}{
		"object of the bucket":    {app, iam.Need{Permission: "storage.objects.get", Resource: p.Bucket("mine") + "/objects/a/b"}, true},
		"bucket with that prefix": {app, iam.Need{Permission: "storage.objects.list", Resource: p.Bucket("mine-too")}, false},
		"not in the role":         {app, iam.Need{Permission: "storage.objects.delete", Resource: p.Bucket("mine") + "/objects/a"}, false},
		"other account":           {"x" + app, iam.Need{Permission: "storage.objects.list", Resource: p.Bucket("mine")}, false},
		"queue":                   {app, iam.Need{Permission: "cloudtasks.tasks.create", Resource: p.Queue("asia-northeast3", "q")}, true},
		"other queue":             {app, iam.Need{Permission: "cloudtasks.tasks.create", Resource: p.Queue("asia-northeast3", "q2")}, false},
		"database of the project": {app, iam.Need{Permission: "datastore.entities.get", Resource: "projects/demo-test/databases/(default)"}, true},
		"database of another":     {app, iam.Need{Permission: "datastore.entities.get", Resource: "projects/demo-test2/databases/(default)"}, false},
	} {
		if err := p.Check(c.account, c.need); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var denied *iam.DeniedError
	err := p.Check(app, iam.Need{Permission: "datastore.entities.create", Resource: p.Project()})
	if !errors.As(err, &denied) || !slices.Equal(denied.Roles, []string{"roles/datastore.user"}) || !strings.Contains(err.Error(), `lacks IAM permission "datastore.entities.create"`) {
		t.Errorf("error %v", err)
	}
	if err := p.Grant(app, "roles/datastore.usr", p.Project()); err == nil {
		t.Error("an unknown role was granted")
	}
	p.DefineRole("projects/demo-test/roles/creator", "datastore.entities.create")
	grant("projects/demo-test/roles/creator", p.Project())
	if err := p.Check(app, denied.Need); err != nil {
		t.Errorf("with a custom role: %v", err)
	}
	p.Revoke(app, "projects/demo-test/roles/creator", p.Project())
	if err := p.Check(app, denied.Need); err == nil {
		t.Error("a revoked role still grants its permissions")
	}
}

func TestRolesThatAreTooBroad(t *testing.T) {
	p := iam.NewPolicy("demo-test")
	for _, role := range []string{"roles/datastore.user", "roles/storage.objectUser", "roles/firebaseauth.viewer"} {
		if err := p.Grant(app, role, p.Project()); err != nil {
			t.Fatal(err)
		}
	}
	for _, need := range []iam.Need{
		{Permission: "datastore.entities.create", Resource: p.Project()}, {Permission: "storage.objects.list", Resource: p.Bucket("b")},
	} {
		if err := p.Check(app, need); err != nil {
			t.Fatal(err)
		}
	}
	if unused := p.Unused(); len(unused) != 1 || unused[0].Role != "roles/firebaseauth.viewer" {
		t.Errorf("unused: %v", unused)
	}
	narrower := p.Narrower()
	if got := narrower[iam.Binding{Account: app, Role: "roles/storage.objectUser", Resource: p.Project()}]; len(narrower) != 1 || !slices.Equal(got, []string{"roles/storage.objectViewer"}) {
		t.Errorf("narrower: %v", narrower)
	}
}

func permissions(needs []iam.Need) string {
	var all []string
	for _, n := range needs {
		all = append(all, n.Permission+" "+n.Resource)
	}
	return strings.Join(all, "; ")
}

// The permissions of writes depend on their preconditions, those of a task on the account that it names.
func TestRPC(t *testing.T) {
	p := iam.NewPolicy("demo-test")
	const database, doc = "projects/demo-test/databases/(default)", "projects/demo-test/databases/(default)/documents/c/d"
	update := func(c *pb.Precondition) *pb.CommitRequest {
		return &pb.CommitRequest{Database: database, Writes: []*pb.Write{{Operation: &pb.Write_Update{Update: &pb.Document{Name: doc}}, CurrentDocument: c}}}
	}
	exists := func(v bool) *pb.Precondition {
		return &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: v}}
	}
	for name, c := range map[string]struct {
		method  string
		request any
		want    string
	}{
		"set":          {"", update(nil), "datastore.entities.create " + database + "; datastore.entities.update " + database},
		"create":       {"", update(exists(false)), "datastore.entities.create " + database},
		"update":       {"", update(exists(true)), "datastore.entities.update " + database},
		"empty commit": {"", &pb.CommitRequest{Database: database}, "datastore.databases.get " + database},
		"unchanged": {"", update(&pb.Precondition{ConditionType: &pb.Precondition_UpdateTime{UpdateTime: timestamppb.Now()}}),
			"datastore.entities.update " + database},
		"delete": {"", &pb.BatchWriteRequest{Database: database, Writes: []*pb.Write{{Operation: &pb.Write_Delete{Delete: doc}}}}, "datastore.entities.delete " + database},
		"later message of a stream": {"", &pb.WriteRequest{Writes: []*pb.Write{{Operation: &pb.Write_Delete{Delete: doc}}}},
			"datastore.entities.delete projects/demo-test"},
		"get":   {"/google.firestore.v1.Firestore/GetDocument", &pb.GetDocumentRequest{Name: doc}, "datastore.entities.get " + database},
		"query": {"/google.firestore.v1.Firestore/RunQuery", &pb.RunQueryRequest{Parent: database + "/documents"}, "datastore.entities.get " + database + "; datastore.entities.list " + database},
		"task": {"/google.cloud.tasks.v2.CloudTasks/CreateTask", &cloudtaskspb.CreateTaskRequest{Parent: "queue", Task: &cloudtaskspb.Task{
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{ServiceAccountEmail: app}},
			}},
		}}, "cloudtasks.tasks.create queue; iam.serviceAccounts.actAs projects/demo-test/serviceAccounts/" + app},
	} {
		needs, ok := p.RPC(c.method, c.request)
		if got := permissions(needs); !ok || got != c.want {
			t.Errorf("%s: %v %s, want %s", name, ok, got, c.want)
		}
	}
	if _, ok := p.RPC("/google.pubsub.v1.Publisher/Publish", nil); ok {
		t.Error("a method without an emulator has permissions")
	}
}

func TestHTTP(t *testing.T) {
	p := iam.NewPolicy("demo-test")
	const object = "projects/_/buckets/b/objects/"
	for request, want := range map[string]string{
		"GET /b/b/o":                                                 "storage.objects.list projects/_/buckets/b",
		"GET /storage/v1/b/b/o/a%2Fb?alt=media":                      "storage.objects.get " + object + "a/b",
		"DELETE /storage/v1/b/b/o/a":                                 "storage.objects.delete " + object + "a",
		"PATCH /storage/v1/b/b/o/a":                                  "storage.objects.get " + object + "a; storage.objects.update " + object + "a",
		"POST /upload/storage/v1/b/b/o?name=new":                     "storage.objects.create " + object + "new",
		"POST /upload/storage/v1/b/b/o?name=old":                     "storage.objects.create " + object + "old; storage.objects.delete " + object + "old",
		"POST /upload/storage/v1/b/b/o?name=old&ifGenerationMatch=0": "storage.objects.create " + object + "old",
		"PUT /upload/storage/v1/b/b/o?upload_id=1":                   "",
		"POST /storage/v1/b/b/o/a/rewriteTo/b/c/o/d":                 "storage.objects.create projects/_/buckets/c/objects/d; storage.objects.get " + object + "a",
		"GET /storage/v1/b":                                          "storage.buckets.list projects/demo-test",

		"POST /identitytoolkit.googleapis.com/v1/projects/demo-test/accounts":        "firebaseauth.users.create projects/demo-test",
		"POST /identitytoolkit.googleapis.com/v1/projects/demo-test/accounts:lookup": "firebaseauth.users.get projects/demo-test",
		"POST /identitytoolkit.googleapis.com/v1/accounts:update":                    "firebaseauth.users.update projects/demo-test",
		"PATCH /identitytoolkit.googleapis.com/v2/projects/demo-test/config":         "firebaseauth.configs.update projects/demo-test",
		"POST /v1/projects/-/serviceAccounts/" + app + ":signBlob":                   "iam.serviceAccounts.signBlob projects/demo-test/serviceAccounts/" + app,
	} {
		method, path, _ := strings.Cut(request, " ")
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", "Bearer owner")
		needs, ok := p.HTTP(r, func(_, name string) bool { return name == "old" })
		if got := permissions(needs); !ok || got != want {
			t.Errorf("%s: %v %q, want %q", request, ok, got, want)
		}
	}
	if needs, ok := p.HTTP(httptest.NewRequest(http.MethodGet, "/bucket/a/b", nil), nil); !ok || permissions(needs) != "storage.objects.get projects/_/buckets/bucket/objects/a/b" {
		t.Errorf("the XML API: %v", needs)
	}
	client := httptest.NewRequest(http.MethodPost, "/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k", nil)
	if needs, ok := p.HTTP(client, nil); !ok || len(needs) != 0 {
		t.Errorf("a client with an API key needs %v", needs)
	}
	if _, ok := p.HTTP(httptest.NewRequest(http.MethodPost, "/emulator/v1/projects/demo-test/accounts", nil), nil); ok {
		t.Error("the emulators' own API is open to service accounts")
	}
}
