package gcp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/internal/gcp"
)

// With FCM_EMULATOR_HOST, messages and topic management go to that address.
func TestMessagingEmulator(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"name": "projects/demo-test/messages/1", "results": [{}]}`)
	}))
	defer server.Close()
	t.Setenv(gcp.MessagingEmulatorHost, strings.TrimPrefix(server.URL, "http://"))
	c := gcp.NewClients("demo-test", gcp.DefaultDatabase)
	client := c.Messaging(t.Context())
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if name, err := client.Send(t.Context(), &messaging.Message{Topic: "t"}); err != nil || name != "projects/demo-test/messages/1" {
		t.Errorf("Send = %q, %v", name, err)
	}
	if response, err := client.SubscribeToTopic(t.Context(), []string{"token"}, "t"); err != nil || response.SuccessCount != 1 {
		t.Errorf("SubscribeToTopic = %+v, %v", response, err)
	}
	want := []string{"POST /v1/projects/demo-test/messages:send Bearer owner", "POST /iid/v1:batchAdd Bearer owner"}
	if !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}
