package messaging

import (
	"slices"
	"time"
)

// Bounds of what the server keeps for one device.
const (
	maxTopics    = 2000 // subscriptions. Source: https://firebase.google.com/docs/cloud-messaging/topic-messaging
	maxShown     = 100  // notifications; the oldest disappear
	maxReceived  = 100  // deliveries
	maxCollapsed = 4    // undelivered messages of Android with a collapse key
	maxWaiting   = 100  // undelivered messages without one
)

// device is an app on a device, or in a browser, with a token. The server's mutex guards it.
type device struct {
	DeviceInfo
	topics map[string]time.Time // by name; when they were subscribed to
	bytes  int64                // of its record

	waiting  []*delivery // to a device that is offline, oldest first
	received []*delivery // oldest first
	shown    []*delivery // oldest first
	dropped  int         // messages that were discarded because too many waited
}

// DeviceInfo identifies a device.
type DeviceInfo struct {
	Token    string   `json:"token"`
	Project  string   `json:"project"`
	Platform Platform `json:"platform"`
	// App is the package name, the bundle ID or, for the web, the origin.
	App string `json:"app,omitempty"`
	// FID is the Firebase Installation ID, "" if none is known.
	FID string `json:"fid,omitempty"`
	// Offline devices get their messages when they are online again; see [Server.SetOnline].
	Offline bool `json:"offline,omitempty"`
}

// delivery is a message on its way to a device or on it.
type delivery struct {
	sent    *sent
	to      *device
	content Content
	expires time.Time
}

// deliver gives a message to the device, or keeps it until the device is online. The mutex is held.
func (d *device) deliver(m *sent, now time.Time) *delivery {
	content := m.Message.For(d.Platform)
	x := &delivery{sent: m, to: d, content: content, expires: m.Message.waitsUntil(d.Platform, now, content)}
	switch {
	case !d.Offline:
		d.receive(x)
	case x.expires.After(now):
		d.wait(x)
	}
	return x
}

// wait keeps a message for a device that is offline.
//
// Source: https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types
func (d *device) wait(x *delivery) {
	key := x.content.CollapseKey
	if key != "" {
		d.waiting = slices.DeleteFunc(d.waiting, func(other *delivery) bool { return other.content.CollapseKey == key })
	}
	same := func(other *delivery) bool { return (other.content.CollapseKey == "") == (key == "") }
	n := 0
	for _, other := range d.waiting {
		if same(other) {
			n++
		}
	}
	switch {
	case key == "" && n >= maxWaiting: // all are discarded, and the app is told to synchronize
		d.waiting = slices.DeleteFunc(d.waiting, same)
		d.dropped += n
	case key != "" && d.Platform == AndroidPlatform && n >= maxCollapsed: // which one goes is undefined
		d.waiting = slices.Delete(d.waiting, slices.IndexFunc(d.waiting, same), slices.IndexFunc(d.waiting, same)+1)
	}
	d.waiting = append(d.waiting, x)
}

// receive gives a message to the device, which shows it if it has a notification. It replaces the notification
// with the same tag.
func (d *device) receive(x *delivery) {
	d.received = appendBounded(d.received, x, maxReceived)
	if !x.content.Visible {
		return
	}
	if tag := x.content.Tag; tag != "" {
		d.shown = slices.DeleteFunc(d.shown, func(other *delivery) bool { return other.content.Tag == tag })
	}
	d.shown = appendBounded(d.shown, x, maxShown)
}

// connect delivers what waits, unless it has expired.
func (d *device) connect(now time.Time) {
	d.Offline = false
	for _, x := range d.waiting {
		if x.expires.After(now) {
			d.receive(x)
		}
	}
	d.waiting = nil
}

// forget removes a delivery whose message the server forgets.
func (d *device) forget(x *delivery) {
	is := func(other *delivery) bool { return other == x }
	d.waiting = slices.DeleteFunc(d.waiting, is)
	d.received = slices.DeleteFunc(d.received, is)
	d.shown = slices.DeleteFunc(d.shown, is)
}

// clear removes all deliveries.
func (d *device) clear() { d.waiting, d.received, d.shown, d.dropped = nil, nil, nil, 0 }

// appendBounded appends an element, and drops the oldest ones beyond the limit.
func appendBounded[T any](list []T, x T, limit int) []T {
	list = append(list, x)
	if extra := len(list) - limit; extra > 0 {
		list = slices.Delete(list, 0, extra)
	}
	return list
}
