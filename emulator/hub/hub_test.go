package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/hub"
)

func do(t *testing.T, method, url string) (status int, body map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	json.NewDecoder(answer.Body).Decode(&body) // body stays empty if it is not JSON
	return answer.StatusCode, body
}

func TestEmulators(t *testing.T) {
	h := hub.New("demo-test")
	for name, address := range map[string]string{"firestore": "127.0.0.1:8080", "storage": "0.0.0.0:9199", "auth": "[::]:9099", "hub": "localhost:4400"} {
		if err := h.Add(name, address); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", "nowhere", "host:port"} {
		if err := h.Add("ui", bad); err == nil || !strings.Contains(err.Error(), "ui") {
			t.Errorf("Add(%q): %v", bad, err)
		}
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	status, body := do(t, "GET", srv.URL+"/emulators")
	if status != 200 || len(body) != 4 {
		t.Fatalf("%d %v", status, body)
	}
	for name, want := range map[string]string{
		"firestore": "map[host:127.0.0.1 listen:[map[address:127.0.0.1 family:IPv4 port:8080]] name:firestore port:8080]",
		"storage":   "map[host:127.0.0.1 listen:[map[address:0.0.0.0 family:IPv4 port:9199]] name:storage port:9199]",
		"auth":      "map[host:::1 listen:[map[address::: family:IPv6 port:9099]] name:auth port:9099]",
		"hub":       "map[host:localhost listen:[map[address:localhost family:IPv4 port:4400]] name:hub port:4400]",
	} {
		if got := fmt.Sprint(body[name]); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if status, body := do(t, "GET", srv.URL+"/"); status != 200 || fmt.Sprint(body["origins"]) != "["+srv.URL+"]" || body["project"] != "demo-test" {
		t.Errorf("locator: %d %v", status, body)
	}
}

func TestTriggers(t *testing.T) {
	h := hub.New("demo-test")
	srv := httptest.NewServer(h)
	defer srv.Close()
	ask := func(name string) string {
		t.Helper()
		status, body := do(t, "PUT", srv.URL+"/functions/"+name+"BackgroundTriggers")
		return fmt.Sprint(status, body)
	}
	if got := ask("disable"); got != "200map[enabled:false]" && got != "200 map[enabled:false]" {
		t.Errorf("without triggers: %s", got)
	}
	var asked []bool
	var failure error
	h.OnTriggers(func(_ context.Context, enabled bool) error { asked = append(asked, enabled); return failure })
	ask("disable")
	if got := ask("enable"); !strings.Contains(got, "enabled:true") || fmt.Sprint(asked) != "[false true]" {
		t.Errorf("%s, asked %v", got, asked)
	}
	failure = errors.New("it hangs")
	if got := ask("disable"); !strings.Contains(got, "500") || !strings.Contains(got, "it hangs") {
		t.Errorf("a failure: %s", got)
	}
	if status, _ := do(t, "GET", srv.URL+"/functions/disableBackgroundTriggers"); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

// Programs read the usage and the prices, and compute the bill themselves.
func TestBilling(t *testing.T) {
	h := hub.New("demo-test")
	server := httptest.NewServer(h)
	defer server.Close()
	for _, path := range []string{"/usage", "/prices"} {
		if status, _ := do(t, "GET", server.URL+path); status != http.StatusNotFound {
			t.Errorf("%s without a meter: status %d", path, status)
		}
	}
	meter := billing.NewMeter(clock.New())
	meter.Add(billing.FirestoreReads, billing.Cause{User: "ann"}, 3)
	h.OnBilling(meter.Usage, billing.DefaultPrices())
	status, body := do(t, "GET", server.URL+"/usage")
	if text := fmt.Sprint(body["days"]); status != http.StatusOK || !strings.Contains(text, "amount:3") || !strings.Contains(text, "user:ann") {
		t.Errorf("usage: status %d, %v", status, body)
	}
	response, err := http.Get(server.URL + "/prices")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := billing.ParsePrices("served", text); err != nil {
		t.Error(err)
	}
}
