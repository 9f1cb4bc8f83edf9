package messaging_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/messaging"
)

// titles returns what a list of messages shows.
func titles(all []messaging.Received) string {
	var list []string
	for _, r := range all {
		list = append(list, strings.TrimSpace(r.Title+" "+r.Body))
	}
	return strings.Join(list, ", ")
}

// A notification replaces one with the same tag, also if both were delivered. Data shows nothing.
func TestShown(t *testing.T) {
	w := open(t, "")
	tokens := map[messaging.Platform]string{}
	for _, p := range []messaging.Platform{messaging.AndroidPlatform, messaging.IOSPlatform, messaging.WebPlatform} {
		tokens[p] = w.register(messaging.DeviceInfo{Platform: p})
		w.subscribe("lecture", tokens[p])
	}
	const tagged = `{"topic": "lecture", "notification": {"title": "Room", "body": "%d"},
		"android": {"collapse_key": "room", "notification": {"tag": "room"}},
		"apns": {"headers": {"apns-collapse-id": "room"}},
		"webpush": {"headers": {"Topic": "room"}, "notification": {"tag": "room"}}}`
	w.send(fmt.Sprintf(tagged, 1))
	w.send(`{"topic": "lecture", "notification": {"title": "News"}}`)
	w.send(fmt.Sprintf(tagged, 2))
	w.send(`{"topic": "lecture", "data": {"k": "v"}}`)
	for p, token := range tokens {
		d, _ := w.inbox.Device(token)
		if got := titles(d.Shown); got != "News, Room 2" || len(d.Received) != 4 {
			t.Errorf("%s shows %s and received %d messages", p, got, len(d.Received))
		}
	}
	// Without a tag, notifications are separate, whatever their collapse key.
	w.send(`{"topic": "lecture", "notification": {"title": "A"}, "android": {"collapse_key": "x"}}`)
	w.send(`{"topic": "lecture", "notification": {"title": "B"}, "android": {"collapse_key": "x"}}`)
	if got := titles(w.inbox.Shown(tokens[messaging.AndroidPlatform])); got != "News, Room 2, A, B" {
		t.Errorf("Android shows %s", got)
	}
	w.inbox.Clear()
	if d, _ := w.inbox.Device(tokens[messaging.IOSPlatform]); len(d.Shown)+len(d.Received)+len(w.inbox.All()) != 0 || len(d.Topics) != 1 {
		t.Errorf("after Clear: %+v", d)
	}
}

// Fields of a platform override the general ones.
func TestContent(t *testing.T) {
	w := open(t, "")
	tokens := map[messaging.Platform]string{}
	for _, p := range []messaging.Platform{messaging.AndroidPlatform, messaging.IOSPlatform, messaging.WebPlatform} {
		tokens[p] = w.register(messaging.DeviceInfo{Platform: p})
		w.subscribe("t", tokens[p])
	}
	w.send(`{"topic": "t", "notification": {"title": "T", "body": "B"}, "data": {"k": "all"},
		"android": {"data": {"k": "android"}, "notification": {"title": "A"}},
		"apns": {"payload": {"aps": {"alert": {"body": "I"}}}},
		"webpush": {"notification": {"title": "W", "body": "WB"}}}`)
	for p, want := range map[messaging.Platform]string{
		messaging.AndroidPlatform: "A B android", messaging.IOSPlatform: "T I all", messaging.WebPlatform: "W WB all",
	} {
		if got := w.inbox.Shown(tokens[p]); len(got) != 1 || got[0].Title+" "+got[0].Body+" "+got[0].Data["k"] != want {
			t.Errorf("%s shows %+v, want %s", p, got, want)
		}
	}
	// An alert alone is shown by Apple's devices only, and a string replaces title and body.
	w.send(`{"topic": "t", "data": {"k": "v"}, "apns": {"payload": {"aps": {"alert": "only"}}}}`)
	if got := titles(w.inbox.Shown(tokens[messaging.IOSPlatform])); got != "T I, only" {
		t.Errorf("iOS shows %s", got)
	}
	if got := titles(w.inbox.Shown(tokens[messaging.WebPlatform])); got != "W WB" {
		t.Errorf("the browser shows %s", got)
	}
}

