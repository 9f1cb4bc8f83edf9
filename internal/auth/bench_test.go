package auth_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/werkzeug"
)

// BenchmarkLogin compares logins with bare PBKDF2 of the same rounds. It alternates the two so that both
// run under the same load. The local cloud runs in the same process and counts as part of the login.
// Run it with -cpu 1, since the percentage is of one core.
func BenchmarkLogin(b *testing.B) {
	const rounds = werkzeug.DefaultRounds
	hash := oldHash(b, fmt.Sprintf("pbkdf2:sha256:%d", rounds), oldPassword)
	for name, password := range map[string]string{"old account, first login": oldPassword, "wrong password": "wrong " + secret} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			s := w.service(b, func(cfg *auth.Config) { cfg.Limits, cfg.Rounds = loginthrottle.DefaultLimits(), rounds })
			var bare, login time.Duration
			for i := 0; b.Loop(); i++ {
				email := fmt.Sprintf("user%d@user.heektime.heek.kr", i)
				if err := credential.Add(b.Context(), w.fs, credential.Credential{Email: email, UID: email, Hash: hash}); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				pbkdf2.Key(sha256.New, password, []byte(hashSalt), rounds, 32)
				bare += time.Since(start)
				start = time.Now()
				_, err := s.Login(b.Context(), auth.SignIn{Email: email, Password: password, ClientIP: email})
				login += time.Since(start)
				if (err == nil) != (password == oldPassword) {
					b.Fatal(err)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.N)/login.Seconds(), "logins/s")
			b.ReportMetric(float64(b.N)/bare.Seconds(), "bare/s")
			b.ReportMetric(100*bare.Seconds()/login.Seconds(), "percent-of-bare")
		})
	}
	b.Run("account of Authentication", func(b *testing.B) {
		w := newWorld(b)
		s := w.service(b)
		a := auth.SignIn{Email: "new@example.com", Password: secret, ClientIP: "c"}
		if _, err := s.Register(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := s.Login(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpen measures the setup of the service before its first request.
func BenchmarkOpen(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		w.service(b)
	}
}
