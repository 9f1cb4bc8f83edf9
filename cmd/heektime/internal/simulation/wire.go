package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/schema"
)

// call is a request of a student: it carries their token, and the name of what they do.
func (p *player) call(ctx context.Context, s *student, action string) context.Context {
	p.count(s)
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+s.idToken, strings.ToLower(billing.ActionHeader), action)
}

// offsetHeader says how many milliseconds after the cloud's time a request is made. The cloud's clock
// stands still during a visit.
const offsetHeader = "X-Simulated-Offset"

// maxResponse bounds a response: a course list has some megabytes.
const maxResponse = 64 << 20

// request is an HTTP request of a student.
type request struct {
	method, url, token string
	body               any // JSON, or url.Values for a form
	header             http.Header
}

// do makes a request and returns the body as sent, which may be compressed. An error's status is in
// the text.
func (p *player) do(ctx context.Context, s *student, action string, r request) ([]byte, error) {
	p.count(s)
	var body io.Reader
	contentType := "application/json"
	switch b := r.body.(type) {
	case nil:
	case url.Values:
		body, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the request: %w", action, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	if r.header != nil {
		req.Header = r.header
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept-Encoding", "gzip") // as browsers and phones do; the body then stays compressed
	req.Header.Set(billing.ActionHeader, action)
	req.Header.Set(offsetHeader, fmt.Sprint(s.offset.Milliseconds()))
	req.Header.Set("X-Forwarded-For", s.address)
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	res, err := p.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("%s: read the response: %w", action, err)
	}
	if res.StatusCode/100 != 2 {
		return nil, &statusError{res.StatusCode, fmt.Sprintf("%s: %s %s: %s: %.300s", action, r.method, r.url, res.Status, text)}
	}
	return text, nil
}

// statusError is a response outside of 2xx.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// doJSON makes a request and decodes the response.
func (p *player) doJSON(ctx context.Context, s *student, action string, r request, result any) error {
	text, err := p.do(ctx, s, action, r)
	if err != nil {
		return err
	}
	reader, err := uncompressed(text)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := json.NewDecoder(reader).Decode(result); err != nil {
		return fmt.Errorf("%s: decode the response: %w", action, err)
	}
	return nil
}

// watch is a listen stream of a student.
type watch struct {
	stream firestorepb.Firestore_ListenClient
	name   string // of the database
	tokens map[int32][]byte
	newest time.Time // of all documents that were sent, the latest updatedAt
	cancel context.CancelFunc
}

// listen opens a stream.
func (p *player) listen(ctx context.Context, s *student, action string) (*watch, error) {
	ctx, cancel := context.WithCancel(p.call(ctx, s, action))
	ctx = metadata.AppendToOutgoingContext(ctx, "google-cloud-resource-prefix", p.database)
	stream, err := p.raw.Listen(ctx)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%s: listen: %w", action, err)
	}
	return &watch{stream: stream, name: p.database, tokens: map[int32][]byte{}, cancel: cancel}, nil
}

// add adds a target and waits until its documents are there.
func (w *watch) add(target *firestorepb.Target) error {
	err := w.stream.Send(&firestorepb.ListenRequest{Database: w.name, TargetChange: &firestorepb.ListenRequest_AddTarget{AddTarget: target}})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		r, err := w.stream.Recv()
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		switch m := r.ResponseType.(type) {
		case *firestorepb.ListenResponse_DocumentChange:
			w.receive(m.DocumentChange.Document)
		case *firestorepb.ListenResponse_TargetChange:
			w.remember(m.TargetChange)
			ids := m.TargetChange.TargetIds
			switch {
			case m.TargetChange.TargetChangeType == firestorepb.TargetChange_REMOVE:
				return fmt.Errorf("listen: the target was rejected: %s", m.TargetChange.GetCause().GetMessage())
			case m.TargetChange.TargetChangeType == firestorepb.TargetChange_CURRENT && (len(ids) == 0 || ids[0] == target.TargetId):
				return nil
			}
		}
	}
}

// receive notes when a document was updated.
func (w *watch) receive(doc *firestorepb.Document) {
	if at := doc.GetFields()[schema.FieldUpdatedAt].GetTimestampValue(); at != nil && at.AsTime().After(w.newest) {
		w.newest = at.AsTime()
	}
}

// remember keeps the resume tokens, with which a client that comes back soon gets the changes only.
func (w *watch) remember(t *firestorepb.TargetChange) {
	if len(t.ResumeToken) == 0 {
		return
	}
	for _, id := range t.TargetIds {
		w.tokens[id] = t.ResumeToken
	}
	if len(t.TargetIds) == 0 {
		for id := range w.tokens {
			w.tokens[id] = t.ResumeToken
		}
	}
}

// await waits until the stream has everything that was committed until a time.
func (w *watch) await(until time.Time) error {
	for {
		r, err := w.stream.Recv()
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		t := r.GetTargetChange()
		if t == nil {
			w.receive(r.GetDocumentChange().GetDocument())
			continue
		}
		w.remember(t)
		if len(t.TargetIds) == 0 && t.ReadTime != nil && !t.ReadTime.AsTime().Before(until) {
			return nil
		}
	}
}

// close ends the stream and waits until the server has noticed.
func (w *watch) close() error {
	defer w.cancel()
	if err := w.stream.CloseSend(); err != nil {
		return fmt.Errorf("stop listening: %w", err)
	}
	for {
		if _, err := w.stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("stop listening: %w", err)
		}
	}
}
