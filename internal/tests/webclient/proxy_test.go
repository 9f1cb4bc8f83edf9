package webclient

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy is the network between an app and a server, which can break.
type proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	refused chan struct{} // a connection that was tried while down; some get lost

	mu       sync.Mutex
	conns    map[net.Conn]bool
	closed   bool // lets nobody through
	budget   int  // bytes of answers until a connection is cut, when armed
	armed    bool
	cutSofar int
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}, refused: make(chan struct{}, 1)}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.down()
		p.running.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.connect(client) })
	}
}

func (p *proxy) connect(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.add(client, server) {
		select {
		case p.refused <- struct{}{}:
		default:
		}
		return
	}
	defer p.remove(client, server)
	p.running.Go(func() {
		defer server.Close()
		io.Copy(server, client)
	})
	buffer := make([]byte, 4096)
	for {
		n, err := server.Read(buffer)
		pass, cut := p.spend(n)
		if _, werr := client.Write(buffer[:pass]); err != nil || werr != nil {
			return
		}
		if cut {
			reset(client)
			return
		}
	}
}

// reset breaks a connection, instead of ending it.
func reset(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		if !p.closed {
			p.conns[conn] = true
		}
	}
	return !p.closed
}

func (p *proxy) remove(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

// spend says how many of n bytes are let through and whether the connection is cut then.
func (p *proxy) spend(n int) (pass int, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return n, false
	}
	if n < p.budget {
		p.budget -= n
		return n, false
	}
	p.armed = false
	p.cutSofar++
	return p.budget, true
}

// cutAfter cuts the connection over which so many bytes of answers have come, from now on and of all connections together.
func (p *proxy) cutAfter(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.budget = true, bytes
}

// cuts is how many connections cutAfter has cut.
func (p *proxy) cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cutSofar
}

// down breaks all connections and lets none through until up.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for conn := range p.conns {
		reset(conn)
	}
}

func (p *proxy) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = false
}
