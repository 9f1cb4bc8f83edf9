package messaging_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/messaging"
)

// relate calls batchAdd or batchRemove, and returns the errors of the tokens.
func (w *world) relate(method, topic string, tokens ...string) []string {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"to": "/topics/" + topic, "registration_tokens": tokens})
	if err != nil {
		w.t.Fatal(err)
	}
	var response struct{ Results []struct{ Error string } }
	if code, _ := w.call("POST", "/iid/v1:"+method, string(body), owner, &response); code != http.StatusOK {
		w.t.Fatalf("%s %s has status %d", method, topic, code)
	}
	var errors []string
	for _, r := range response.Results {
		errors = append(errors, r.Error)
	}
	return errors
}

// subscribe subscribes a device to a topic.
func (w *world) subscribe(topic, token string) {
	w.t.Helper()
	if got := w.relate("batchAdd", topic, token); !slices.Equal(got, []string{""}) {
		w.t.Fatalf("subscribing to %s: %v", topic, got)
	}
}

func TestTopicManagement(t *testing.T) {
	w := open(t, "")
	a, b := w.register(messaging.DeviceInfo{Token: "a"}), w.register(messaging.DeviceInfo{Token: "b", Platform: messaging.IOSPlatform, App: "kr.heek"})
	gone := w.register(messaging.DeviceInfo{Token: "gone"})
	if err := w.Unregister(gone); err != nil {
		t.Fatal(err)
	}
	never := "d" + strings.Repeat("a", 21) + ":APA91b" + strings.Repeat("x", 134)
	if got, want := w.relate("batchAdd", "t", a, gone, "no token", b, never, a), []string{"", "NOT_FOUND", "INVALID_ARGUMENT", "", "NOT_FOUND", ""}; !slices.Equal(got, want) {
		t.Errorf("batchAdd: %q, want %q", got, want)
	}
	if got := w.inbox.Subscribers("t"); !slices.Equal(got, []string{a, b}) {
		t.Errorf("subscribers: %v", got)
	}
	if got, want := w.relate("batchRemove", "t", a, gone, a), []string{"", "NOT_FOUND", ""}; !slices.Equal(got, want) {
		t.Errorf("batchRemove: %q, want %q", got, want)
	}
	if got := w.inbox.Subscribers("t"); !slices.Equal(got, []string{b}) {
		t.Errorf("subscribers: %v", got)
	}
	if code, _ := w.call("POST", "/iid/v1/"+a+"/rel/topics/single", "", owner, nil); code != 200 || len(w.inbox.Subscribers("single")) != 1 {
		t.Errorf("subscribing one token: %d", code)
	}
	if code, _ := w.call("DELETE", "/iid/v1/"+a+"/rel/topics/single", "", owner, nil); code != 200 || len(w.inbox.Subscribers("single")) != 0 {
		t.Errorf("unsubscribing one token: %d", code)
	}
	var info struct {
		Application, AuthorizedEntity, Platform string
		Rel                                     struct {
			Topics map[string]struct{ AddDate string }
		}
	}
	code, _ := w.call("GET", "/iid/info/"+b+"?details=true", "", owner, &info)
	if code != 200 || info.Application != "kr.heek" || info.AuthorizedEntity != project || info.Platform != "IOS" || info.Rel.Topics["t"].AddDate != w.clock.Now().UTC().Format("2006-01-02") {
		t.Errorf("info: %d %+v", code, info)
	}
	info.Rel.Topics = nil
	if code, _ := w.call("GET", "/iid/info/"+b, "", owner, &info); code != 200 || info.Rel.Topics != nil {
		t.Errorf("info without details: %d %+v", code, info)
	}
}

