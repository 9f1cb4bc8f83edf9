package passthrough

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// maxBody is the largest body of a write that is kept, so that the write can be held and repeated:
	// that of the largest call of the API, a lecture.
	maxBody = 256 << 10
	// maxBodies limits all bodies that an instance keeps: an eighth of its memory.
	maxBodies = 64 << 20
)

// call is a call on its way to one of the sides.
type call struct {
	in     *http.Request
	path   string // as it was sent, with its escapes
	query  string // with the question mark, "" if there is none
	routes []matched

	kept       bool          // the beginning of the body is in memory, as body
	body       []byte        // nil if there is none
	whole      bool          // there is nothing else in the body
	rest       io.ReadCloser // what follows
	mayHaveRun bool          // the old server may have executed the call, but has not said so
	uncertain  bool          // the old server says that it has not executed the call, but may have
	free       func()
}

// newCall reads a request. The body of a write is read before the call is decided, so that a client that
// sends it slowly cannot make the decision stale.
func (p *Proxy) newCall(r *http.Request) (*call, error) {
	c := &call{in: r, free: func() {}}
	var err error
	if c.path, c.query, err = target(r); err != nil {
		return nil, err
	}
	c.routes = interpret(p.Base, c.path)
	if !c.writes() || r.Body == nil || r.ContentLength == 0 {
		c.whole = r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0
		return c, nil
	}
	size := int64(maxBody)
	if r.ContentLength > 0 {
		size = min(size, r.ContentLength)
	}
	if !p.bodies.take(size) {
		return nil, ErrHeld
	}
	c.free = func() { p.bodies.give(size) }
	var buffer bytes.Buffer
	_, err = io.CopyN(&buffer, r.Body, size)
	if err == nil {
		// Whether that was all can only be known by reading on.
		var next [1]byte
		var n int
		if n, err = io.ReadFull(r.Body, next[:]); n == 1 {
			c.rest = joined(next[:], r.Body)
		}
	}
	c.kept, c.body, c.whole = true, buffer.Bytes(), errors.Is(err, io.EOF)
	if err != nil && !c.whole {
		c.release()
		return nil, errors.Join(ErrBadBody, err)
	}
	return c, nil
}

func (c *call) release() { c.free() }

// writes reports whether the call may change something.
func (c *call) writes() bool { return !reads(c.in.Method) }

// request returns the request with its whole body.
func (c *call) request() *http.Request {
	if !c.kept {
		return c.in
	}
	r := c.in.WithContext(c.in.Context()) // a copy
	r.Body = c.reader()
	return r
}

// reader returns the whole body. If there is more than what is kept, it works only once.
func (c *call) reader() io.ReadCloser {
	if c.whole {
		return io.NopCloser(bytes.NewReader(c.body))
	}
	return joined(c.body, c.rest)
}

// budget limits the memory that bodies take.
type budget struct {
	mu   sync.Mutex
	left int64
}

func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}
