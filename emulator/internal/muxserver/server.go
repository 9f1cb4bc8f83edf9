// Package muxserver serves HTTP/1.1 and gRPC on one TCP port, without TLS, as Firebase's SDKs expect of
// an emulator.
//
// A connection that begins with the HTTP/2 preface goes to the gRPC server, and any other to net/http.
// Calls through gRPC's own HTTP/2 transport cost about half of what they cost through net/http.
package muxserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// Server is an open port and the two servers behind it.
type Server struct {
	listener net.Listener
	grpc     *grpc.Server
	http     *http.Server
	grpcSide *side
	httpSide *side
	done     chan struct{}
	once     sync.Once
}

// preface begins every HTTP/2 connection, and no HTTP/1.1 request. Source: RFC 9113, section 3.4.
const preface = "PRI * HTTP/2"

// prefaceTimeout is how long a new connection may send nothing.
const prefaceTimeout = 30 * time.Second

// ReadTimeout is how long an HTTP client may take to send a request. It is the only deadline for
// bodies; handlers set their own only for bodies that may take longer. It also covers what no handler
// sees: before it sends a response, and again after the handler, net/http reads up to 256 KiB of the
// rest of a body, to use the connection again. When that read times out, the connection closes after
// the response. The timeout does not limit handlers: net/http clears the deadline at a body's end, and
// with HTTP/2 it ends the body of one stream only.
//
// Sources: net/http, Go 1.26: chunkWriter.writeHeader, body.Close, connReader.startBackgroundRead,
// http2serverConn.processHeaders.
const ReadTimeout = time.Minute

// idleTimeout is how long an HTTP/1.1 connection is kept open between two requests.
const idleTimeout = 3 * time.Minute

// Open listens on address and serves. g is nil for a port without gRPC, and h for one without
// HTTP/1.1. The error is an *[InUseError] when another process has the port.
func Open(name, address string, g *grpc.Server, h http.Handler) (*Server, error) {
	return openWithTimeout(name, address, g, h, ReadTimeout)
}

func openWithTimeout(name, address string, g *grpc.Server, h http.Handler, readTimeout time.Duration) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		if inUse(err) {
			return nil, &InUseError{Name: name, Address: address, err: err}
		}
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	if h == nil {
		h = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, name+" speaks gRPC only", http.StatusNotImplemented)
		})
	}
	p := &Server{
		listener: l, grpc: g, done: make(chan struct{}),
		http:     &http.Server{Handler: h, ReadHeaderTimeout: min(prefaceTimeout, readTimeout), ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 1 << 20},
		grpcSide: newSide(l.Addr()), httpSide: newSide(l.Addr()),
	}
	// Without gRPC, net/http serves HTTP/2 clients too, such as a load balancer's probe.
	if g == nil {
		p.http.Protocols = new(http.Protocols)
		p.http.Protocols.SetHTTP1(true)
		p.http.Protocols.SetUnencryptedHTTP2(true)
	} else {
		go g.Serve(p.grpcSide)
	}
	go p.http.Serve(p.httpSide)
	go p.accept()
	return p, nil
}

// Address returns the address that the server listens on, host:port, with the actual port for port 0.
func (p *Server) Address() string { return p.listener.Addr().String() }

// Reachable returns where programs of this machine connect to, host:port: if the server listens on all addresses, that
// is 127.0.0.1.
func (p *Server) Reachable() string {
	address := p.Address()
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// Close stops listening, lets running requests finish until ctx ends, and then closes their
// connections.
func (p *Server) Close(ctx context.Context) error {
	p.once.Do(func() { close(p.done) })
	err := p.listener.Close()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if p.grpc != nil {
			p.grpc.GracefulStop()
		}
	}()
	if shutdown := p.http.Shutdown(ctx); shutdown != nil {
		p.http.Close()
	}
	select {
	case <-stopped:
	case <-ctx.Done():
		if p.grpc != nil {
			p.grpc.Stop()
		}
		<-stopped
	}
	return err
}

func (p *Server) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			select {
			case <-p.done:
				return
			default:
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Most likely out of file descriptors: wait until some are closed.
			select {
			case <-p.done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		go p.route(c)
	}
}

// route reads enough of a connection to recognize the protocol and passes the connection on, with
// those bytes.
func (p *Server) route(c net.Conn) {
	if p.grpc == nil {
		p.httpSide.hand(c, p.done)
		return
	}
	r := bufio.NewReaderSize(c, 512)
	c.SetReadDeadline(time.Now().Add(prefaceTimeout))
	for n := 1; n <= len(preface); n++ {
		head, err := r.Peek(n)
		if err != nil {
			c.Close()
			return
		}
		if head[n-1] != preface[n-1] {
			c.SetReadDeadline(time.Time{})
			p.httpSide.hand(&conn{Conn: c, r: r}, p.done)
			return
		}
	}
	c.SetReadDeadline(time.Time{})
	p.grpcSide.hand(&conn{Conn: c, r: r}, p.done)
}

// conn returns the bytes that route has read before those of the connection.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func (c *conn) Read(b []byte) (int, error) {
	if c.r != nil {
		if c.r.Buffered() > 0 {
			return c.r.Read(b)
		}
		c.r = nil // from now on, read from the connection directly
	}
	return c.Conn.Read(b)
}

// side is the listener of one of the two servers.
type side struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   net.Addr
}

func newSide(addr net.Addr) *side {
	return &side{conns: make(chan net.Conn), closed: make(chan struct{}), addr: addr}
}

func (s *side) hand(c net.Conn, done <-chan struct{}) {
	select {
	case s.conns <- c:
	case <-s.closed:
		c.Close()
	case <-done:
		c.Close()
	}
}

func (s *side) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *side) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *side) Addr() net.Addr { return s.addr }
