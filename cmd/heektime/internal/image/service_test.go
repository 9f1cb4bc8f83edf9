//go:build linux

package image

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/lecturespb"
)

// probed is what a process finds in an image.
type probed struct {
	UID int
	// Home and Temporary report whether there are such folders.
	Home, Temporary bool
	// Write and Allocate are the errors of writing a file, and of allocating a gibibyte.
	Write, Allocate string
	// Trusted and Untrusted count the image's CA certificates that crypto/x509 trusts, and the others.
	Trusted, Untrusted int
}

// probe looks around in a container.
func probe(w io.Writer) error {
	result := probed{UID: os.Getuid()}
	_, err := os.UserHomeDir()
	result.Home = err == nil
	_, err = os.Stat(os.TempDir())
	result.Temporary = err == nil
	if err := os.WriteFile("/etc/x", nil, 0o600); err != nil {
		result.Write = errors.Unwrap(err).Error()
	}
	if _, err := syscall.Mmap(-1, 0, 1<<30, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON); err != nil {
		result.Allocate = err.Error()
	}
	text, err := roots()
	if err != nil {
		return err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		if _, err := c.Verify(x509.VerifyOptions{CurrentTime: c.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			result.Untrusted++
		} else {
			result.Trusted++
		}
	}
	return json.NewEncoder(w).Encode(result)
}

// TestRootFileSystem checks what a process in an image has: Go finds the CA certificates, the file system is
// read-only, and memory is limited.
func TestRootFileSystem(t *testing.T) {
	built := allImages(t)
	if !canIsolate() {
		t.Skip("needs root, to confine a process to the image's files")
	}
	c := newContainer(t, read(t, built["courses"].Path), 512)
	c.Arguments = nil // the probe
	look := func() (found probed) {
		t.Helper()
		text, err := c.command(t).Output()
		if err == nil {
			err = json.Unmarshal(text, &found)
		}
		if err != nil {
			t.Fatalf("probe: %v, %s", err, text)
		}
		return found
	}
	found := look()
	if found.Trusted < 80 || found.Untrusted > 0 {
		t.Errorf("%d CA certificates are trusted, %d are not", found.Trusted, found.Untrusted)
	}
	if found.UID != c.UID || found.Home || found.Temporary || found.Write != syscall.EROFS.Error() || found.Allocate != syscall.ENOMEM.Error() {
		t.Errorf("%+v, want user %d, no folders, %q and %q", found, c.UID, syscall.EROFS, syscall.ENOMEM)
	}
	if err := os.Remove(filepath.Join(c.Root, rootsPath)); err != nil {
		t.Fatal(err)
	}
	if found := look(); found.Trusted > 0 {
		t.Errorf("%d CA certificates are trusted without %s", found.Trusted, rootsPath)
	}
}

// A service without its variables ends at once, and its last line of log names all of them.
func TestServicesNameMissingVariables(t *testing.T) {
	built := allImages(t)
	for _, s := range deployment.Table().Services {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c := newContainer(t, read(t, built[s.Name].Path), s.MemoryMiB)
			c.Env = append(c.Env, "PORT=0")
			cmd := c.command(t)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			log, err := cmd.Output()
			if err == nil || cmd.ProcessState.ExitCode() != 1 || stderr.Len() > 0 {
				t.Errorf("%v, standard error %q, want exit code 1 and a line of log", err, stderr.String())
			}
			lines := strings.Split(strings.TrimSpace(string(log)), "\n")
			for _, v := range s.Environment {
				if v.Required && !strings.Contains(lines[len(lines)-1], v.Name+" is not set") {
					t.Errorf("the last line does not name %s: %s", v.Name, lines[len(lines)-1])
				}
			}
		})
	}
}

// place returns the local cloud as a place of deployment. The services' own URLs only name the audiences
// of tokens.
func place(cloud *emulatortest.Cloud) spec.Place {
	d := deployment.Table()
	p := spec.Place{
		Project: cloud.Project, APIKey: "local", SiteURL: "https://heektime.test", Origins: []string{"https://heektime.test"},
		URLs: map[string]string{}, Secrets: map[string]string{}, Buckets: map[string]string{deployment.ListsBucket: cloud.Project},
	}
	for _, s := range d.Services {
		p.URLs[s.Name] = "https://" + s.Name + ".test"
	}
	for i, s := range d.Secrets {
		p.Secrets[s.ID] = strings.Repeat(string(rune('A'+i)), 42) + "A=" // 32 bytes in Base64
	}
	return p
}

