package messaging_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/messaging"
)

// What the API rejects, with the HTTP status, the code of FcmError, the invalid field and the message. It is
// long because every rule has a row.
func TestRejectedMessages(t *testing.T) {
	w := open(t, "")
	w.register(messaging.DeviceInfo{Token: "known", App: "kr.heek"})
	if _, err := w.Register(messaging.DeviceInfo{Token: "other", Project: "demo-other"}); err != nil {
		t.Fatal(err)
	}
	fid := "d" + strings.Repeat("a", 21)
	long := strings.Repeat("x", 2040)
	for name, c := range map[string]struct {
		message      string
		httpStatus   int
		code, field  string
		messageParts string
	}{
		"no target":                {`{"data": {"k": "v"}}`, 400, "INVALID_ARGUMENT", "message", "Recipient of the message is not set."},
		"an empty target":          {`{"token": ""}`, 400, "INVALID_ARGUMENT", "message", "Recipient"},
		"two targets":              {`{"token": "known", "topic": "t"}`, 400, "", "message", "oneof field 'target' is already set. Cannot set 'topic'"},
		"a string for a token":     {`{"token": "not a token"}`, 400, "INVALID_ARGUMENT", "", "The registration token is not a valid FCM registration token"},
		"a token without a device": {`{"token": "` + fid + ":APA91b" + strings.Repeat("x", 134) + `"}`, 404, "UNREGISTERED", "", "Requested entity was not found."},
		"an installation without":  {`{"fid": "` + fid + `"}`, 404, "UNREGISTERED", "", "not found"},
		"another project's token":  {`{"token": "other"}`, 403, "SENDER_ID_MISMATCH", "", "SenderId mismatch"},
		"another app's token":      {`{"token": "known", "android": {"restricted_package_name": "kr.other"}}`, 400, "INVALID_ARGUMENT", "message.android.restricted_package_name", "package"},
		"a topic with a prefix":    {`{"topic": "/topics/t"}`, 400, "INVALID_ARGUMENT", "message.topic", "topic name"},
		"a topic with a space":     {`{"topic": "a b"}`, 400, "INVALID_ARGUMENT", "message.topic", "topic name"},
		"a topic in Korean":        {`{"topic": "강의"}`, 400, "INVALID_ARGUMENT", "message.topic", "topic name"},
		"a topic too long":         {`{"topic": "` + strings.Repeat("x", 901) + `"}`, 400, "INVALID_ARGUMENT", "message.topic", "topic name"},
		"a condition":              {`{"condition": "'a' in topic"}`, 400, "INVALID_ARGUMENT", "message.condition", "Invalid condition"},

		"an unknown field":          {`{"topic": "t", "to": "x"}`, 400, "", "message", `Unknown name "to" at 'message': Cannot find field.`},
		"an unknown field inside":   {`{"topic": "t", "android": {"notification": {"titel": "x"}}}`, 400, "", "message.android.notification", `Unknown name "titel"`},
		"data with a number":        {`{"topic": "t", "data": {"a": "b", "n": 12}}`, 400, "", "message.data[1].value", "Invalid value at 'message.data[1].value' (TYPE_STRING), 12"},
		"data with a boolean":       {`{"topic": "t", "data": {"n": true}}`, 400, "", "message.data[0].value", "(TYPE_STRING), true"},
		"data with null":            {`{"topic": "t", "data": {"n": null}}`, 400, "", "message.data[0].value", "(TYPE_STRING), null"},
		"data that is a list":       {`{"topic": "t", "data": ["x"]}`, 400, "", "message", "Proto field is not repeating"},
		"data that is a string":     {`{"topic": "t", "data": "x"}`, 400, "", "message.data", `"x"`},
		"the key from":              {`{"topic": "t", "data": {"from": "x"}}`, 400, "INVALID_ARGUMENT", "message.data", "Invalid data payload key: from"},
		"the key message_type":      {`{"topic": "t", "data": {"message_type": "x"}}`, 400, "INVALID_ARGUMENT", "message.data", "message_type"},
		"a key of google":           {`{"topic": "t", "android": {"data": {"google.x": "x"}}}`, 400, "INVALID_ARGUMENT", "message.android.data", "google.x"},
		"a key of gcm":              {`{"topic": "t", "webpush": {"data": {"gcm.x": "x"}}}`, 400, "INVALID_ARGUMENT", "message.webpush.data", "gcm.x"},
		"a topic's message at 2049": {`{"topic": "t", "data": {"k": "` + long + `", "l": "1234567"}}`, 400, "INVALID_ARGUMENT", "message", "too big"},
		"a condition's at 2049":     {`{"condition": "'a' in topics", "data": {"k": "` + long + `", "l": "1234567"}}`, 400, "INVALID_ARGUMENT", "message", "too big"},
		"a token's at 4097":         {`{"token": "known", "data": {"k": "` + long + `", "l": "` + long + `", "m": "12345678901234"}}`, 400, "INVALID_ARGUMENT", "message", "Android message is too big"},
		"an APNs payload too big":   {`{"token": "known", "apns": {"payload": {"aps": {}, "k": "` + long + long + `"}}}`, 400, "INVALID_ARGUMENT", "message", "APNs message is too big"},

		"a ttl without s":        {`{"topic": "t", "android": {"ttl": "3"}}`, 400, "", "message.android.ttl", "Illegal duration format; duration must end with 's'"},
		"a ttl that is a number": {`{"topic": "t", "android": {"ttl": 3}}`, 400, "", "message.android.ttl", "Illegal duration"},
		"a ttl in hours":         {`{"topic": "t", "android": {"ttl": "1h3s"}}`, 400, "", "message.android.ttl", "Invalid duration format"},
		"a negative ttl":         {`{"topic": "t", "android": {"ttl": "-1s"}}`, 400, "INVALID_ARGUMENT", "message.android.ttl", "ttl"},
		"a ttl above 4 weeks":    {`{"topic": "t", "android": {"ttl": "2419201s"}}`, 400, "INVALID_ARGUMENT", "message.android.ttl", "ttl"},
		"a priority":             {`{"topic": "t", "android": {"priority": "urgent"}}`, 400, "", "message.android.priority", `AndroidMessagePriority), "urgent"`},
		"a color":                {`{"topic": "t", "android": {"notification": {"color": "red"}}}`, 400, "INVALID_ARGUMENT", "message.android.notification.color", "color"},
		"an event time":          {`{"topic": "t", "android": {"notification": {"event_time": "today"}}}`, 400, "", "message.android.notification.event_time", "Timestamp"},
		"half of light settings": {`{"topic": "t", "android": {"notification": {"light_settings": {"color": {"red": 1}}}}}`, 400, "INVALID_ARGUMENT", "message.android.notification.light_settings", "required"},
		"both Android versions":  {`{"topic": "t", "android": {}, "android_v2": {}}`, 400, "INVALID_ARGUMENT", "message.android_v2", "mutually exclusive"},
		"an image":               {`{"topic": "t", "notification": {"image": "room.png"}}`, 400, "INVALID_ARGUMENT", "message.notification.image", "image"},
		"aps that is no object":  {`{"topic": "t", "apns": {"payload": {"aps": "x"}}}`, 400, "INVALID_ARGUMENT", "message.apns.payload.aps", "aps"},
		"a payload as a list":    {`{"topic": "t", "apns": {"payload": [1]}}`, 400, "", "message.apns", "not repeating"},
		"a collapse id":          {`{"topic": "t", "apns": {"headers": {"apns-collapse-id": "` + strings.Repeat("x", 65) + `"}}}`, 400, "INVALID_ARGUMENT", "message.apns.headers", "apns-collapse-id"},
		"an APNs priority":       {`{"topic": "t", "apns": {"headers": {"apns-priority": "high"}}}`, 400, "INVALID_ARGUMENT", "message.apns.headers", "apns-priority"},
		"a web TTL":              {`{"topic": "t", "webpush": {"headers": {"TTL": "1s"}}}`, 400, "INVALID_ARGUMENT", "message.webpush.headers", "TTL"},
		"a web topic":            {`{"topic": "t", "webpush": {"headers": {"Topic": "` + strings.Repeat("x", 33) + `"}}}`, 400, "INVALID_ARGUMENT", "message.webpush.headers", "Topic"},
		"a web link":             {`{"topic": "t", "webpush": {"fcm_options": {"link": "http://heek.kr"}}}`, 400, "INVALID_ARGUMENT", "message.webpush.fcm_options.link", "HTTPS"},
		"an analytics label":     {`{"topic": "t", "fcm_options": {"analytics_label": "a b"}}`, 400, "INVALID_ARGUMENT", "message.fcm_options.analytics_label", "label"},
	} {
		var got status
		code, _ := w.call("POST", "/v1/projects/demo-test/messages:send", `{"message": `+c.message+`}`, owner, &got)
		fcmCode, field := got.code()
		if code != c.httpStatus || got.Error.Code != code || fcmCode != c.code || field != c.field || !strings.Contains(got.Error.Message, c.messageParts) {
			t.Errorf("%s: %d, %q, field %q, %q; want %d, %q, field %q, %q", name, code, fcmCode, field, got.Error.Message, c.httpStatus, c.code, c.field, c.messageParts)
		}
	}
	if all := w.inbox.All(); len(all) != 0 {
		t.Errorf("%d rejected messages are in the inbox", len(all))
	}
}

