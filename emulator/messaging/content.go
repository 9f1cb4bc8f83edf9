package messaging

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Platform is the kind of device that a token belongs to, by the Instance ID service's names.
type Platform string

// The platforms.
const (
	AndroidPlatform Platform = "ANDROID"
	IOSPlatform     Platform = "IOS"
	WebPlatform     Platform = "CHROME" // every browser
)

// Content is what a device of one platform gets of a message.
type Content struct {
	// Visible reports whether the system shows a notification. It shows none for a message that has only
	// data, which goes to the app.
	Visible bool   `json:"visible"`
	Title   string `json:"title,omitempty"`
	Body    string `json:"body,omitempty"`
	Image   string `json:"image,omitempty"`
	// Tag replaces a notification with the same tag that is being shown: the tag of an Android or web
	// notification, or the header apns-collapse-id.
	Tag string `json:"tag,omitempty"`
	// CollapseKey replaces a message with the same key that has not been delivered: collapse_key, the
	// header apns-collapse-id, or the web push header Topic.
	CollapseKey string            `json:"collapseKey,omitempty"`
	Data        map[string]string `json:"data,omitempty"`
	// TTL is how long the message waits for a device that is offline.
	TTL time.Duration `json:"-"`

	payload map[string]any // what the platform's section adds, and the size counts
}

// For returns what a device gets. Platform-specific fields override the general ones.
//
// Source: https://firebase.google.com/docs/cloud-messaging/customize-messages/cross-platform
func (m *Message) For(p Platform) Content {
	c := Content{Data: m.Data, TTL: maxTTL}
	if m.Notification != nil {
		c.Visible, c.Title, c.Body, c.Image = true, m.Notification.Title, m.Notification.Body, m.Notification.Image
	}
	switch {
	case p == AndroidPlatform && m.Android != nil:
		c.android(m.Android.androidDelivery)
		if n := m.Android.Notification; n != nil {
			c.appearance(n.androidAppearance)
		}
	case p == AndroidPlatform && m.AndroidV2 != nil:
		c.android(m.AndroidV2.androidDelivery)
		if r := m.AndroidV2.RemoteNotification; r != nil && r.Notification != nil {
			c.appearance(r.Notification.androidAppearance)
		}
	case p == IOSPlatform && m.APNS != nil:
		c.apns(m.APNS)
	case p == WebPlatform && m.Webpush != nil:
		c.webpush(m.Webpush)
	}
	return c
}

func (c *Content) android(a androidDelivery) {
	c.CollapseKey = a.CollapseKey
	if a.Data != nil {
		c.Data = a.Data
	}
	if a.TTL != nil {
		c.TTL = time.Duration(*a.TTL).Truncate(time.Second)
	}
}

func (c *Content) appearance(a androidAppearance) {
	c.Visible, c.Tag = true, a.Tag
	c.Title, c.Body, c.Image = cmp.Or(a.Title, c.Title), cmp.Or(a.Body, c.Body), cmp.Or(a.Image, c.Image)
}

// defaultExpiration is how long Cloud Messaging asks Apple to keep a message.
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#ApnsConfig
const defaultExpiration = 30 * 24 * time.Hour

func (c *Content) apns(a *APNS) {
	c.TTL, c.payload = defaultExpiration, a.Payload
	c.CollapseKey = header(a.Headers, "apns-collapse-id")
	c.Tag = c.CollapseKey
	if a.FCMOptions != nil {
		c.Image = cmp.Or(a.FCMOptions.Image, c.Image)
	}
	aps, _ := a.Payload["aps"].(map[string]any)
	switch alert := aps["alert"].(type) {
	case string:
		c.Visible, c.Title, c.Body = true, "", alert
	case map[string]any:
		title, _ := alert["title"].(string)
		body, _ := alert["body"].(string)
		c.Visible, c.Title, c.Body = true, cmp.Or(title, c.Title), cmp.Or(body, c.Body)
	}
}

func (c *Content) webpush(w *Webpush) {
	c.CollapseKey = header(w.Headers, "Topic")
	if w.Data != nil {
		c.Data = w.Data
	}
	if seconds, err := strconv.ParseInt(header(w.Headers, "TTL"), 10, 64); err == nil {
		c.TTL = time.Duration(seconds) * time.Second
	}
	if w.Notification == nil {
		return
	}
	text := func(name, otherwise string) string {
		s, _ := w.Notification[name].(string)
		return cmp.Or(s, otherwise)
	}
	c.Visible, c.Tag, c.payload = true, text("tag", ""), maps.Clone(w.Notification)
	c.Title, c.Body, c.Image = text("title", c.Title), text("body", c.Body), text("image", c.Image)
	for _, counted := range []string{"title", "body", "image", "tag"} { // on their own
		delete(c.payload, counted)
	}
}

// header returns the value of a header, whose name may be in any case.
func header(headers map[string]string, name string) string {
	for given, value := range headers {
		if strings.EqualFold(given, name) {
			return value
		}
	}
	return ""
}

// waitsUntil returns when a message that was sent at a time expires. One that expires immediately is delivered
// only to a device that is online.
func (m *Message) waitsUntil(p Platform, sent time.Time, c Content) time.Time {
	if p == IOSPlatform && m.APNS != nil {
		if seconds, err := strconv.ParseInt(header(m.APNS.Headers, "apns-expiration"), 10, 64); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return sent.Add(c.TTL)
}
