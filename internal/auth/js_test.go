package auth_test

import (
	"encoding/json"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/auth"
)

// TestJavaScript signs in as web pages do, with an old and a new version of Firebase's JavaScript SDK, in
// Node.
func TestJavaScript(t *testing.T) {
	sdktest.SDKs(t) // skip before creating the accounts, which takes time
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// All calls come from one address, as those of a browser do.
			url := w.serve(t, w.service(t, func(cfg *auth.Config) { cfg.Limits.Network.Burst, cfg.Limits.Register.Burst = 1000, 10_000 }))
			old := map[string]string{}
			for name, method := range map[string]string{"a": "pbkdf2:sha256:260000", "b": "pbkdf2:sha1:1000", "c": "pbkdf2:sha512:1000", "d": "scrypt:32768:8:1"} {
				email := name + "@user.heektime.heek.kr"
				old[email] = "uid of " + method
				w.addOldAccount(t, email, old[email], oldHash(t, method, "web "+secret))
			}
			accounts, err := json.Marshal(old)
			if err != nil {
				t.Fatal(err)
			}
			sdktest.RunNode(t, version, "jstest/signin.test.mjs", "SERVICE_URL="+url, "AUTH_URL=http://"+w.AuthAddress(),
				"AUTH_PROJECT="+w.Project, "PASSWORD=web "+secret, "OLD_ACCOUNTS="+string(accounts))
		})
	}
}
