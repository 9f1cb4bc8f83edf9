package messaging

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of a message.
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
const (
	maxPayloadBytes      = 4096
	maxTopicPayloadBytes = 2048
	maxTTL               = 28 * 24 * time.Hour
)

// Names of topics. The length is not part of the expression: compiling one that repeats 900 times would take
// two milliseconds of every start.
// Sources: https://firebase.google.com/docs/cloud-messaging/send-topic-messages and, for the length, the
// discovery document of version v1, schema TopicSubscription.
var topicNames = regexp.MustCompile(`^[a-zA-Z0-9-_.~%]+$`)

const maxTopicName = 900

func isTopicName(name string) bool { return len(name) <= maxTopicName && topicNames.MatchString(name) }

// analyticsLabels are the labels of a message.
// Source: https://firebase.google.com/docs/cloud-messaging/understand-delivery#adding-analytics-labels-to-messages
var analyticsLabels = regexp.MustCompile(`^[a-zA-Z0-9-_.~%]{1,50}$`)

var colors = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// checkMessage returns what Cloud Messaging rejects of a message whose fields have the right types.
func checkMessage(m *Message) *apiError {
	for _, check := range []func(*Message) *apiError{checkTarget, checkData, checkAndroid, checkAndroidV2, checkWebpush, checkAPNS, checkLabels, checkSize} {
		if err := check(m); err != nil {
			return err
		}
	}
	return nil
}

// checkTarget checks to whom a message goes.
func checkTarget(m *Message) *apiError {
	given := []string{}
	for _, target := range []struct{ name, value string }{{"token", m.Token}, {"fid", m.FID}, {"topic", m.Topic}, {"condition", m.Condition}} {
		if target.value != "" {
			given = append(given, target.name)
		}
	}
	switch {
	case len(given) == 0:
		return invalidField("message", "Recipient of the message is not set.")
	case len(given) > 1:
		description := fmt.Sprintf("Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '%s'", given[1])
		return malformed(violation{"message", description})
	case m.Topic != "" && !isTopicName(m.Topic):
		return invalidField("message.topic", "Invalid topic name provided: it must match [a-zA-Z0-9-_.~%%]+, without the prefix /topics/.")
	case m.Condition != "":
		_, err := parseCondition(m.Condition)
		return err
	}
	return nil
}

// checkData checks the keys of all data payloads. The documentation reserves "from", "message_type", and
// "gcm" and everything that begins with "google" or "gcm.".
//
// Sources: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#Message and
// https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
func checkData(m *Message) *apiError {
	for at, data := range m.dataPayloads() {
		for key := range data {
			if key == "" || key == "from" || key == "message_type" || key == "gcm" || strings.HasPrefix(key, "google") || strings.HasPrefix(key, "gcm.") {
				return invalidField(at, "Invalid data payload key: %s", key)
			}
		}
	}
	return nil
}

// dataPayloads returns the data of all platforms, by the field.
func (m *Message) dataPayloads() map[string]map[string]string {
	all := map[string]map[string]string{"message.data": m.Data}
	if m.Android != nil {
		all["message.android.data"] = m.Android.Data
	}
	if m.AndroidV2 != nil {
		all["message.android_v2.data"] = m.AndroidV2.Data
	}
	if m.Webpush != nil {
		all["message.webpush.data"] = m.Webpush.Data
	}
	return all
}

func checkAndroid(m *Message) *apiError {
	if m.Android == nil {
		return nil
	}
	if m.AndroidV2 != nil {
		return invalidField("message.android_v2", "android and android_v2 are mutually exclusive.")
	}
	if err := checkAndroidDelivery("message.android", m.Android.androidDelivery); err != nil || m.Android.Notification == nil {
		return err
	}
	return checkAppearance("message.android.notification", m.Android.Notification.androidAppearance)
}

func checkAndroidV2(m *Message) *apiError {
	if m.AndroidV2 == nil {
		return nil
	}
	if err := checkAndroidDelivery("message.android_v2", m.AndroidV2.androidDelivery); err != nil {
		return err
	}
	if r := m.AndroidV2.RemoteNotification; r != nil && r.Notification != nil {
		return checkAppearance("message.android_v2.remote_notification.notification", r.Notification.androidAppearance)
	}
	return nil
}

func checkAndroidDelivery(at string, a androidDelivery) *apiError {
	if a.TTL == nil {
		return nil
	}
	if ttl := time.Duration(*a.TTL); ttl < 0 || ttl > maxTTL {
		return invalidField(at+".ttl", "Invalid ttl: it must be between 0s and 2419200s.")
	}
	return nil
}

func checkAppearance(at string, a androidAppearance) *apiError {
	if a.Color != "" && !colors.MatchString(a.Color) {
		return invalidField(at+".color", "Invalid color: it must be in #rrggbb format.")
	}
	if err := checkImage(at+".image", a.Image); err != nil {
		return err
	}
	for i, timing := range a.VibrateTimings {
		if timing < 0 {
			return invalidField(fmt.Sprintf("%s.vibrate_timings[%d]", at, i), "Invalid duration: it must not be negative.")
		}
	}
	l := a.LightSettings
	switch {
	case l == nil:
		return nil
	case l.Color == nil || l.LightOnDuration == nil || l.LightOffDuration == nil:
		return invalidField(at+".light_settings", "color, light_on_duration and light_off_duration are required.")
	case *l.LightOnDuration < 0 || *l.LightOffDuration < 0:
		return invalidField(at+".light_settings", "Invalid duration: it must not be negative.")
	}
	return nil
}

