// Package muxserver serves HTTP/1.1 and gRPC on one TCP port, without TLS, as Firebase's SDKs expect of an emulator.
//
// A gRPC client opens a connection with HTTP/2's preface; everything else is HTTP/1.1. Each connection goes to the server
// made for it: gRPC's own HTTP/2 transport costs about half of what the same calls cost through net/http.
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

// Port is an open port and the servers behind it.
type Server struct {
	listener net.Listener
	grpc     *grpc.Server
	http     *http.Server
	grpcSide *side
	httpSide *side
	done     chan struct{}
	once     sync.Once
}

// preface is the beginning of HTTP/2's; no HTTP/1.1 method starts like it. Source: RFC 9113, section 3.4.
const preface = "PRI * HTTP/2"

// prefaceTimeout is how long a new connection may say nothing.
const prefaceTimeout = 30 * time.Second

// idleTimeout is how long a connection of HTTP/1.1 is kept between two requests.
const idleTimeout = 3 * time.Minute

// InUseError says that another process has the port.
type InUseError struct {
	// Name of the service that wanted it.
	Name string
	// Address that is taken, host:port.
	Address string
	err     error
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("port of %s is in use: %s", e.Name, e.Address)
}

func (e *InUseError) Unwrap() error { return e.err }

// Open listens on address and serves. g may be nil for a port without gRPC, h for one without HTTP/1.1. The error is an
// *InUseError when somebody else has the port.
func Open(name, address string, g *grpc.Server, h http.Handler) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		if inUse(err) {
			return nil, &InUseError{name, address, err}
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
		http:     &http.Server{Handler: h, ReadHeaderTimeout: prefaceTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 1 << 20},
		grpcSide: newSide(l.Addr()), httpSide: newSide(l.Addr()),
	}
	// An HTTP/2 client that does not want gRPC, such as a load balancer's probe, is served by net/http where there is no gRPC.
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

// Address is the address that the port really has, host:port, also when it was asked for as port 0.
func (p *Server) Address() string { return p.listener.Addr().String() }

// Close stops listening, lets running requests finish while ctx lasts, and then cuts what is left.
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
			// Out of file descriptors, most likely: wait for some to be closed.
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

// route reads as much of a connection as tells the protocol, and hands it over with nothing lost.
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

// conn reads first what was read to tell the protocol.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func (c *conn) Read(b []byte) (int, error) {
	if c.r != nil {
		if c.r.Buffered() > 0 {
			return c.r.Read(b)
		}
		c.r = nil // from here on straight from the connection
	}
	return c.Conn.Read(b)
}

// side is the listener that one of the two servers accepts its connections from.
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
