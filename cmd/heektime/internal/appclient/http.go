package appclient

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"heek.kr/heektime/emulator/billing"
)

// maxResponse bounds a response: a course list has some megabytes.
const maxResponse = 64 << 20

// Request is an HTTP request of an app.
type Request struct {
	Method, URL string
	// Token goes into the header Authorization, unless it is empty.
	Token string
	// Body is encoded as JSON, and url.Values as a form. Nil is no body.
	Body any
}

// StatusError is a response outside of 2xx.
type StatusError struct {
	Status int
	text   string
}

func (e *StatusError) Error() string { return e.text }

// IsNotFound reports whether a request failed because there is no such thing.
func IsNotFound(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && e.Status == http.StatusNotFound
}

// Do makes a request and returns the body as it was sent, which may be compressed.
func (a *App) Do(ctx context.Context, action string, r Request) ([]byte, error) {
	response, err := a.send(ctx, action, r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("%s: read the response: %w", action, err)
	}
	return text, nil
}

// JSON makes a request and decodes the response into result.
func (a *App) JSON(ctx context.Context, action string, r Request, result any) error {
	text, err := a.Do(ctx, action, r)
	if err != nil {
		return err
	}
	reader, err := Uncompressed(text)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := json.NewDecoder(reader).Decode(result); err != nil {
		return fmt.Errorf("%s: decode the response: %w", action, err)
	}
	return nil
}

// send makes a request and returns the response if its status is 2xx.
func (a *App) send(ctx context.Context, action string, r Request) (*http.Response, error) {
	a.request()
	var body io.Reader
	contentType := "application/json"
	switch b := r.Body.(type) {
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
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept-Encoding", "gzip") // as browsers and phones do; the body then stays compressed
	request.Header.Set(billing.ActionHeader, action)
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if a.Header != nil {
		a.Header(request.Header)
	}
	response, err := a.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		return nil, &StatusError{response.StatusCode, fmt.Sprintf("%s: %s %s: %s: %s", action, r.Method, r.URL, response.Status, text)}
	}
	return response, nil
}

// Uncompressed returns a reader of a body, which may be compressed.
func Uncompressed(text []byte) (io.Reader, error) {
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return bytes.NewReader(text), nil
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return r, nil
}
