// Package dispatch is what Cloud Tasks, Cloud Scheduler and Firestore's triggers have in common.
//
// [Base] is their lifecycle: start, shutdown, idleness and the log of changes. [Sender] sends the HTTP
// requests to their targets, with an ID token, within a deadline and without following redirects.
// [Loop] and [Next] decide what to send when, [Backoff] when to retry, and [Headers] which of a
// caller's headers are sent.
package dispatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"heek.kr/heektime/emulator/clock"
)

const (
	maxText  = 300     // bytes of a failed response kept for inspection
	maxDrain = 1 << 20 // bytes of a response read so that the connection can be reused
)

// Tokens creates the ID tokens that requests carry. *identity.Identity implements it.
type Tokens interface {
	// IDToken returns a signed ID token of the service account for the audience.
	IDToken(ctx context.Context, serviceAccountEmail, audience string) (string, error)
}

// Request is one HTTP request to a target.
type Request struct {
	Method    string
	URL       string      // sent encoded
	Header    http.Header // sent as is, with the names' spelling
	Body      []byte
	Account   string        // e-mail address of the service account in the ID token; empty sends none
	Audience  string        // audience of the ID token; defaults to the URL
	NotBefore time.Time     // when it may be sent, on the cloud's clock
	Deadline  time.Duration // for the response's headers, on the cloud's clock
}

// Answer is a target's response, or why there was none.
type Answer struct {
	Status     int           // HTTP status; 0 without a response
	RetryAfter time.Duration // from the header of a failed response; 0 if there is none
	Text       string        // if it failed: the beginning of the response, or the error
	TimedOut   bool          // there was no response within the deadline
}

// OK reports whether the request succeeded: any 2xx.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status <= 299 }

// Sender sends requests. It is safe for concurrent use.
type Sender struct {
	clock  *clock.Clock
	tokens Tokens
	client *http.Client
}

// NewSender returns a Sender. Both arguments are required.
func NewSender(c *clock.Clock, tokens Tokens) *Sender {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 0 // no limit: a queue may have a thousand requests open
	transport.MaxIdleConnsPerHost = 256
	return &Sender{clock: c, tokens: tokens, client: &http.Client{
		Transport: transport,
		// A redirect is a failure, like any other response that is not 2xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

var errDeadline = errors.New("no response within the deadline")

// Send sends a request once and waits for the response. If ctx ends first, the result is meaningless.
func (s *Sender) Send(ctx context.Context, r Request) Answer {
	s.clock.Wait(ctx.Done(), r.NotBefore)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := s.clock.Now().Add(r.Deadline)
	go func() {
		if s.clock.Wait(ctx.Done(), end) {
			cancel(errDeadline)
		}
	}()
	response, err := s.do(ctx, r)
	if err != nil {
		if context.Cause(ctx) == errDeadline {
			return Answer{TimedOut: true, Text: fmt.Sprintf("%v of %v", errDeadline, r.Deadline)}
		}
		return Answer{Text: err.Error()}
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode}
	if !answer.OK() {
		answer.Text = firstBytes(response.Body)
		answer.RetryAfter = retryAfter(response.Header.Get("Retry-After"), s.clock.Now())
	}
	// Only the status counts; ignore a body that breaks off or never ends.
	_, _ = io.CopyN(io.Discard, response.Body, maxDrain)
	return answer
}

// do sends a request with its ID token.
func (s *Sender) do(ctx context.Context, r Request) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, encodeURL(r.URL), bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	request.Header = r.Header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if r.Account != "" {
		audience := r.Audience
		if audience == "" {
			audience = r.URL
		}
		token, err := s.tokens.IDToken(ctx, r.Account, audience)
		if err != nil {
			return nil, err
		}
		// The token replaces the caller's header, in any spelling.
		maps.DeleteFunc(request.Header, func(name string, _ []string) bool { return strings.EqualFold(name, "Authorization") })
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return s.client.Do(request)
}

// firstBytes returns the beginning of a failed response.
func firstBytes(body io.Reader) string {
	read, _ := io.ReadAll(io.LimitReader(body, maxText))
	for len(read) > 0 && !utf8.Valid(read) {
		read = read[:len(read)-1] // a split rune, or not text
	}
	return strings.TrimSpace(string(read))
}
