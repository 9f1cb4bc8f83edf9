package courses

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const maxRedirects = 5

// source asks schools. It lives for one reading: cookies are kept within it and forgotten after.
//
// It does not refuse addresses of private networks. Who may call the service is checked before a request gets here, and the
// addresses come from the operator's own school file; a filter by address would only look like protection.
type source struct {
	cfg      Config
	client   *http.Client
	list     *list // learns who was asked, and how many bytes came
	requests int
}

func newSource(cfg Config, l *list) *source {
	jar, _ := cookiejar.New(nil) // never fails
	return &source{cfg: cfg, list: l, client: &http.Client{Transport: cfg.Transport, Jar: jar, CheckRedirect: redirect}}
}

// redirect follows a school only so far, and never from https down to http.
func redirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errRedirect{fmt.Sprintf("redirects more than %d times", maxRedirects)}
	case req.URL.Scheme != "https" && (req.URL.Scheme != "http" || via[0].URL.Scheme == "https"):
		return errRedirect{fmt.Sprintf("redirects from %s to %s", via[0].URL.Scheme, clip(req.URL.Scheme, 20))}
	}
	return nil
}

type errRedirect struct{ text string }

func (e errRedirect) Error() string { return e.text }

// parseURL reads an address of an option. Only http, https and file are taken, and no passwords, since addresses stand in logs.
func parseURL(key, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, invalid("option %s is no address: %v", key, errors.Unwrap(err))
	case u.User != nil:
		return nil, invalid("option %s holds a user name; schools that ask for a login are not read", key)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return u, nil
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") && strings.HasPrefix(u.Path, "/"):
		return u, nil
	}
	return nil, invalid("option %s is %q; an address begins with https://, http:// or file:///", key, clip(address, 200))
}

// get reads an address.
func (s *source) get(ctx context.Context, u *url.URL) (answer, error) {
	if u.Scheme == "file" {
		return s.file(u.Path)
	}
	return something(s.ask(ctx, http.MethodGet, u, "", nil))
}

// visit opens a page for the cookie that comes with it.
func (s *source) visit(ctx context.Context, u *url.URL) error {
	_, err := s.ask(ctx, http.MethodGet, u, "", nil)
	return err
}

// post sends a form or a JSON body.
func (s *source) post(ctx context.Context, u *url.URL, contentType string, body []byte) (answer, error) {
	if u.Scheme == "file" {
		return answer{}, invalid("a file can't be asked with POST")
	}
	return something(s.ask(ctx, http.MethodPost, u, contentType, body))
}

// something refuses an answer without a body.
func something(a answer, err error) (answer, error) {
	if err == nil && len(a.data) == 0 {
		return answer{}, status.Errorf(codes.Unavailable, "%s answered with nothing", a.from)
	}
	return a, err
}

func (s *source) ask(ctx context.Context, method string, u *url.URL, contentType string, body []byte) (answer, error) {
	if err := s.pause(ctx); err != nil {
		return answer{}, err
	}
	s.list.from = u.Host
	callerCtx := ctx
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, invalid("request to %s: %v", u.Host, err)
	}
	req.Header.Set("User-Agent", s.cfg.UserAgent)
	req.Header.Set("Accept", "*/*")
	// Asked for by hand, so that the bytes are counted as they were sent.
	req.Header.Set("Accept-Encoding", "gzip")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, s.failed(callerCtx, u.Host, 0, err)
	}
	defer res.Body.Close()
	if err := statusError(u.Host, res); err != nil {
		return answer{}, err
	}
	if res.ContentLength > s.cfg.MaxBytes {
		return answer{}, s.tooLarge(u.Host)
	}
	data, err := s.readAll(res.Body, max(res.ContentLength, 0))
	s.list.report.Bytes += int64(len(data))
	if err != nil {
		return answer{}, s.failed(callerCtx, u.Host, len(data), err)
	}
	data, err = s.unpack(u.Host, data)
	return answer{from: u.Host, data: data}, err
}

