package courses

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Content types of the requests to schools.
const (
	contentTypeForm = "application/x-www-form-urlencoded; charset=UTF-8"
	contentTypeJSON = "application/json; charset=UTF-8"
)

// fetcher sends requests to schools. There is one for each list; its cookies are dropped with it.
//
// It does not block private IP addresses. Only authorized callers get here, and the URLs are from the
// operator's own school file, so a filter would add no security.
type fetcher struct {
	cfg      Config
	client   *http.Client
	list     *listBuilder // receives the origin and the byte count
	requests int
}

func newFetcher(cfg Config, l *listBuilder) *fetcher {
	jar, _ := cookiejar.New(nil) // never fails
	client := &http.Client{Transport: cfg.Transport, Jar: jar, CheckRedirect: checkRedirect}
	return &fetcher{cfg: cfg, list: l, client: client}
}

// get fetches a URL or reads a file.
func (f *fetcher) get(ctx context.Context, u *url.URL) (response, error) {
	if u.Scheme == "file" {
		return f.readFile(u.Path)
	}
	return requireBody(f.do(ctx, http.MethodGet, u, "", nil))
}

// visit fetches a page only for its cookies.
func (f *fetcher) visit(ctx context.Context, u *url.URL) error {
	_, err := f.do(ctx, http.MethodGet, u, "", nil)
	return err
}

// post sends a form or JSON.
func (f *fetcher) post(ctx context.Context, u *url.URL, contentType string, body []byte) (response, error) {
	if u.Scheme == "file" {
		return response{}, invalid("cannot POST to a file: URL")
	}
	return requireBody(f.do(ctx, http.MethodPost, u, contentType, body))
}

// requireBody rejects a response with an empty body.
func requireBody(res response, err error) (response, error) {
	if err == nil && len(res.data) == 0 {
		return response{}, unavailable("%s sent an empty response", res.origin)
	}
	return res, err
}

func (f *fetcher) do(ctx context.Context, method string, u *url.URL, contentType string, body []byte) (response, error) {
	if err := f.pause(ctx); err != nil {
		return response{}, err
	}
	f.list.origin = u.Host
	callerCtx := ctx
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return response{}, invalid("request to %s: %v", u.Host, err)
	}
	req.Header.Set("User-Agent", f.cfg.UserAgent)
	req.Header.Set("Accept", "*/*")
	// Setting the header keeps the Transport from decompressing, so that we count the bytes as sent.
	req.Header.Set("Accept-Encoding", "gzip")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return response{}, f.requestError(callerCtx, u.Host, 0, err)
	}
	defer res.Body.Close()
	if err := checkStatus(u.Host, res); err != nil {
		return response{}, err
	}
	if res.ContentLength > f.cfg.MaxBytes {
		return response{}, f.tooManyBytes(u.Host)
	}
	data, err := f.readAll(res.Body, max(res.ContentLength, 0))
	f.list.report.Bytes += int64(len(data))
	if err != nil {
		return response{}, f.requestError(callerCtx, u.Host, len(data), err)
	}
	data, err = f.gunzip(u.Host, data)
	return response{origin: u.Host, url: res.Request.URL, data: data}, err
}

// pause waits before every request but the first, so as not to strain the school's server.
func (f *fetcher) pause(ctx context.Context) error {
	f.requests++
	if f.requests == 1 {
		return nil
	}
	select {
	case <-time.After(f.cfg.Pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkStatus rejects every status but 200.
func checkStatus(host string, res *http.Response) error {
	code := res.StatusCode
	switch {
	case code == http.StatusOK:
		return nil
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return unavailable("%s responded %d %s", host, code, http.StatusText(code))
	}
	return unexpected("%s responded %d %s", host, code, http.StatusText(code))
}

// requestError returns why a request has no response after n bytes. It drops the URL of a
// *url.Error, which can be long and contain secrets.
func (f *fetcher) requestError(ctx context.Context, host string, n int, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	var redirectErr redirectError
	var netErr net.Error
	switch {
	case errors.As(err, &redirectErr):
		return unexpected("%s %s", host, redirectErr.text)
	case errors.Is(err, errTooLarge):
		return f.tooManyBytes(host)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return unavailable("%s is too slow: sent %d bytes in %s", host, n, f.cfg.Timeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return unavailable("%s closed the connection after %d bytes", host, n)
	case errors.Is(err, io.EOF):
		return unavailable("%s closed the connection without a response", host)
	}
	return unavailable("reading from %s failed after %d bytes: %s", host, n, truncate(err.Error(), 300))
}

func (f *fetcher) tooManyBytes(origin string) error {
	return tooLarge("the response of %s exceeds %d bytes", origin, f.cfg.MaxBytes)
}
