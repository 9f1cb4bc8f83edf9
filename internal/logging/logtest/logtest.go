// Package logtest is for tests of what services log, and of what they must not.
package logtest

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"heek.kr/heektime/internal/logging"
)

// Lines takes what is logged. The zero value has nothing yet; it is safe for concurrent use.
type Lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes a line.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was logged.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Main is for a package's TestMain: it runs the tests, with lines as the default log, and gives the exit code, which is not 0 when
// one of the hidden texts stands anywhere in lines.
func Main(m *testing.M, lines *Lines, hidden ...string) int {
	slog.SetDefault(logging.New(lines, "demo-test"))
	code := m.Run()
	text := lines.String()
	for _, secret := range hidden {
		if at := strings.Index(text, secret); at >= 0 {
			fmt.Printf("FAIL: a password, a hash, a key or a token was logged:\n%s\n", text[max(0, at-400):min(len(text), at+400)])
			code = 1
		}
	}
	return code
}
