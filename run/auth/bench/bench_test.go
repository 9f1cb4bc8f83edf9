//go:build bench

// Package bench measures the cold start of the auth service, from the start of its process to the
// response to its first login. It compares the service with a baseline in FastAPI from Debian's packages
// (python3-fastapi, uvicorn).
//
//	go test -tags bench ./run/auth/bench -run xxx -bench . -benchtime 10x
//
// BenchmarkLogin in internal/auth compares the throughput of logins with that of bare PBKDF2.
package bench

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/gcp"
)

const password = "benchmark password"

// python is Debian's interpreter; others do not find its packages.
const python = "/usr/bin/python3"

// BenchmarkFirstLogin reports medians in milliseconds, and how many times faster the service is.
func BenchmarkFirstLogin(b *testing.B) {
	service := build(b)
	hasBaseline := exec.Command(python, "-c", "import fastapi, uvicorn").Run() == nil
	if !hasBaseline {
		b.Log("skipping the baseline: apt-get install python3-fastapi uvicorn")
	}
	for _, c := range []struct {
		name   string
		rounds int // of the old account; 0 for an account in Authentication
	}{
		{"account in Authentication", 0},
		{"old account with 1000 rounds", 1000},
		{"old account with 260000 rounds", 260_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			cloud := emulatortest.Start(b)
			for name, value := range cloud.Environment() {
				b.Setenv(name, value)
			}
			b.Setenv("FIREBASE_API_KEY", "any-key")
			var ours, baselines []time.Duration
			for i := 0; b.Loop(); i++ {
				email := fmt.Sprintf("user%d@user.heektime.heek.kr", i)
				file := createAccount(b, cloud, email, c.rounds)
				b.Setenv("BASELINE_CREDENTIALS", file)
				// The baseline comes first, since the service migrates the account.
				if hasBaseline {
					baselines = append(baselines, firstLogin(b, email, func(port string) *exec.Cmd {
						return exec.Command(python, "-m", "uvicorn", "baseline:app", "--log-level", "warning", "--port", port)
					}))
				}
				ours = append(ours, firstLogin(b, email, func(port string) *exec.Cmd {
					cmd := exec.Command(service)
					cmd.Env = append(os.Environ(), "PORT="+port)
					return cmd
				}))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(medianMilliseconds(ours), "ms")
			if baselines != nil {
				b.ReportMetric(medianMilliseconds(baselines), "baseline-ms")
				b.ReportMetric(medianMilliseconds(baselines)/medianMilliseconds(ours), "times-faster")
			}
		})
	}
}

// medianMilliseconds returns the median of times in milliseconds.
func medianMilliseconds(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// build compiles the service and returns the path of its binary.
func build(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "auth")
	if out, err := exec.Command("go", "build", "-o", path, "heek.kr/heektime/run/auth").CombinedOutput(); err != nil {
		b.Fatalf("build the service: %v\n%s", err, out)
	}
	return path
}

// createAccount creates an account that can sign in. It returns the file of old credentials for the
// baseline.
func createAccount(b *testing.B, cloud *emulatortest.Cloud, email string, rounds int) string {
	old := map[string]map[string]string{}
	if rounds > 0 {
		sum, err := pbkdf2.Key(sha256.New, password, []byte("salt"), rounds, 32)
		if err != nil {
			b.Fatal(err)
		}
		hash := fmt.Sprintf("pbkdf2:sha256:%d$salt$%s", rounds, hex.EncodeToString(sum))
		old[email] = map[string]string{"uid": email, "hash": hash}
		client := cloud.FirestoreClient(b)
		if err := credential.Add(b.Context(), client, credential.Credential{Email: email, UID: email, Hash: hash}); err != nil {
			b.Fatal(err)
		}
	} else {
		accounts, err := gcp.Authentication(b.Context(), cloud.Project, "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := accounts.CreateUser(b.Context(), (&firebaseauth.UserToCreate{}).UID(email).Email(email).Password(password)); err != nil {
			b.Fatal(err)
		}
	}
	text, err := json.Marshal(old)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "old.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// firstLogin starts a process and returns the time until its response to a login.
func firstLogin(b *testing.B, email string, command func(port string) *exec.Cmd) time.Duration {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := command(port)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
	for time.Since(start) < 20*time.Second {
		response, err := http.Post("http://"+address+"/login/", "application/json", strings.NewReader(body))
		if err != nil {
			time.Sleep(time.Millisecond) // it is not listening yet
			continue
		}
		response.Body.Close()
		took := time.Since(start)
		if response.StatusCode != http.StatusOK {
			b.Fatalf("the first login returned %d", response.StatusCode)
		}
		return took
	}
	cmd.Process.Kill()
	cmd.Wait()
	b.Fatalf("no response to the first login: %s", out.String())
	return 0
}