// checkImage checks the URL of an image.
func checkImage(at, image string) *apiError {
	if image == "" {
		return nil
	}
	if u, err := url.Parse(image); err != nil || !u.IsAbs() {
		return invalidField(at, "Invalid image URL: %s", image)
	}
	return nil
}

// urgencies are those of the Web Push protocol, and pushTopics its collapse keys.
// Source: RFC 8030, sections 5.3 and 5.4.
var (
	urgencies  = regexp.MustCompile(`^(very-low|low|normal|high)$`)
	pushTopics = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

func checkWebpush(m *Message) *apiError {
	if m.Webpush == nil {
		return nil
	}
	for name, value := range m.Webpush.Headers {
		valid := true
		switch strings.ToLower(name) {
		case "ttl":
			seconds, err := strconv.ParseInt(value, 10, 64)
			valid = err == nil && seconds >= 0 && seconds <= int64(maxTTL/time.Second)
		case "urgency":
			valid = urgencies.MatchString(value)
		case "topic":
			valid = pushTopics.MatchString(value)
		}
		if !valid {
			return invalidField("message.webpush.headers", "Invalid value of the header %s: %s", name, value)
		}
	}
	if o := m.Webpush.FCMOptions; o != nil && o.Link != "" {
		if u, err := url.Parse(o.Link); err != nil || u.Scheme != "https" || u.Host == "" {
			return invalidField("message.webpush.fcm_options.link", "Invalid link: it must be an HTTPS URL.")
		}
	}
	return nil
}

// maxCollapseIDBytes is the length of an apns-collapse-id.
// Source: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
const maxCollapseIDBytes = 64

func checkAPNS(m *Message) *apiError {
	if m.APNS == nil {
		return nil
	}
	for name, value := range m.APNS.Headers {
		valid := true
		switch strings.ToLower(name) {
		case "apns-priority":
			valid = value == "10" || value == "5" || value == "1"
		case "apns-expiration":
			_, err := strconv.ParseInt(value, 10, 64)
			valid = err == nil
		case "apns-collapse-id":
			valid = len(value) <= maxCollapseIDBytes
		}
		if !valid {
			return invalidField("message.apns.headers", "Invalid value of the header %s: %s", name, value)
		}
	}
	if aps, given := m.APNS.Payload["aps"]; given {
		if _, ok := aps.(map[string]any); !ok {
			return invalidField("message.apns.payload.aps", "Invalid value: aps must be an object.")
		}
	}
	if o := m.APNS.FCMOptions; o != nil {
		return checkImage("message.apns.fcm_options.image", o.Image)
	}
	return nil
}

func checkLabels(m *Message) *apiError {
	labels := map[string]*Options{"message.fcm_options": m.FCMOptions}
	if m.Android != nil {
		labels["message.android.fcm_options"] = m.Android.FCMOptions
	}
	if m.AndroidV2 != nil {
		labels["message.android_v2.fcm_options"] = m.AndroidV2.FCMOptions
	}
	if m.Webpush != nil && m.Webpush.FCMOptions != nil {
		labels["message.webpush.fcm_options"] = &m.Webpush.FCMOptions.Options
	}
	if m.APNS != nil && m.APNS.FCMOptions != nil {
		labels["message.apns.fcm_options"] = &m.APNS.FCMOptions.Options
	}
	for at, o := range labels {
		if o != nil && o.AnalyticsLabel != "" && !analyticsLabels.MatchString(o.AnalyticsLabel) {
			return invalidField(at+".analytics_label", "Invalid analytics label: it must match [a-zA-Z0-9-_.~%%]{1,50}.")
		}
	}
	if m.Notification != nil {
		return checkImage("message.notification.image", m.Notification.Image)
	}
	return nil
}

// checkSize checks what each platform would receive. Keys and values count.
func checkSize(m *Message) *apiError {
	limit := maxPayloadBytes
	if m.Topic != "" || m.Condition != "" {
		limit = maxTopicPayloadBytes
	}
	for _, p := range []struct {
		platform Platform
		name     string
	}{{AndroidPlatform, "Android"}, {IOSPlatform, "APNs"}, {WebPlatform, "Web Push"}} {
		if payloadBytes(m.For(p.platform)) > limit {
			return invalidField("message", "%s message is too big", p.name)
		}
	}
	return nil
}

// payloadBytes returns the size of what a device receives.
func payloadBytes(c Content) int {
	n := len(c.Title) + len(c.Body) + len(c.Image) + len(c.Tag)
	for key, value := range c.Data {
		n += len(key) + len(value)
	}
	if c.payload != nil {
		if text, err := json.Marshal(c.payload); err == nil {
			n += len(text)
		}
	}
	return n
}
