package webclient

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy forwards connections from an app to a server and can break them.
type proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	// rejected receives a value for a connection attempt while down. Attempts that nobody is waiting
	// for may be dropped.
	rejected chan struct{}

	mu       sync.Mutex
	conns    map[net.Conn]bool
	isDown   bool // rejects connections
	armed    bool
	budget   int // if armed, response bytes left before a connection is cut
	cutCount int
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}, rejected: make(chan struct{}, 1)}
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
		case p.rejected <- struct{}{}:
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
		forward, cut := p.spend(n)
		if _, werr := client.Write(buffer[:forward]); err != nil || werr != nil {
			return
		}
		if cut {
			reset(client)
			return
		}
	}
}

// reset closes a connection with a TCP reset instead of an orderly FIN.
func reset(conn net.Conn) {
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		if !p.isDown {
			p.conns[conn] = true
		}
	}
	return !p.isDown
}

func (p *proxy) remove(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

// spend returns how many of n bytes to forward and whether to cut the connection after them.
func (p *proxy) spend(n int) (forward int, cut bool) {
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
	p.cutCount++
	return p.budget, true
}

// cutAfter lets that many more response bytes through, over all connections together, then cuts the
// connection that reaches the limit.
func (p *proxy) cutAfter(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.budget = true, bytes
}

// cuts returns how many connections cutAfter has cut.
func (p *proxy) cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cutCount
}

// down breaks all connections and rejects new ones until up.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isDown = true
	for conn := range p.conns {
		reset(conn)
	}
}

func (p *proxy) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isDown = false
}