// What is right at a limit, and every form of a name, is accepted.
func TestAcceptedMessages(t *testing.T) {
	w := open(t, "")
	w.register(messaging.DeviceInfo{Token: "known", FID: "d" + strings.Repeat("a", 21)})
	half := strings.Repeat("x", 2046)
	for _, message := range []string{
		`{"topic": "t"}`, `{"topic": "` + strings.Repeat("x", 900) + `"}`, `{"topic": "a-Z0_.~%"}`, `{"fid": "d` + strings.Repeat("a", 21) + `"}`,
		`{"token": "d` + strings.Repeat("a", 21) + `"}`, `{"token": "known", "topic": null}`, `{"token": "known", "topic": ""}`,
		`{"topic": "t", "data": {"kk": "` + half + `"}}`, `{"token": "known", "data": {"kk": "` + half + `", "ll": "` + half + `"}}`,
		`{"topic": "t", "data": {"collapse_key": "x", "fromage": "x"}}`,
		`{"topic": "t", "android": {"collapse_key": "k", "ttl": "0s", "priority": "high", "restricted_package_name": "p", "notification": {"notification_count": "3",
			"vibrate_timings": ["1.5s", "0.000000001s"], "event_time": "2026-11-29T00:00:00.5Z", "title_loc_args": ["x"], "visibility": "PUBLIC",
			"light_settings": {"color": {"red": 1, "alpha": 0.5}, "light_on_duration": "1s", "light_off_duration": "1s"}}}}`,
		`{"topic": "t", "android": {"collapseKey": "k", "ttl": "2419200s", "notification": {"channelId": "c", "defaultSound": true}}}`,
		`{"topic": "t", "android_v2": {"remote_notification": {"notification": {"id": 3, "title": "x"}}, "background_sync": {}}}`,
		`{"topic": "t", "apns": {"headers": {"apns-priority": "5", "apns-expiration": "0"}, "payload": {"aps": {"alert": "x", "badge": 1}, "custom": [1, {"a": null}]}}}`,
		`{"topic": "t", "webpush": {"headers": {"TTL": "0", "Urgency": "high", "Topic": "room"}, "notification": {"title": "x", "actions": [{"action": "a"}]}, "fcm_options": {"link": "https://heek.kr/"}}}`,
	} {
		w.send(message)
	}
	// The last of repeated fields counts.
	w.send(`{"topic": "first", "topic": "last"}`)
	if len(w.inbox.ToTopic("last")) != 1 || len(w.inbox.ToTopic("first")) != 0 {
		t.Error("the first of two topics counts")
	}
}

