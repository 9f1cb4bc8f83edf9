package push

import (
	"strconv"
	"time"

	"firebase.google.com/go/v4/messaging"
)

// timeToLive is how long a message waits for a device that is off. After a day, the app itself shows what changed.
const timeToLive = 24 * time.Hour

// notification is a message that a device shows.
type notification struct {
	topic, title, body string
	// collapse is the same for messages of which a device shows the last only. Web push allows 32 characters.
	//
	// Source: https://www.rfc-editor.org/rfc/rfc8030#section-5.4
	collapse string
	// thread groups notifications.
	thread string
	data   map[string]string
	// expires is when the message is no longer of use.
	expires time.Time
}

// message returns the message for the phones of both kinds and for browsers.
//
// Source: https://firebase.google.com/docs/cloud-messaging/concept-options
func (n *notification) message(now time.Time) *messaging.Message {
	ttl := max(0, n.expires.Sub(now).Truncate(time.Second))
	return &messaging.Message{
		Topic: n.topic, Data: n.data,
		Notification: &messaging.Notification{Title: n.title, Body: n.body},
		Android: &messaging.AndroidConfig{
			CollapseKey: n.collapse, TTL: &ttl, Priority: "high",
			Notification: &messaging.AndroidNotification{Tag: n.collapse},
		},
		APNS: &messaging.APNSConfig{
			Headers: map[string]string{
				"apns-collapse-id": n.collapse, "apns-priority": "10",
				"apns-expiration": strconv.FormatInt(n.expires.Unix(), 10),
			},
			Payload: &messaging.APNSPayload{Aps: &messaging.Aps{Sound: "default", ThreadID: n.thread}},
		},
		Webpush: &messaging.WebpushConfig{
			Headers:      map[string]string{"Topic": n.collapse, "TTL": strconv.Itoa(int(ttl.Seconds())), "Urgency": "high"},
			Notification: &messaging.WebpushNotification{Tag: n.collapse},
		},
	}
}
