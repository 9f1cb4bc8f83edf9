package messaging_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/messaging"
)

// installation is what a web client knows of its installation.
type installation struct {
	FID          string
	RefreshToken string
	AuthToken    struct{ Token, ExpiresIn string }
}

// install creates an installation, as @firebase/installations does.
func (w *world) install(fid string) (i installation) {
	w.t.Helper()
	body := `{"fid": "` + fid + `", "authVersion": "FIS_v2", "appId": "1:1:web:1", "sdkVersion": "w:0.6.24"}`
	if code, _ := w.call("POST", "/v1/projects/demo-test/installations", body, apiKey(), &i); code != 200 {
		w.t.Fatalf("creating an installation: %d", code)
	}
	return i
}

// apiKey are the headers of a web client.
func apiKey(more ...string) http.Header {
	h := http.Header{"X-Goog-Api-Key": {"key"}}
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

const webBody = `{"web": {"origin": "heek.kr", "endpoint": "https://push.example/1", "auth": "YQ", "p256dh": "YQ", "applicationPubKey": "YQ"}}`

// A web client gets an installation, a token for it, and a registration, whose token gets messages until the
// registration or the installation is deleted. It is long because it follows one client through all calls.
func TestWebRegistration(t *testing.T) {
	const fid = "cAAAAAAAAAAAAAAAAAAAAA"
	w := open(t, "")
	i := w.install(fid)
	if i.FID != fid || i.AuthToken.ExpiresIn != "604800s" {
		t.Fatalf("installation %+v", i)
	}
	var registration struct{ Name, Token string }
	const path = "/v1/projects/demo-test/registrations"
	auth := apiKey("X-Goog-Firebase-Installations-Auth", "FIS "+i.AuthToken.Token)
	if code, _ := w.call("POST", path, webBody, auth, &registration); code != 200 || registration.Name != "projects/demo-test/registrations/"+fid {
		t.Fatalf("registration: %d %+v", code, registration)
	}
	first := registration.Token
	w.send(`{"token": "` + first + `", "notification": {"title": "Room"}}`)
	d, _ := w.inbox.Device(first)
	if d.Platform != messaging.WebPlatform || d.App != "heek.kr" || titles(d.Shown) != "Room" {
		t.Errorf("device %+v", d)
	}
	w.subscribe("t", first)
	for _, c := range []struct{ method, path string }{{"POST", path}, {"PATCH", path + "/" + first}} { // again
		if code, _ := w.call(c.method, c.path, webBody, auth, &registration); code != 200 || registration.Token != first || len(w.inbox.Subscribers("t")) != 1 {
			t.Errorf("%s: %d %+v", c.method, code, registration)
		}
	}

	other := w.install("")
	if other.FID == "" || other.FID == fid {
		t.Fatalf("another installation: %+v", other)
	}
	foreign := apiKey("X-Goog-Firebase-Installations-Auth", "FIS "+other.AuthToken.Token)
	if code, _ := w.call("DELETE", path+"/"+first, "", foreign, nil); code != http.StatusForbidden {
		t.Errorf("another installation's registration was deleted: %d", code)
	}
	if code, _ := w.call("DELETE", path+"/"+first, "", auth, nil); code != 200 {
		t.Errorf("deleting the registration: %d", code)
	}
	if code, _ := w.call("PATCH", path+"/"+first, webBody, auth, nil); code != 404 || len(w.inbox.Subscribers("t")) != 0 {
		t.Errorf("updating a registration that was deleted: %d", code)
	}

	// The refresh token gets another token when the first has expired.
	w.clock.Advance(8 * 24 * time.Hour)
	if code, _ := w.call("POST", path, webBody, auth, nil); code != 401 {
		t.Errorf("with a token that has expired: %d", code)
	}
	owns := apiKey("Authorization", "FIS_v2 "+i.RefreshToken)
	var fresh struct{ Token string }
	if code, _ := w.call("POST", "/v1/projects/demo-test/installations/"+fid+"/authTokens:generate", `{}`, owns, &fresh); code != 200 {
		t.Fatalf("another token: %d", code)
	}
	auth = apiKey("X-Goog-Firebase-Installations-Auth", "FIS "+fresh.Token)
	if code, _ := w.call("POST", path, webBody, auth, &registration); code != 200 || registration.Token == first {
		t.Errorf("registering again: %d", code)
	}
	if code, _ := w.call("DELETE", "/v1/projects/demo-test/installations/"+fid, "", owns, nil); code != 200 {
		t.Errorf("deleting the installation: %d", code)
	}
	if _, ok := w.inbox.Device(registration.Token); ok {
		t.Error("the device of a deleted installation is still there")
	}
}

func TestRejectedRegistrations(t *testing.T) {
	w := open(t, "")
	i := w.install("")
	auth := "FIS " + i.AuthToken.Token
	for name, c := range map[string]struct {
		method, path, body string
		header             http.Header
		want               int
	}{
		"no API key":            {"POST", "/v1/projects/demo-test/installations", `{"appId": "a", "authVersion": "FIS_v2"}`, nil, 403},
		"no app":                {"POST", "/v1/projects/demo-test/installations", `{"authVersion": "FIS_v2"}`, apiKey(), 400},
		"another version":       {"POST", "/v1/projects/demo-test/installations", `{"appId": "a", "authVersion": "FIS_v1"}`, apiKey(), 400},
		"another installation":  {"POST", "/v1/projects/demo-test/installations/cBBBBBBBBBBBBBBBBBBBBB/authTokens:generate", "{}", apiKey("Authorization", "FIS_v2 "+i.RefreshToken), 401},
		"another project":       {"POST", "/v1/projects/demo-other/registrations", webBody, apiKey("X-Goog-Firebase-Installations-Auth", auth), 401},
		"no installation":       {"POST", "/v1/projects/demo-test/registrations", webBody, apiKey(), 401},
		"a refresh token":       {"POST", "/v1/projects/demo-test/registrations", webBody, apiKey("X-Goog-Firebase-Installations-Auth", "FIS "+i.RefreshToken), 401},
		"no endpoint":           {"POST", "/v1/projects/demo-test/registrations", `{"web": {"auth": "YQ", "p256dh": "YQ"}}`, apiKey("X-Goog-Firebase-Installations-Auth", auth), 400},
		"an endpoint over HTTP": {"POST", "/v1/projects/demo-test/registrations", strings.Replace(webBody, "https", "http", 1), apiKey("X-Goog-Firebase-Installations-Auth", auth), 400},
		"no keys":               {"POST", "/v1/projects/demo-test/registrations", `{"web": {"endpoint": "https://push.example/1"}}`, apiKey("X-Goog-Firebase-Installations-Auth", auth), 400},
		"no JSON":               {"POST", "/v1/projects/demo-test/registrations", `{`, apiKey("X-Goog-Firebase-Installations-Auth", auth), 400},
		"a missing one":         {"DELETE", "/v1/projects/demo-test/registrations/none", "", apiKey("X-Goog-Firebase-Installations-Auth", auth), 404},
	} {
		if code, _ := w.call(c.method, c.path, c.body, c.header, nil); code != c.want {
			t.Errorf("%s: %d, want %d", name, code, c.want)
		}
	}
	if n := len(w.inbox.Devices()); n != 0 {
		t.Errorf("%d devices were registered", n)
	}
}

// Tests in other languages register devices, read the inbox and inject faults over HTTP.
func TestControl(t *testing.T) {
	w := open(t, "")
	const base = "/emulator/v1/projects/demo-test/"
	var d messaging.Device
	if code, _ := w.call("POST", base+"devices", `{"token": "phone", "platform": "IOS"}`, nil, &d); code != 200 || d.Token != "phone" || d.FID == "" {
		t.Fatalf("device: %d %+v", code, d)
	}
	w.send(`{"token": "phone", "notification": {"title": "Room"}}`)
	var inbox struct {
		Messages []messaging.Sent
		Devices  []messaging.Device
	}
	w.call("GET", base+"messages", "", nil, &inbox)
	w.call("GET", base+"devices", "", nil, &inbox)
	if len(inbox.Messages) != 1 || inbox.Messages[0].Message.Notification.Title != "Room" || len(inbox.Devices) != 1 || titles(inbox.Devices[0].Shown) != "Room" {
		t.Errorf("inbox %+v", inbox)
	}
	if code, _ := w.call("GET", base+"devices/phone", "", nil, &d); code != 200 || titles(d.Shown) != "Room" {
		t.Errorf("device: %d %+v", code, d)
	}
	if code, _ := w.call("POST", base+"faults", `{"code": "UNAVAILABLE", "retryAfter": "3s", "times": 1}`, nil, nil); code != 200 {
		t.Errorf("a fault: %d", code)
	}
	if code, header := w.call("POST", "/v1/projects/demo-test/messages:send", `{"message": {"token": "phone"}}`, owner, nil); code != 503 || header.Get("Retry-After") != "3" {
		t.Errorf("a message with a fault: %d", code)
	}
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "faults", `{"code": "BROKEN"}`, 400}, {"POST", "faults", `{"kode": "INTERNAL"}`, 400}, {"DELETE", "faults", "", 200},
		{"POST", "devices", `{"token": "a b"}`, 400}, {"POST", "devices", `{"platform": "NOKIA"}`, 400},
		{"DELETE", "messages", "", 200}, {"DELETE", "devices/phone", "", 200}, {"GET", "devices/phone", "", 404}, {"DELETE", "devices", "", 200},
	} {
		if code, _ := w.call(c.method, base+c.path, c.body, nil, nil); code != c.want {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.body, code, c.want)
		}
	}
}
