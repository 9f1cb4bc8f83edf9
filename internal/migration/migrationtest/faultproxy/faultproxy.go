// Package faultproxy is a TCP proxy that breaks, stalls and slows the connections through it. Tests put it
// between a client and a server whose network shall fail.
package faultproxy

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy forwards connections to one server. It is safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener

	mu      sync.Mutex
	changed *sync.Cond
	conns   map[net.Conn]bool
	refuse  bool          // new connections
	stalled bool          // nothing is forwarded
	delay   time.Duration // of each chunk of bytes
}

// Start starts a proxy for target ("host:port"). It ends with the test, and with it all connections.
func Start(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := New(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// New returns a proxy that the caller closes.
func New(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy for %s: %w", target, err)
	}
	p := &Proxy{target: target, listener: listener, conns: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	go p.accept()
	return p, nil
}

// Address returns the host and port that clients connect to.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close ends the proxy and its connections.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut()
}

// Break resets all connections. Clients can connect again.
func (p *Proxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reset()
}

// Cut resets all connections, and all new ones until [Proxy.Heal].
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = true
	p.reset()
}

// Stall stops forwarding until [Proxy.Heal], but keeps connections open.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
}

// Slow delays each chunk of bytes, in both directions, until [Proxy.Heal].
func (p *Proxy) Slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// Heal ends every fault.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.stalled, p.delay = false, false, 0
	p.changed.Broadcast()
}

// reset resets all connections. p.mu is locked.
func (p *Proxy) reset() {
	for conn := range p.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // close with RST: bytes in flight are lost
		}
		conn.Close()
	}
	clear(p.conns)
	p.changed.Broadcast()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.forward(client)
	}
}

// forward forwards a connection until either side closes it.
func (p *Proxy) forward(client net.Conn) {
	defer client.Close()
	if !p.add(client) {
		return
	}
	defer p.remove(client)
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.add(server) {
		return
	}
	defer p.remove(server)
	var both sync.WaitGroup
	both.Go(func() { p.pipe(server, client) })
	both.Go(func() { p.pipe(client, server) })
	both.Wait()
}

// add reports whether a connection may live.
func (p *Proxy) add(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse {
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *Proxy) remove(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// pipe copies from one connection to the other until either ends, and then closes that direction.
func (p *Proxy) pipe(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.pass(from) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			return
		}
	}
}

// pass waits while the proxy stalls or slows, and reports whether the connection still lives.
func (p *Proxy) pass(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delay := p.delay; delay > 0 {
		p.mu.Unlock()
		time.Sleep(delay)
		p.mu.Lock()
	}
	for p.stalled && p.conns[conn] {
		p.changed.Wait()
	}
	return p.conns[conn]
}
