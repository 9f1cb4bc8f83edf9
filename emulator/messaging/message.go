package messaging

// Message is a message as clients send it, with the field names of the REST API. Fields that only choose how
// a notification looks are here too, because the API rejects names that it does not know.
//
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, and the discovery
// document https://fcm.googleapis.com/$discovery/rest?version=v1, revision 20261018.
type Message struct {
	Name         string            `json:"name,omitempty"` // set by the server
	Data         map[string]string `json:"data,omitempty"`
	Notification *Notification     `json:"notification,omitempty"`
	Android      *Android          `json:"android,omitempty"`
	AndroidV2    *AndroidV2        `json:"android_v2,omitempty"`
	Webpush      *Webpush          `json:"webpush,omitempty"`
	APNS         *APNS             `json:"apns,omitempty"`
	FCMOptions   *Options          `json:"fcm_options,omitempty"`

	// Exactly one of these is set.
	Token     string `json:"token,omitempty"`
	FID       string `json:"fid,omitempty"`
	Topic     string `json:"topic,omitempty"`
	Condition string `json:"condition,omitempty"`
}

// Notification is what all platforms show.
type Notification struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body,omitempty"`
	Image string `json:"image,omitempty"`
}

// Options are features of the SDKs. Link is the web's only, and Image is Apple's only.
type Options struct {
	AnalyticsLabel string `json:"analytics_label,omitempty"`
}

// androidDelivery are the fields that both versions of the Android options have.
type androidDelivery struct {
	CollapseKey            string            `json:"collapse_key,omitempty"`
	TTL                    *Duration         `json:"ttl,omitempty"`
	RestrictedPackageName  string            `json:"restricted_package_name,omitempty"`
	Data                   map[string]string `json:"data,omitempty"`
	FCMOptions             *Options          `json:"fcm_options,omitempty"`
	DirectBootOK           bool              `json:"direct_boot_ok,omitempty"`
	BandwidthConstrainedOK bool              `json:"bandwidth_constrained_ok,omitempty"`
	RestrictedSatelliteOK  bool              `json:"restricted_satellite_ok,omitempty"`
}

// Android is for devices with Android.
type Android struct {
	androidDelivery
	Priority     AndroidPriority      `json:"priority,omitempty"`
	Notification *AndroidNotification `json:"notification,omitempty"`
}

// AndroidV2 replaces [Android] in requests that have it.
type AndroidV2 struct {
	androidDelivery
	RemoteNotification *AndroidRemoteNotification `json:"remote_notification,omitempty"`
	BackgroundSync     *struct{}                  `json:"background_sync,omitempty"`
}

// AndroidRemoteNotification is the notification of [AndroidV2].
type AndroidRemoteNotification struct {
	MutableContent     bool                   `json:"mutable_content,omitempty"`
	Notification       *AndroidNotificationV2 `json:"notification,omitempty"`
	UseAsV1DataMessage bool                   `json:"use_as_v1_data_message,omitempty"`
}

// androidAppearance are the fields that both versions of an Android notification have.
type androidAppearance struct {
	Title                 string               `json:"title,omitempty"`
	Body                  string               `json:"body,omitempty"`
	Icon                  string               `json:"icon,omitempty"`
	Color                 string               `json:"color,omitempty"`
	Sound                 string               `json:"sound,omitempty"`
	Tag                   string               `json:"tag,omitempty"`
	ClickAction           string               `json:"click_action,omitempty"`
	BodyLocKey            string               `json:"body_loc_key,omitempty"`
	BodyLocArgs           []string             `json:"body_loc_args,omitempty"`
	TitleLocKey           string               `json:"title_loc_key,omitempty"`
	TitleLocArgs          []string             `json:"title_loc_args,omitempty"`
	ChannelID             string               `json:"channel_id,omitempty"`
	Ticker                string               `json:"ticker,omitempty"`
	Sticky                bool                 `json:"sticky,omitempty"`
	EventTime             Timestamp            `json:"event_time,omitempty"`
	LocalOnly             bool                 `json:"local_only,omitempty"`
	NotificationPriority  NotificationPriority `json:"notification_priority,omitempty"`
	DefaultSound          bool                 `json:"default_sound,omitempty"`
	DefaultVibrateTimings bool                 `json:"default_vibrate_timings,omitempty"`
	DefaultLightSettings  bool                 `json:"default_light_settings,omitempty"`
	VibrateTimings        []Duration           `json:"vibrate_timings,omitempty"`
	Visibility            Visibility           `json:"visibility,omitempty"`
	NotificationCount     int32                `json:"notification_count,omitempty"`
	LightSettings         *LightSettings       `json:"light_settings,omitempty"`
	Image                 string               `json:"image,omitempty"`
}