// TestServicesRun runs each service in a container with one processor, the table's memory and only its
// documented variables. It stops the service during a request, and checks that the request ends well.
func TestServicesRun(t *testing.T) {
	built := allImages(t)
	cloud := emulatortest.Start(t, emulatortest.Project(t, ""))
	for _, s := range deployment.Table().Services {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			r, ok := requests[s.Name]
			if !ok {
				t.Fatal("no request for this service: add one to requests")
			}
			c := newContainer(t, read(t, built[s.Name].Path), s.MemoryMiB)
			env := environmentIn(t, cloud, &s, c)
			// The request waits for a part of the cloud that nothing but the request connects to.
			backend := newHold(t, hostOf(env[r.holds]))
			env[r.holds] = strings.Replace(env[r.holds], hostOf(env[r.holds]), backend.address, 1)
			env["PORT"], env["GOMAXPROCS"] = "0", "1"
			c.Env = append(c.Env, assignments(env)...)
			call := r.prepare(t, cloud, &s, c)
			p := startService(t, c)

			response := make(chan error, 1)
			go func() { response <- call(p.address) }()
			select {
			case <-backend.reached:
			case err := <-response:
				t.Fatalf("the request ended without the cloud: %v", err)
			}
			peak := p.peakMiB(t)
			t.Logf("uses %d MiB", peak)
			if peak > s.MemoryMiB {
				t.Errorf("uses %d MiB, more than its %d MiB", peak, s.MemoryMiB)
			}
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			for { // the listener closes soon after the signal
				conn, err := net.Dial("tcp", p.address)
				if err != nil {
					break
				}
				conn.Close()
			}
			close(backend.release)
			if err := <-response; err != nil {
				t.Errorf("the running request: %v", err)
			}
			// The service gives up after eight seconds, and then its exit code is 1.
			if log, err := p.wait(); err != nil {
				t.Errorf("the service ended with %v: %s", err, log)
			}
		})
	}
}

// environmentIn returns the environment of a service that runs in a container.
func environmentIn(t *testing.T, cloud *emulatortest.Cloud, s *spec.Service, c *container) map[string]string {
	t.Helper()
	here := place(cloud)
	if !canIsolate() { // the root is that of this machine
		here.Files = map[string]string{}
		for _, file := range s.Files {
			here.Files[file.Path] = filepath.Join(c.Root, file.Path)
		}
	}
	env, err := deployment.Table().Environment(s.Name, here)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(env, cloud.Environment())
	return env
}

func assignments(env map[string]string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		all = append(all, name+"="+env[name])
	}
	return all
}

// hostOf returns the host:port of an address or a URL.
func hostOf(address string) string {
	address = strings.TrimPrefix(address, "http://")
	host, _, _ := strings.Cut(address, "/")
	return host
}

// hold forwards connections to a server when it is released, so that whoever calls the server waits.
type hold struct {
	address string
	// reached is closed when somebody has connected; the test closes release.
	reached, release chan struct{}
}

func newHold(t *testing.T, target string) *hold {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	h := &hold{address: l.Addr().String(), reached: make(chan struct{}), release: make(chan struct{})}
	reached := sync.OnceFunc(func() { close(h.reached) })
	go func() {
		for {
			caller, err := l.Accept()
			if err != nil {
				return
			}
			reached()
			go func() {
				defer caller.Close()
				select {
				case <-h.release:
				case <-t.Context().Done():
					return
				}
				server, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer server.Close()
				go func() {
					io.Copy(server, caller)
					server.(*net.TCPConn).CloseWrite()
				}()
				io.Copy(caller, server)
			}()
		}
	}()
	return h
}

// request is a request that a service has to finish.
type request struct {
	// holds is the variable with the address of a part of the cloud that the request needs, over HTTP:
	// gRPC clients connect before the first call, so their connections do not show that a request runs.
	holds string
	// prepare returns a function that sends the request to an address, and returns an error unless the
	// response is as expected. It may change the container.
	prepare func(t *testing.T, cloud *emulatortest.Cloud, s *spec.Service, c *container) func(address string) error
}

var requests = map[string]request{
	"auth":          {"FIREBASE_AUTH_EMULATOR_HOST", post("/register/", `{"email": "new@heektime.test", "password": "a good password"}`, http.StatusCreated)},
	"compat-server": {"FIREBASE_AUTH_EMULATOR_HOST", post("/apis/v2/users", `{"username": "minsu", "password": "a good password", "name": "민수"}`, http.StatusCreated)},
	"refresh":       {"OIDC_CERTS_URL", post("/refresh", `{"school": "nowhere", "semester": "2026-0900", "slot": "2026-09-01T00:00:00Z"}`, http.StatusOK)},
	"cleanup":       {"OIDC_CERTS_URL", post("/purge", "", http.StatusOK)},
	"functions":     {"OIDC_CERTS_URL", post("/user-deleted", "", http.StatusNoContent)},
	"push":          {"OIDC_CERTS_URL", post("/send", `{"announcement": "missing"}`, http.StatusOK)},
	"subscriptions": {"FIREBASE_AUTH_EMULATOR_HOST", unsubscribe},
	"courses":       {"OIDC_CERTS_URL", getLectures},
	"pages":         {"STORAGE_EMULATOR_HOST", viewCourses},
}

