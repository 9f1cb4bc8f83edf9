// Package logtest captures what services log, so that tests can check it and find secrets in it.
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

// Lines collects log lines. The zero value is empty and ready to use. It is safe for concurrent use.
type Lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds a line.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything that was logged.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Main runs a package's tests with lines as the default log, for its TestMain, and returns the exit
// code. The code is not 0 if lines contains one of the hidden texts.
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