// The service's errors have one member, a text.
func TestTopicManagementErrors(t *testing.T) {
	w := open(t, "")
	w.register(messaging.DeviceInfo{Token: "a"})
	many := `"a"` + strings.Repeat(`,"a"`, 1000)
	for name, c := range map[string]struct {
		method, path, body string
		header             http.Header
		want               int
		message            string
	}{
		"no credential":       {"POST", "/iid/v1:batchAdd", `{"to": "/topics/t", "registration_tokens": ["a"]}`, http.Header{"Access_token_auth": {"true"}}, 401, "access_token_auth"},
		"no header":           {"POST", "/iid/v1:batchAdd", `{"to": "/topics/t", "registration_tokens": ["a"]}`, http.Header{"Authorization": {"Bearer owner"}}, 401, "access_token_auth"},
		"a server key":        {"GET", "/iid/info/a", "", http.Header{"Authorization": {"key=AIza"}}, 401, "access_token_auth"},
		"no JSON":             {"POST", "/iid/v1:batchAdd", `{`, owner, 400, "JSON"},
		"no topic":            {"POST", "/iid/v1:batchAdd", `{"registration_tokens": ["a"]}`, owner, 400, "InvalidTopicName"},
		"a bare topic":        {"POST", "/iid/v1:batchAdd", `{"to": "t", "registration_tokens": ["a"]}`, owner, 400, "InvalidTopicName"},
		"a topic in Korean":   {"POST", "/iid/v1:batchAdd", `{"to": "/topics/강의", "registration_tokens": ["a"]}`, owner, 400, "InvalidTopicName"},
		"no tokens":           {"POST", "/iid/v1:batchRemove", `{"to": "/topics/t"}`, owner, 400, "Missing"},
		"1,001 tokens":        {"POST", "/iid/v1:batchAdd", `{"to": "/topics/t", "registration_tokens": [` + many + `]}`, owner, 400, "TooMany"},
		"an unknown token":    {"GET", "/iid/info/d" + strings.Repeat("a", 21), "", owner, 404, "No information found about this instance id."},
		"a string":            {"GET", "/iid/info/x", "", owner, 400, "InvalidToken"},
		"an import":           {"POST", "/iid/v1:batchImport", `{}`, owner, 501, "APNs"},
		"a query in disorder": {"GET", "/iid/info/a?details=%zz", "", owner, 400, "query"},
	} {
		var got struct{ Error string }
		if code, _ := w.call(c.method, c.path, c.body, c.header, &got); code != c.want || !strings.Contains(got.Error, c.message) {
			t.Errorf("%s: %d %q, want %d %q", name, code, got.Error, c.want, c.message)
		}
	}
	w.Inject(messaging.Fault{Code: messaging.Unavailable, Subscriptions: true, Times: 1, RetryAfter: 1e9})
	var got struct{ Error string }
	if code, header := w.call("POST", "/iid/v1:batchAdd", `{"to": "/topics/t", "registration_tokens": ["a"]}`, owner, &got); code != 503 || got.Error == "" || header.Get("Retry-After") != "1" {
		t.Errorf("a fault of subscriptions: %d %+v", code, got)
	}
	w.Inject(messaging.Fault{Code: messaging.Internal, Subscriptions: true, Times: 1, Token: "a"})
	w.send(`{"token": "a"}`)
	if got := w.relate("batchAdd", "t", "a"); !slices.Equal(got, []string{"INTERNAL"}) {
		t.Errorf("a fault of a token's subscriptions: %q", got)
	}
}

// A device has at most 2,000 topics.
func TestTooManyTopics(t *testing.T) {
	w := open(t, "")
	token := w.register(messaging.DeviceInfo{})
	for i := range 2000 {
		w.subscribe(fmt.Sprint("topic-", i), token)
	}
	if got := w.relate("batchAdd", "one-more", token); !slices.Equal(got, []string{"TOO_MANY_TOPICS"}) {
		t.Errorf("the 2,001st topic: %q", got)
	}
	w.subscribe("topic-0", token) // again
	w.relate("batchRemove", "topic-0", token)
	w.subscribe("one-more", token)
}

// The subscriptions of a device in version v1 of the API.
func TestTopicSubscriptions(t *testing.T) {
	w := open(t, "")
	token := w.register(messaging.DeviceInfo{})
	d, _ := w.inbox.Device(token)
	for _, id := range []string{token, d.FID} {
		base := "/v1/projects/demo-test/registrations/" + id + "/topicSubscriptions"
		var one struct{ Name, TopicName, CreateTime string }
		if code, _ := w.call("POST", base+"?topicName=a", "{}", owner, &one); code != 200 || one.TopicName != "a" || one.Name != strings.TrimPrefix(base, "/v1/")+"/a" || one.CreateTime == "" {
			t.Errorf("create: %d %+v", code, one)
		}
		for _, step := range []struct {
			method, path string
			want         int
		}{
			{"POST", "?topicName=a", 409}, {"POST", "", 400}, {"POST", "?topicName=%ea%b0%95", 400}, {"GET", "/a", 200}, {"GET", "/b", 404}, {"PATCH", "/b", 404},
			{"PATCH", "/b?allowMissing=true", 200}, {"PATCH", "/b", 200}, {"DELETE", "/c", 404}, {"DELETE", "/c?allowMissing=true", 200},
		} {
			if code, _ := w.call(step.method, base+step.path, "", owner, nil); code != step.want {
				t.Errorf("%s %s: %d, want %d", step.method, step.path, code, step.want)
			}
		}
		var list struct {
			TopicSubscriptions []struct{ TopicName string }
			NextPageToken      string
		}
		if code, _ := w.call("GET", base+"?pageSize=1", "", owner, &list); code != 200 || len(list.TopicSubscriptions) != 1 || list.NextPageToken == "" {
			t.Errorf("first page: %d %+v", code, list)
		}
		next := list.NextPageToken
		list.NextPageToken = ""
		if code, _ := w.call("GET", base+"?pageSize=1&pageToken="+next, "", owner, &list); code != 200 || len(list.TopicSubscriptions) != 1 || list.NextPageToken != "" {
			t.Errorf("second page: %d %+v", code, list)
		}
		for _, topic := range []string{"a", "b"} {
			if code, _ := w.call("DELETE", base+"/"+topic, "", owner, nil); code != 200 {
				t.Errorf("delete %s: %d", topic, code)
			}
		}
	}
	if code, _ := w.call("GET", "/v1/projects/demo-other/registrations/"+token+"/topicSubscriptions", "", owner, nil); code != 404 {
		t.Errorf("another project's device: %d", code)
	}
	if code, _ := w.call("GET", "/v1/projects/demo-test/registrations/"+token+"/topicSubscriptions", "", nil, nil); code != 401 {
		t.Errorf("without credentials: %d", code)
	}
}
