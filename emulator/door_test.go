package emulator_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/iam"
)

// Google's clients call as a service account: what its roles do not contain is denied, and security rules
// do not apply to it.
func TestServiceAccounts(t *testing.T) {
	const reader, writer = "reader@demo-test.iam.gserviceaccount.com", "writer@demo-test.iam.gserviceaccount.com"
	policy := iam.NewPolicy("demo-test")
	for _, b := range []iam.Binding{
		{Account: reader, Role: "roles/datastore.viewer", Resource: policy.Project()},
		{Account: reader, Role: "roles/storage.objectViewer", Resource: policy.Bucket("demo-test")},
		{Account: writer, Role: "roles/datastore.user", Resource: policy.Project()},
		{Account: writer, Role: "roles/storage.objectUser", Resource: policy.Bucket("demo-test")},
	} {
		if err := policy.Grant(b.Account, b.Role, b.Resource); err != nil {
			t.Fatal(err)
		}
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) {
		c.IAM = policy
		c.Rules = []byte("service cloud.firestore { match /databases/{d}/documents { match /{x=**} { allow read, write: if false; } } }")
	})
	doc, object := openAs(t, cloud, writer)
	if _, err := doc.Set(t.Context(), map[string]any{"n": 1}); err != nil {
		t.Error(err)
	}
	if err := put(t, object); err != nil {
		t.Error(err)
	}
	doc, object = openAs(t, cloud, reader)
	if _, err := doc.Get(t.Context()); err != nil {
		t.Error(err)
	}
	if r, err := object.NewReader(t.Context()); err != nil {
		t.Error(err)
	} else {
		r.Close()
	}
	_, err := doc.Set(t.Context(), map[string]any{"n": 2})
	if status.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), "datastore.entities.create") || !strings.Contains(err.Error(), "roles/datastore.user") {
		t.Errorf("a write of a viewer: %v", err)
	}
	var response *googleapi.Error
	if err := put(t, object); !errors.As(err, &response) || response.Code != http.StatusForbidden || !strings.Contains(response.Message, "storage.objects.create") {
		t.Errorf("an upload of a viewer: %v", err)
	}
}

// openAs opens Google's clients as a service account.
func openAs(t *testing.T, cloud *emulatortest.Cloud, account string) (*firestore.DocumentRef, *storage.ObjectHandle) {
	t.Helper()
	env, err := cloud.EnvironmentAs(account)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	docs, err := firestore.NewClient(t.Context(), cloud.Project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { docs.Close() })
	objects, err := storage.NewClient(t.Context(), storage.WithDisabledClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { objects.Close() })
	return docs.Doc("c/d"), objects.Bucket(cloud.Project).Object("o")
}

func put(t *testing.T, o *storage.ObjectHandle) error {
	w := o.NewWriter(t.Context())
	io.WriteString(w, "text")
	return w.Close()
}

// Sending and subscribing need a role, too.
func TestMessagingServiceAccounts(t *testing.T) {
	const sender, stranger = "sender@demo-test.iam.gserviceaccount.com", "stranger@demo-test.iam.gserviceaccount.com"
	policy := iam.NewPolicy("demo-test")
	if err := policy.Grant(sender, "roles/firebasecloudmessaging.admin", policy.Project()); err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.IAM = policy })
	for account, allowed := range map[string]bool{sender: true, stranger: false} {
		env, err := cloud.EnvironmentAs(account)
		if err != nil {
			t.Fatal(err)
		}
		client := messagingclient.New(t, cloud.Project, env["FCM_EMULATOR_HOST"])
		if _, err := client.Send(t.Context(), &messaging.Message{Topic: "t"}); (err == nil) != allowed || !allowed && !errorutils.IsPermissionDenied(err) {
			t.Errorf("%s sends: %v", account, err)
		}
		if _, err := client.SubscribeToTopic(t.Context(), []string{"token"}, "t"); (err == nil) != allowed {
			t.Errorf("%s subscribes: %v", account, err)
		}
	}
	if n := cloud.Usage().Amount(billing.MessagingMessages); n != 1 {
		t.Errorf("%d messages were counted, want 1", n)
	}
}

func TestEnvironmentAs(t *testing.T) {
	if _, err := emulatortest.Start(t).EnvironmentAs("a@b.c"); err == nil {
		t.Error("an account has a door in a cloud without IAM")
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.IAM = iam.NewPolicy("demo-test") })
	env, err := cloud.EnvironmentAs("a@b.c")
	if err != nil {
		t.Fatal(err)
	}
	again, err := cloud.EnvironmentAs("a@b.c")
	if err != nil || again["FIRESTORE_EMULATOR_HOST"] != env["FIRESTORE_EMULATOR_HOST"] {
		t.Errorf("a second door: %v, %v", again, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+env["GCE_METADATA_HOST"]+"/computeMetadata/v1/instance/service-accounts/default/email", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Metadata-Flavor", "Google")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if email, _ := io.ReadAll(response.Body); string(email) != "a@b.c" {
		t.Errorf("the metadata server says that the account is %q", email)
	}
	if err := cloud.Close(); err != nil {
		t.Error(err)
	}
	if _, err := cloud.EnvironmentAs("c@b.c"); err == nil {
		t.Error("a door opened in a closed cloud")
	}
}
