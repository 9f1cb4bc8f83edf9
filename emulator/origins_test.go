package emulator

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"heek.kr/heektime/emulator/internal/cors"
)

// A name that firebase.json tells one server to listen on is a name of this machine at every port.
func TestOwnOrigins(t *testing.T) {
	cfg := Config{AllowedOrigins: []string{"https://web.example.com"}, Addresses: Addresses{Console: "Dev.example.com:4000"}}
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(cors.New(ownOrigins(cfg), nil).Guard(ok))
	defer server.Close()
	for host, want := range map[string]int{
		"dev.example.com:9499": 200, "web.example.com": 200, "127.0.0.1:1": 200, "evil.example.com:4000": 403,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("Host %s: %s, want %d", host, response.Status, want)
		}
	}
}

func TestInvalidOrigins(t *testing.T) {
	for origin, valid := range map[string]bool{
		"*": true, "null": true, "https://a.example.com": true, "http://a.example.com:8080": true, "capacitor://localhost": true,
		"https://a.example.com/": false, "a.example.com": false, "https://a.example.com/path": false, "a.example.com:8080": false, "https://": false,
	} {
		cfg := Config{AllowedOrigins: []string{"https://b.example.com", origin}}
		if err := cfg.complete(); (err == nil) != valid {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
