package courses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"heek.kr/heektime/internal/courses/spreadsheet"
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
	waits    int // times the school asked to come back later
}

func newFetcher(cfg Config, l *listBuilder) *fetcher {
	jar, _ := cookiejar.New(nil) // never fails
	client := &http.Client{Transport: cfg.Transport, Jar: jar, CheckRedirect: checkRedirect}
	return &fetcher{cfg: cfg, list: l, client: client}
}

// get fetches a URL or reads a file.
func (f *fetcher) get(ctx context.Context, u *url.URL) (response, error) {
	if u.Scheme == "file" {
		return f.readFile(ctx, u.Path)
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

// do sends a request, again if the school asks to come back soon.
func (f *fetcher) do(ctx context.Context, method string, u *url.URL, contentType string, body []byte) (response, error) {
	for {
		res, err := f.try(ctx, method, u, contentType, body)
		wait, ok := RetryDelay(err)
		deadline, hasDeadline := ctx.Deadline()
		if !ok || wait > maxWait || f.waits == maxWaits || hasDeadline && time.Until(deadline) < wait+maxWait {
			return res, err
		}
		f.waits++
		if err := sleep(ctx, wait); err != nil {
			return response{}, err
		}
	}
}

// try sends one request.
func (f *fetcher) try(ctx context.Context, method string, u *url.URL, contentType string, body []byte) (response, error) {
	if err := f.pause(ctx); err != nil {
		return response{}, err
	}
	origin := originOf(u)
	f.list.origin = origin
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
		return response{}, f.requestError(callerCtx, origin, 0, err)
	}
	defer res.Body.Close()
	if final := originOf(res.Request.URL); final != origin {
		origin += " (redirected to " + final + ")"
		f.list.origin = origin
	}
	if err := f.checkStatus(origin, res); err != nil {
		return response{}, err
	}
	if encoding := res.Header.Get("Content-Encoding"); !knownEncoding(encoding) {
		return response{}, unexpected("%s sent the content encoding %s, which was not requested", origin, truncate(encoding, 50))
	}
	if res.ContentLength > f.cfg.MaxBytes {
		return response{}, f.tooManyBytes(origin)
	}
	data, err := f.readAll(res.Body, max(res.ContentLength, 0))
	f.list.report.Bytes += int64(len(data))
	if err != nil {
		return response{}, f.requestError(callerCtx, origin, len(data), err)
	}
	data, err = f.gunzip(origin, data)
	return response{ctx: callerCtx, list: f.list, origin: origin, url: res.Request.URL, data: data}, err
}

// originOf names the page that a response is from, for errors: host and path, without the query, which
// can be long and contain secrets.
func originOf(u *url.URL) string {
	if u.Path == "" || u.Path == "/" {
		return u.Host
	}
	return u.Host + truncate(u.Path, 100)
}

// knownEncoding reports whether the service can decode a Content-Encoding.
func knownEncoding(encoding string) bool {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "gzip", "x-gzip", "identity", "utf-8": // some servers write the charset here
		return true
	}
	return false
}

// maxRequests bounds the requests for one list.
const maxRequests = 200

// pause waits before every request but the first, so as not to strain the school's server.
func (f *fetcher) pause(ctx context.Context) error {
	f.requests++
	switch {
	case f.requests == 1:
		return nil
	case f.requests > maxRequests:
		return tooLarge("the list of %s takes more than %d requests", f.list.origin, maxRequests)
	}
	return sleep(ctx, f.cfg.Pause)
}

// sleep waits until the time has passed or the context is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkStatus rejects every status but 200.
func (f *fetcher) checkStatus(origin string, res *http.Response) error {
	code := res.StatusCode
	if code == http.StatusOK {
		return nil
	}
	message := fmt.Sprintf("%s responded %d %s", origin, code, http.StatusText(code))
	// The page often says why, such as maintenance or a blocked client.
	head, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if head, err := f.gunzip(origin, head); err == nil {
		if title := pageTitle(spreadsheet.Preview(head, 4096)); title != "" {
			message += " with " + title
		}
	}
	if wait, ok := retryAfter(res, time.Now()); ok {
		return unavailableFor(wait, "%s and asked to be left alone for %s", message, wait)
	}
	switch {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return unavailable("%s", message)
	}
	return unexpected("%s", message)
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
