package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"heek.kr/heektime/internal/auth"
)

// A client is told apart by the address that the last untrusted hop has, and cannot forge it. The test is
// long because of its table.
func TestClientIP(t *testing.T) {
	const google, google6, fastly, rented = "66.249.93.7", "2a00:1450:4864::9", "151.101.3.4", "34.64.1.2"
	const balancers, balancer = "203.0.113.0/24", "203.0.113.1"
	const front = "169.254.1.1:4000" // Cloud Run's front end
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		trusted   []string // nil means the default
		want      string
	}{
		"Cloud Run":                     {front, []string{"192.0.2.1"}, nil, "192.0.2.1"},
		"forged entry":                  {front, []string{"10.0.0.1, 192.0.2.1"}, nil, "192.0.2.1"},
		"forged header":                 {front, []string{"10.0.0.1", "192.0.2.1"}, nil, "192.0.2.1"},
		"forged proxy":                  {front, []string{"10.0.0.1, " + google + ", 192.0.2.1"}, nil, "192.0.2.1"},
		"forged loopback":               {front, []string{"10.0.0.1, 127.0.0.1", "192.0.2.1"}, nil, "192.0.2.1"},
		"forged garbage":                {front, []string{`x,,"[, 192.0.2.1`}, nil, "192.0.2.1"},
		"Hosting":                       {front, []string{"192.0.2.1, " + google}, nil, "192.0.2.1"},
		"Hosting over IPv6":             {front, []string{"192.0.2.1, " + google6}, nil, "192.0.2.1"},
		"Hosting with its CDN":          {front, []string{"192.0.2.1, " + fastly + ", " + google}, nil, "192.0.2.1"},
		"Hosting, forged":               {front, []string{"10.0.0.1, 192.0.2.1, " + google}, nil, "192.0.2.1"},
		"Hosting, forged proxy":         {front, []string{"10.0.0.1, " + google, "192.0.2.1, " + google}, nil, "192.0.2.1"},
		"another site of Hosting's CDN": {front, []string{"192.0.2.1, " + fastly}, nil, fastly},
		"a machine rented from Google":  {front, []string{"192.0.2.1, " + rented}, nil, rented},
		"Hosting not trusted":           {front, []string{"192.0.2.1, " + google}, []string{"127.0.0.1"}, google},
		"load balancer":                 {front, []string{"10.0.0.1, 192.0.2.1, " + balancer}, []string{balancers}, "192.0.2.1"},
		"single trusted address":        {front, []string{"192.0.2.1, " + balancer}, []string{balancer}, "192.0.2.1"},
		"past the load balancer":        {front, []string{balancer + ", 192.0.2.1"}, []string{balancers}, "192.0.2.1"},
		"only proxies":                  {front, []string{"203.0.113.9, 203.0.113.1"}, []string{balancers}, "203.0.113.9"},
		"no header":                     {"127.0.0.1:4000", nil, nil, "127.0.0.1"},
		"local Hosting":                 {"127.0.0.1:4000", []string{"192.0.2.1, 127.0.0.1"}, nil, "192.0.2.1"},
		"no proxy":                      {"192.0.2.7:4000", []string{"10.0.0.1"}, nil, "192.0.2.7"},
		"no proxy, private network":     {"192.168.0.7:4000", []string{"10.0.0.1"}, nil, "192.168.0.7"},
		"not an address":                {front, []string{"192.0.2.1, x"}, nil, "unknown"},
		"not an address, by Hosting":    {front, []string{"192.0.2.1, unknown, " + google}, nil, "unknown"},
		"no peer":                       {"", []string{"192.0.2.1"}, nil, "unknown"},
		"empty header":                  {"192.0.2.7:4000", []string{""}, nil, "192.0.2.7"},
		"empty entries":                 {front, []string{"192.0.2.1, ,", ",", ""}, nil, "192.0.2.1"},
		"port":                          {front, []string{"10.0.0.1, 192.0.2.1:5000"}, nil, "192.0.2.1"},
		"IPv6":                          {front, []string{"2001:db8:1:2:aaaa::1"}, nil, "2001:db8:1:2::/64"},
		"IPv6, same network":            {front, []string{"2001:db8:1:2:bbbb::2"}, nil, "2001:db8:1:2::/64"},
		"IPv6 in brackets":              {front, []string{"[2001:db8:1:2::1]"}, nil, "2001:db8:1:2::/64"},
		"IPv6 with port":                {front, []string{"[2001:db8:1:2::1]:443"}, nil, "2001:db8:1:2::/64"},
		"IPv6 with zone":                {front, []string{"2001:db8:1:2::1%eth0"}, nil, "2001:db8:1:2::/64"},
		"IPv4-mapped IPv6":              {front, []string{"::ffff:192.0.2.1"}, nil, "192.0.2.1"},
		"IPv4-mapped proxy":             {"[::ffff:169.254.1.1]:4000", []string{"192.0.2.1, ::ffff:" + google}, nil, "192.0.2.1"},
		"direct IPv6 connection":        {"[2001:db8:1:2::3%eth0]:4000", nil, nil, "2001:db8:1:2::/64"},
		"link-local IPv6 peer":          {"[fe80::1%eth0]:4000", []string{"192.0.2.1"}, nil, "192.0.2.1"},
	} {
		if c.trusted == nil {
			c.trusted = []string{auth.FirebaseHosting}
		}
		proxies, err := auth.ParseProxies(c.trusted)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/login/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := proxies.ClientIP(r); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for text, valid := range map[string]bool{
		"10.0.0.0": true, "::1": true, "10.0.0.0/8": true, "2001:db8::/32": true, auth.FirebaseHosting: true,
		"x": false, "google": false, "10.0.0.0/33": false, "fe80::1%eth0": false, "10.0.0.0-10.0.0.9": false,
		"0.0.0.0/0": false, "::/0": false, "0.0.0.0/1": false, "::ffff:10.0.0.0/104": false,
	} {
		if _, err := auth.ParseProxies([]string{text}); (err == nil) != valid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