// post sends a body in JSON and expects a status.
func post(path, body string, want int) func(*testing.T, *emulatortest.Cloud, *spec.Service, *container) func(string) error {
	return func(t *testing.T, cloud *emulatortest.Cloud, s *spec.Service, _ *container) func(string) error {
		token := ""
		if !s.Public {
			token = callerToken(t, cloud, s)
		}
		return func(address string) error {
			return send(t.Context(), http.MethodPost, "http://"+address+path, token, body, want)
		}
	}
}

// viewCourses requests the courses of a semester whose list is missing: visitors are asked to try again.
func viewCourses(t *testing.T, cloud *emulatortest.Cloud, _ *spec.Service, _ *container) func(string) error {
	cloud.Seed(t, emulatortest.Docs{
		"schools/some":                     {"name": "some"},
		"schools/some/semesters/2026-0900": {"year": 2026, "term": "2학기", "status": "normal", "periods": []any{}, "lecturesUrl": "gs://lists/missing.json"},
	})
	return func(address string) error {
		return send(t.Context(), http.MethodGet, "http://"+address+"/courses/some/2026-0900/", "", "", http.StatusServiceUnavailable)
	}
}

// unsubscribe removes a subscription that does not exist, as a user.
func unsubscribe(t *testing.T, cloud *emulatortest.Cloud, _ *spec.Service, _ *container) func(string) error {
	t.Helper()
	var session struct{ IDToken string }
	response, err := http.Post("http://"+cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signUp?key=local", "application/json",
		strings.NewReader(`{"email": "minji@heektime.test", "password": "a good password"}`))
	if err == nil {
		defer response.Body.Close()
		err = json.NewDecoder(response.Body).Decode(&session)
	}
	if err != nil || session.IDToken == "" {
		t.Fatalf("sign up: %v", err)
	}
	return func(address string) error {
		return send(t.Context(), http.MethodDelete, "http://"+address+"/subscriptions/none", session.IDToken, "", http.StatusNoContent)
	}
}

// send sends a request with a body in JSON, and a token unless it is "". It expects a status.
func send(ctx context.Context, method, url, token, body string, want int) error {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		return fmt.Errorf("%s %q, %w, want %d", response.Status, text, err, want)
	}
	return nil
}

// callerToken returns a token of an account that may call the service.
func callerToken(t *testing.T, cloud *emulatortest.Cloud, s *spec.Service) string {
	t.Helper()
	token, err := cloud.Identity.IDToken(t.Context(), spec.Email(cloud.Project, s.Invokers[0]), place(cloud).URLs[s.Name])
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// getLectures reads a list from a school over HTTPS. The certificate of the school is signed by one that is
// only in the image's file, so that the call succeeds only if the service trusts that file.
func getLectures(t *testing.T, cloud *emulatortest.Cloud, s *spec.Service, c *container) func(string) error {
	t.Helper()
	scheme := "https"
	newServer := httptest.NewTLSServer
	if !canIsolate() {
		scheme, newServer = "http", httptest.NewServer
	}
	school := newServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "code,title\nGAON1,강의\n") }))
	t.Cleanup(school.Close)
	if certificate := school.Certificate(); certificate != nil {
		path := filepath.Join(c.Root, rootsPath)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
		if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	token := callerToken(t, cloud, s)
	payload := &lecturespb.GetLecturesPayload{Year: 2026, Semester: lecturespb.Semester_fall, SchoolId: "gaon"}
	for key, value := range map[string]string{
		"adapter": "sheet", "url": scheme + "://" + school.Listener.Addr().String(), "column.identifier": "code", "column.title": "title",
	} {
		payload.Options = append(payload.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
	}
	return func(address string) error {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer conn.Close()
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		stream, err := lecturespb.NewLecturesClient(conn).GetLectures(ctx, payload)
		if err != nil {
			return err
		}
		lectures := 0
		for {
			_, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			lectures++
		}
		if lectures != 1 {
			return fmt.Errorf("got %d lectures, want 1", lectures)
		}
		return nil
	}
}