// pause is our politeness between two requests of one reading.
func (s *source) pause(ctx context.Context) error {
	s.requests++
	if s.requests == 1 {
		return nil
	}
	select {
	case <-time.After(s.cfg.Pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// statusError refuses every answer but 200.
func statusError(host string, res *http.Response) error {
	code := res.StatusCode
	switch {
	case code == http.StatusOK:
		return nil
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return status.Errorf(codes.Unavailable, "%s answered %d %s", host, code, http.StatusText(code))
	}
	return unknownShape("%s answered %d %s", host, code, http.StatusText(code))
}

var errTooLarge = errors.New("too large")

// readAll reads at most MaxBytes; more is errTooLarge.
func (s *source) readAll(r io.Reader, expect int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, min(expect, s.cfg.MaxBytes)+bytes.MinRead))
	_, err := buf.ReadFrom(io.LimitReader(r, s.cfg.MaxBytes+1))
	if err == nil && int64(buf.Len()) > s.cfg.MaxBytes {
		err = errTooLarge
	}
	return buf.Bytes(), err
}

// unpack undoes gzip, whether the transfer or the file itself is packed, or both.
func (s *source) unpack(from string, data []byte) ([]byte, error) {
	for range 2 {
		if !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
			return data, nil
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			// The packed data end with the size of what is in them; taken as a hint only, it saves the copying.
			data, err = s.readAll(z, int64(binary.LittleEndian.Uint32(data[len(data)-4:])))
		}
		switch {
		case errors.Is(err, errTooLarge):
			return nil, s.tooLarge(from)
		case err != nil:
			return nil, damaged("%s sent damaged gzip data: %v", from, err)
		}
	}
	return data, nil
}

// failed says why a request has no answer. Of the transport's error only the reason is kept: the address may be long.
func (s *source) failed(ctx context.Context, host string, got int, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	var refused errRedirect
	var netErr net.Error
	switch {
	case errors.As(err, &refused):
		return unknownShape("%s %s", host, refused.text)
	case errors.Is(err, errTooLarge):
		return s.tooLarge(host)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return status.Errorf(codes.Unavailable, "%s was too slow: %d bytes in %s", host, got, s.cfg.Timeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return status.Errorf(codes.Unavailable, "%s broke off after %d bytes", host, got)
	case errors.Is(err, io.EOF):
		return status.Errorf(codes.Unavailable, "%s closed the connection without an answer", host)
	}
	return status.Errorf(codes.Unavailable, "%s can't be read after %d bytes: %s", host, got, clip(err.Error(), 300))
}

func (s *source) tooLarge(from string) error {
	return status.Errorf(codes.ResourceExhausted, "%s sent more than %d bytes", from, s.cfg.MaxBytes)
}

// file reads a file below FilesRoot.
func (s *source) file(path string) (answer, error) {
	if s.cfg.FilesRoot == "" {
		return answer{}, invalid("file: addresses are not allowed here")
	}
	f, err := s.open(filepath.FromSlash(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return answer{}, unknownShape("file %s does not exist", clip(path, 300))
	case err != nil:
		return answer{}, unknownShape("file %s can't be opened: %v", clip(path, 300), errors.Unwrap(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return answer{}, unknownShape("file %s is no file", clip(path, 300))
	}
	from := "file " + clip(filepath.Base(path), 100)
	s.list.from = from
	data, err := s.readAll(f, info.Size())
	s.list.report.Bytes += int64(len(data))
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, s.tooLarge(from)
	case err != nil:
		return answer{}, status.Errorf(codes.Unavailable, "%s can't be read: %v", from, errors.Unwrap(err))
	case len(data) == 0:
		return answer{}, damaged("%s is empty", from)
	}
	data, err = s.unpack(from, data)
	return answer{from: from, data: data}, err
}

// open keeps within FilesRoot also where links lead out of it.
func (s *source) open(path string) (*os.File, error) {
	if s.cfg.FilesRoot == "/" {
		return os.Open(path)
	}
	inside, err := filepath.Rel(s.cfg.FilesRoot, path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	root, err := os.OpenRoot(s.cfg.FilesRoot)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(inside)
}
