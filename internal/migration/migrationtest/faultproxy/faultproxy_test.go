package faultproxy_test

import (
	"bufio"
	"io"
	"net"
	"testing"

	"heek.kr/heektime/internal/migration/migrationtest/faultproxy"
)

// echo starts a server that sends each line back.
func echo(t *testing.T) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, conn)
		}
	}()
	return listener.Addr().String()
}

// client is a connection to the echo server.
type client struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, p *faultproxy.Proxy) *client {
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, bufio.NewReader(conn)}
}

func (c *client) ask(text string) (string, error) {
	if _, err := io.WriteString(c, text+"\n"); err != nil {
		return "", err
	}
	line, err := c.lines.ReadString('\n')
	return line, err
}

func TestBreakAndCut(t *testing.T) {
	p := faultproxy.Start(t, echo(t))
	a := dial(t, p)
	if line, err := a.ask("one"); line != "one\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	p.Break()
	if line, err := a.ask("two"); err == nil {
		t.Errorf("%q over a broken connection", line)
	}
	b := dial(t, p)
	if line, err := b.ask("three"); line != "three\n" || err != nil {
		t.Errorf("after a break: %q, %v", line, err)
	}
	p.Cut()
	for name, c := range map[string]*client{"old": b, "new": dial(t, p)} {
		if line, err := c.ask("four"); err == nil {
			t.Errorf("%q over a cut network, %s connection", line, name)
		}
	}
	p.Heal()
	if line, err := dial(t, p).ask("five"); line != "five\n" || err != nil {
		t.Errorf("after Heal: %q, %v", line, err)
	}
}

func TestStall(t *testing.T) {
	p := faultproxy.Start(t, echo(t))
	a := dial(t, p)
	p.Stall()
	received := make(chan string)
	go func() {
		line, _ := a.ask("late")
		received <- line
	}()
	b := dial(t, p)
	io.WriteString(b, "also late\n")
	select {
	case line := <-received:
		t.Errorf("%q through a stalled proxy", line)
	default:
	}
	p.Heal()
	if line := <-received; line != "late\n" {
		t.Errorf("after Heal: %q", line)
	}
	if line, err := b.lines.ReadString('\n'); line != "also late\n" || err != nil {
		t.Errorf("after Heal: %q, %v", line, err)
	}
}