// Requests that are not a message for another reason.
func TestRejectedRequests(t *testing.T) {
	w := open(t, "")
	user := "Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiYW5uIn0." // a user's ID token
	for _, c := range []struct {
		method, path, authorization, body string
		want                              int
		message                           string
	}{
		{"POST", "/v1/projects/demo-test/messages:send", "", `{"message": {"topic": "t"}}`, 401, "missing required authentication credential"},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer ", `{"message": {"topic": "t"}}`, 401, ""},
		{"POST", "/v1/projects/demo-test/messages:send", "key=AIza", `{"message": {"topic": "t"}}`, 401, ""},
		{"POST", "/v1/projects/demo-test/messages:send", user, `{"message": {"topic": "t"}}`, 401, ""},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer ya29.x", `{"message": {"topic": "t"}}`, 200, ""},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", ``, 400, "Message is required."},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", `{"message": {"topic": "t"}`, 400, "Invalid JSON payload received."},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", `[]`, 400, "Invalid JSON payload received."},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", strings.Repeat(`{"message":`, 200), 400, "Invalid JSON payload received."},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", "{\"message\": {\"topic\": \"\xff\"}}", 400, "Invalid JSON payload received."},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", `{"messages": {"topic": "t"}}`, 400, `Unknown name "messages": Cannot find field.`},
		{"POST", "/v1/projects/-/messages:send", "Bearer owner", `{"message": {"topic": "t"}}`, 400, "projects/-"},
		{"POST", "/v1/projects/demo-test/messages:send", "Bearer owner", strings.Repeat(" ", 300<<10), 413, "exceeds the limit"},
		{"GET", "/v1/projects/demo-test/messages:send", "Bearer owner", "", 404, "has no method GET"},
		{"POST", "/batch", "Bearer owner", "", 404, "SendEach"},
		{"POST", "/fcm/send", "key=AIza", "{}", 404, "has no method POST /fcm/send"},
	} {
		var got status
		code, _ := w.call(c.method, c.path, c.body, http.Header{"Authorization": {c.authorization}}, &got)
		if code != c.want || !strings.Contains(got.Error.Message, c.message) {
			t.Errorf("%s %s %q %.40q: %d %q, want %d %q", c.method, c.path, c.authorization, c.body, code, got.Error.Message, c.want, c.message)
		}
	}
}

