package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/messaging"
)

// The page lists the latest messages, and the devices with what they show. Its buttons change the devices.
// It is long because each step needs the one before it.
func TestMessages(t *testing.T) {
	cloud, api := open(t)
	project := map[string]string{"project": cloud.Project}
	var added struct{ Token string }
	api.must("POST", "device", project, map[string]string{"platform": "IOS"}, &added)
	send := func(text string) {
		t.Helper()
		body := strings.NewReader(fmt.Sprintf(`{"message": {"token": %q, "notification": {"title": %q}}}`, added.Token, text))
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+cloud.MessagingAddress()+"/v1/projects/"+cloud.Project+"/messages:send", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer owner")
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("send: %v, %v", response, err)
		}
		response.Body.Close()
	}
	device := func(action string) {
		t.Helper()
		api.must("POST", "changeDevice", map[string]string{"token": added.Token, "action": action}, nil, nil)
	}
	send("first")
	device("disconnect")
	for i := range 200 {
		send(fmt.Sprint(i))
	}
	type response struct {
		Messages []messaging.Sent
		Devices  []messaging.Device
		More     int
	}
	var seen response
	api.must("GET", "messages", project, nil, &seen)
	if len(seen.Messages) != 200 || seen.More != 1 || seen.Messages[0].Message.Notification.Title != "199" {
		t.Errorf("%d messages, %d more, first %+v", len(seen.Messages), seen.More, seen.Messages[0])
	}
	if len(seen.Devices) != 1 || len(seen.Devices[0].Shown) != 1 || seen.Devices[0].Shown[0].Title != "first" || len(seen.Devices[0].Waiting) != 100 {
		t.Errorf("devices %+v", seen.Devices)
	}
	device("connect")
	api.must("DELETE", "messages", project, nil, nil)
	seen = response{}
	if api.must("GET", "messages", project, nil, &seen); len(seen.Messages) != 0 || len(seen.Devices) != 1 || seen.Devices[0].Offline || len(seen.Devices[0].Shown) != 0 {
		t.Errorf("after the messages were removed: %+v", seen)
	}
	device("remove")
	seen = response{}
	if api.must("GET", "messages", project, nil, &seen); len(seen.Devices) != 0 {
		t.Errorf("after the device was removed: %+v", seen)
	}
	for _, c := range []struct {
		path  string
		query map[string]string
		body  any
		want  int
	}{
		{"changeDevice", map[string]string{"token": "none", "action": "connect"}, nil, 404}, {"changeDevice", map[string]string{"token": "none", "action": "eat"}, nil, 400},
		{"device", project, map[string]string{"platform": "NOKIA"}, 400}, {"device", nil, nil, 400},
	} {
		if code, _ := api.do("POST", c.path, c.query, c.body, nil); code != c.want {
			t.Errorf("%s %v: %d, want %d", c.path, c.query, code, c.want)
		}
	}
}