// AndroidNotification is what Android shows.
type AndroidNotification struct {
	androidAppearance
	BypassProxyNotification bool  `json:"bypass_proxy_notification,omitempty"`
	Proxy                   Proxy `json:"proxy,omitempty"`
}

// AndroidNotificationV2 is the notification of [AndroidRemoteNotification].
type AndroidNotificationV2 struct {
	androidAppearance
	ID int32 `json:"id,omitempty"`
}

// LightSettings are how a device's LED blinks.
type LightSettings struct {
	Color            *Color    `json:"color,omitempty"`
	LightOnDuration  *Duration `json:"light_on_duration,omitempty"`
	LightOffDuration *Duration `json:"light_off_duration,omitempty"`
}

// Color is a google.type.Color.
type Color struct {
	Red   float64  `json:"red,omitempty"`
	Green float64  `json:"green,omitempty"`
	Blue  float64  `json:"blue,omitempty"`
	Alpha *float64 `json:"alpha,omitempty"`
}

// Webpush is for browsers.
type Webpush struct {
	Headers      map[string]string `json:"headers,omitempty"`
	Data         map[string]string `json:"data,omitempty"`
	Notification map[string]any    `json:"notification,omitempty"` // the options of the Web Notification API
	FCMOptions   *WebpushOptions   `json:"fcm_options,omitempty"`
}

// WebpushOptions are features of the web SDK.
type WebpushOptions struct {
	Options
	Link string `json:"link,omitempty"`
}

// APNS is for Apple's devices.
type APNS struct {
	Headers           map[string]string `json:"headers,omitempty"`
	Payload           map[string]any    `json:"payload,omitempty"` // with the dictionary "aps"
	FCMOptions        *APNSOptions      `json:"fcm_options,omitempty"`
	LiveActivityToken string            `json:"live_activity_token,omitempty"`
}

// APNSOptions are features of Apple's SDK.
type APNSOptions struct {
	Options
	Image string `json:"image,omitempty"`
}

// sendRequest is the body of messages:send.
type sendRequest struct {
	ValidateOnly bool     `json:"validate_only,omitempty"`
	Message      *Message `json:"message,omitempty"`
}

// enum is a string type with a fixed set of values.
type enum interface {
	// enumName returns the name of the type in Google's errors, and its values.
	enumName() (name string, values []string)
}

// AndroidPriority is when a message is delivered.
type AndroidPriority string

func (AndroidPriority) enumName() (string, []string) {
	return "google.firebase.fcm.v1.AndroidMessagePriority", []string{"NORMAL", "HIGH"}
}

// NotificationPriority is how much of the user's attention a notification takes.
type NotificationPriority string

func (NotificationPriority) enumName() (string, []string) {
	return "google.firebase.fcm.v1.AndroidNotification.NotificationPriority",
		[]string{"PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"}
}

// Visibility is what the lock screen shows of a notification.
type Visibility string

func (Visibility) enumName() (string, []string) {
	return "google.firebase.fcm.v1.AndroidNotification.Visibility", []string{"VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"}
}

// Proxy is when another app may handle a notification.
type Proxy string

func (Proxy) enumName() (string, []string) {
	return "google.firebase.fcm.v1.AndroidNotification.Proxy", []string{"PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"}
}