// Faults fail as many requests as they say, those that they are about. A message whose response is lost is
// delivered.
func TestFaults(t *testing.T) {
	w := open(t, "")
	token := w.register(messaging.DeviceInfo{})
	send := func(target string) (int, http.Header, string) {
		var got status
		code, header := w.call("POST", "/v1/projects/demo-test/messages:send", `{"message": {`+target+`}}`, owner, &got)
		fcm, _ := got.code()
		return code, header, fcm
	}
	w.Inject(messaging.Fault{Code: messaging.Unavailable, RetryAfter: 1500 * time.Millisecond, Topic: "t", Times: 1})
	w.Inject(messaging.Fault{Code: messaging.QuotaExceeded, Project: "demo-other"})
	if code, _, _ := send(`"token": "` + token + `"`); code != 200 {
		t.Errorf("a message to a token has status %d because a topic's fail", code)
	}
	if code, header, fcm := send(`"topic": "t"`); code != 503 || fcm != "UNAVAILABLE" || header.Get("Retry-After") != "2" {
		t.Errorf("%d %s, Retry-After %s", code, fcm, header.Get("Retry-After"))
	}
	if code, _, _ := send(`"topic": "t"`); code != 200 {
		t.Errorf("after the fault: %d", code)
	}
	w.Inject(messaging.Fault{Code: messaging.Internal, Delivered: true, Times: 1})
	if code, _, fcm := send(`"token": "` + token + `"`); code != 500 || fcm != "INTERNAL" || len(w.inbox.ToToken(token)) != 2 {
		t.Errorf("%d %s, %d messages", code, fcm, len(w.inbox.ToToken(token)))
	}
	w.Inject(messaging.Fault{Code: messaging.QuotaExceeded})
	for range 3 {
		if code, _, fcm := send(`"topic": "t"`); code != 429 || fcm != "QUOTA_EXCEEDED" {
			t.Errorf("%d %s", code, fcm)
		}
	}
	w.ClearFaults()
	if code, _, _ := send(`"topic": "t"`); code != 200 {
		t.Errorf("after all faults: %d", code)
	}
}

