package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
)

// subtests returns the names of the suite's subtests, read from its source, and its directory.
func subtests() (names []string, dir string, err error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", suite).Output()
	if err != nil {
		return nil, "", fmt.Errorf("find %s: %w", suite, err)
	}
	dir = strings.TrimSpace(string(out))
	src, err := os.ReadFile(filepath.Join(dir, "integration_test.go"))
	if err != nil {
		return nil, "", err
	}
	_, body, ok := strings.Cut(string(src), "func "+parent+"(")
	if !ok {
		return nil, "", fmt.Errorf("%s has no %s", suite, parent)
	}
	body, _, _ = strings.Cut(body, "\n}\n")
	for _, m := range regexp.MustCompile(`t\.Run\("([^"]+)"`).FindAllStringSubmatch(body, -1) {
		names = append(names, m[1])
	}
	return names, dir, nil
}

// runOne runs one subtest. It returns the output and "pass", "skip" or "fail".
func runOne(binary, dir, addr, key, name string, timeout time.Duration) (out, result string) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.run", "^"+parent+"$/^"+regexp.QuoteMeta(name)+"$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"FIRESTORE_EMULATOR_HOST="+addr,
		"GCLOUD_TESTS_GOLANG_FIRESTORE_PROJECT_ID=demo-conformance",
		"GCLOUD_TESTS_GOLANG_FIRESTORE_KEY="+key)
	b, err := cmd.CombinedOutput()
	out = string(b)
	switch {
	case err != nil:
		return out, "fail"
	case strings.Contains(out, "--- SKIP: "+parent+"/"+name+" "):
		return out, "skip"
	case strings.Contains(out, "--- PASS: "+parent+"/"+name+" "):
		return out, "pass"
	}
	return out, "fail"
}

// serve starts a Firestore at addr.
func serve() (addr string, stop func(), err error) {
	s, err := firestore.New(firestore.Config{Clock: clock.New(), Indexes: indexes})
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	g := grpc.NewServer(grpc.UnaryInterceptor(takeAMillisecond))
	s.Register(g)
	go g.Serve(l)
	return l.Addr().String(), func() { s.Close(); g.Stop() }, nil
}

// writeKey writes the service account key file that the suite requires. The key grants nothing.
func writeKey(file string) error {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return err
	}
	b, err := json.Marshal(map[string]string{
		"type":           "service_account",
		"project_id":     "demo-conformance",
		"private_key_id": "1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   "conformance@demo-conformance.iam.gserviceaccount.com",
		"client_id":      "1",
		"token_uri":      "http://127.0.0.1:1/token",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// takeAMillisecond makes calls as slow as those to the cloud: two tests compare server timestamps of one commit and the
// next, which have milliseconds.
func takeAMillisecond(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	time.Sleep(time.Millisecond)
	return handle(ctx, request)
}
