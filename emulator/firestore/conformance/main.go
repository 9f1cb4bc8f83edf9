// Conformance runs the Go client's own integration tests, unchanged, against the embedded Firestore, each subtest in a
// process of its own so that one that hangs takes no other with it. It prints a line for each and fails when fewer
// pass than expected.
//
//	go run ./emulator/firestore/conformance
//
// docs/firestore-emulator.md says which tests cannot be run against an emulator, and why.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"flag"
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

// suite is the package whose tests are run, and parent the test whose subtests they are.
const (
	suite  = "cloud.google.com/go/firestore"
	parent = "TestIntegration_DefaultDB"
)

// indexes are those that the suite's own project has, as far as its queries tell.
//
//go:embed firestore.indexes.json
var indexes []byte

func main() {
	want := flag.Int("want", 47, "how many `tests` must pass")
	only := flag.String("run", "", "run only subtests whose names match this `regexp`")
	limit := flag.Duration("timeout", time.Minute, "how long one subtest may take")
	verbose := flag.Bool("v", false, "print the output of failing subtests")
	flag.Parse()
	if err := run(*want, *only, *limit, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(want int, only string, limit time.Duration, verbose bool) error {
	filter, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "firestore-conformance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "suite.test")
	build := exec.Command("go", "test", "-c", "-o", binary, suite)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the tests of %s: %w", suite, err)
	}
	names, src, err := subtests()
	if err != nil {
		return err
	}
	key := filepath.Join(dir, "key.json")
	if err := writeKey(key); err != nil {
		return fmt.Errorf("make a service account key: %w", err)
	}
	addr, stop, err := serve()
	if err != nil {
		return err
	}
	defer stop()
	passed, skipped, failed := 0, 0, 0
	for _, name := range names {
		if !filter.MatchString(name) {
			continue
		}
		began := time.Now()
		out, verdict := runOne(binary, src, addr, key, name, limit)
		switch verdict {
		case "pass":
			passed++
		case "skip":
			skipped++
		default:
			failed++
		}
		fmt.Printf("%-4s %-40s %6d ms\n", verdict, name, time.Since(began).Milliseconds())
		if verbose && verdict == "fail" {
			fmt.Println(out)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped by the suite itself\n", passed, failed, skipped)
	if passed < want && only == "" || failed > 0 && only != "" {
		return fmt.Errorf("%d of the tests must pass", want)
	}
	return nil
}

// subtests reads the names of the suite's subtests from its source.
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

func runOne(binary, dir, addr, key, name string, limit time.Duration) (out, verdict string) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
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

func serve() (addr string, stop func(), err error) {
	s, err := firestore.New(firestore.Config{Clock: clock.New(), Indexes: indexes})
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	g := grpc.NewServer()
	s.Register(g)
	go g.Serve(l)
	return l.Addr().String(), func() { s.Close(); g.Stop() }, nil
}

// writeKey writes a service account's key file as the suite wants one. It opens nothing.
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