// A condition's topics are evaluated from left to right.
func TestConditions(t *testing.T) {
	w := open(t, "")
	devices := map[string]string{}
	for _, topics := range []string{"", "a", "b", "c", "ab", "bc", "abc"} {
		devices[topics] = w.register(messaging.DeviceInfo{})
		for _, topic := range topics {
			w.subscribe(string(topic), devices[topics])
		}
	}
	for condition, want := range map[string]string{
		`'a' in topics`:                                     "a ab abc",
		`"a" in topics`:                                     "a ab abc",
		`'a' in topics && 'b' in topics`:                    "ab abc",
		`'a'in topics||'c' in topics`:                       "a ab abc bc c",
		`'a' in topics || 'b' in topics && 'c' in topics`:   "abc bc", // (a || b) && c
		`'a' in topics || ('b' in topics && 'c' in topics)`: "a ab abc bc",
		`!('a' in topics)`:                                  " b bc c",
		`!'a' in topics && 'b' in topics`:                   "b bc",
		`!(!('a' in topics))`:                               "a ab abc",
		"('a' in topics\n\t&& ('b' in topics))":             "ab abc",
		`'a' in topics && 'none' in topics`:                 "",
		`'a' in topics && 'a' in topics && 'a' in topics && 'a' in topics && 'a' in topics`: "a ab abc",
		// Errors
		``: "?", `'a'`: "?", `a in topics`: "?", `'a' in topics &&`: "?", `'a' in topics & 'b' in topics`: "?", `('a' in topics`: "?", `'a' in topics)`: "?",
		`'a in topics`: "?", `'a' in topicsx`: "?", `'a' in topics 'b' in topics`: "?", `'' in topics`: "?", `'a b' in topics`: "?", `true`: "?",
		`'a' in topics && 'a' in topics && 'a' in topics && 'a' in topics && 'a' in topics && 'a' in topics`: "?",
		strings.Repeat("(", 1000): "?", strings.Repeat("!", 1000) + "'a' in topics": "?",
	} {
		var got status
		body := fmt.Sprintf(`{"message": {"condition": %q}}`, condition)
		code, _ := w.call("POST", "/v1/projects/demo-test/messages:send", body, owner, &got)
		if want == "?" {
			if code != http.StatusBadRequest {
				t.Errorf("%s: status %d", condition, code)
			}
			continue
		}
		all := w.inbox.All()
		if code != 200 || len(all) == 0 {
			t.Errorf("%s: status %d, %s", condition, code, got.Error.Message)
			continue
		}
		reached := map[string]bool{}
		for topics, token := range devices {
			d, _ := w.inbox.Device(token)
			if n := len(d.Received); n > 0 && d.Received[n-1].ID == all[len(all)-1].ID {
				reached[topics] = true
			}
		}
		for topics := range devices {
			wanted := false
			for _, x := range strings.Split(want, " ") {
				wanted = wanted || x == topics && want != ""
			}
			if wanted != reached[topics] {
				t.Errorf("%s: a device with topics %q: got it %v, want %v", condition, topics, reached[topics], wanted)
			}
		}
	}
}