// A device that is offline gets the last message of each collapse key, and none that has expired.
func TestOffline(t *testing.T) {
	w := open(t, "")
	for p, section := range map[messaging.Platform][2]string{ // a message that collapses, and one that expires in a minute
		messaging.AndroidPlatform: {`"android": {"collapse_key": "k"}`, `"android": {"ttl": "60s"}`},
		messaging.WebPlatform:     {`"webpush": {"headers": {"Topic": "k"}}`, `"webpush": {"headers": {"TTL": "60"}}`},
		messaging.IOSPlatform: {
			`"apns": {"headers": {"apns-collapse-id": "k"}}`, `"apns": {"headers": {"apns-expiration": "IN A MINUTE"}}`,
		},
	} {
		token := w.register(messaging.DeviceInfo{Platform: p, Offline: true})
		section[1] = strings.Replace(section[1], "IN A MINUTE", fmt.Sprint(w.clock.Now().Add(time.Minute).Unix()), 1)
		for i, more := range []string{section[0], section[1], section[0], `"data": {"plain": "1"}`} {
			w.send(fmt.Sprintf(`{"token": "%s", "notification": {"title": "%d"}, %s}`, token, i, more))
		}
		if d, _ := w.inbox.Device(token); titles(d.Waiting) != "1, 2, 3" || len(d.Received) != 0 {
			t.Errorf("%s: %s wait, %d were received", p, titles(d.Waiting), len(d.Received))
		}
		w.clock.Advance(2 * time.Minute)
		if d, _ := w.inbox.Device(token); titles(d.Waiting) != "2, 3" {
			t.Errorf("%s: %s wait after one has expired", p, titles(d.Waiting))
		}
		if err := w.SetOnline(token, true); err != nil {
			t.Fatal(err)
		}
		if d, _ := w.inbox.Device(token); titles(d.Shown) != "2, 3" || len(d.Waiting) != 0 || d.Offline {
			t.Errorf("%s: shows %s when it is online", p, titles(d.Shown))
		}
	}
	// A message that may not wait is for devices that are online.
	token := w.register(messaging.DeviceInfo{Offline: true})
	w.send(`{"token": "` + token + `", "notification": {"title": "now"}, "android": {"ttl": "0s"}}`)
	if d, _ := w.inbox.Device(token); len(d.Waiting) != 0 {
		t.Error("a message with ttl 0 waits")
	}
}

// Of messages with a collapse key, Android devices keep four that wait; of others, a hundred or none.
func TestWaitingIsBounded(t *testing.T) {
	w := open(t, "")
	token := w.register(messaging.DeviceInfo{Offline: true})
	for i := range 10 {
		w.send(fmt.Sprintf(`{"token": "%s", "android": {"collapse_key": "%d"}}`, token, i))
	}
	if d, _ := w.inbox.Device(token); len(d.Waiting) != 4 {
		t.Errorf("%d messages with collapse keys wait, want 4", len(d.Waiting))
	}
	for range 100 {
		w.send(`{"token": "` + token + `", "data": {"k": "v"}}`)
	}
	if d, _ := w.inbox.Device(token); len(d.Waiting) != 104 || d.Dropped != 0 {
		t.Errorf("%d messages wait, want 104", len(d.Waiting))
	}
	w.send(`{"token": "` + token + `", "data": {"k": "v"}}`)
	if d, _ := w.inbox.Device(token); len(d.Waiting) != 5 || d.Dropped != 100 {
		t.Errorf("%d messages wait and %d were dropped, want 5 and 100", len(d.Waiting), d.Dropped)
	}
}

// However many messages are sent, the server and each device keep the latest.
func TestInboxIsBounded(t *testing.T) {
	w := open(t, "")
	token := w.register(messaging.DeviceInfo{})
	last := ""
	for range 10_050 {
		last = w.send(`{"token": "` + token + `", "notification": {"title": "x"}}`)
	}
	all, d := w.inbox.All(), w.inbox.Devices()[0]
	if len(all) != 10_000 || all[len(all)-1].ID != last {
		t.Errorf("the inbox has %d messages, want the latest 10,000", len(all))
	}
	if len(d.Received) != 100 || len(d.Shown) != 100 || d.Shown[99].ID != last {
		t.Errorf("the device received %d and shows %d, want the latest 100", len(d.Received), len(d.Shown))
	}
	ids := map[string]bool{}
	for _, m := range all {
		ids[m.ID] = true
	}
	if len(ids) != len(all) {
		t.Errorf("%d messages have %d names", len(all), len(ids))
	}
	if tokens := w.inbox.Subscribers("none"); !slices.Equal(tokens, nil) {
		t.Errorf("a topic without subscribers has %v", tokens)
	}
}
