package muxserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func open(t *testing.T) *Server {
	t.Helper()
	g := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(g, health.NewServer())
	p, err := Open("test", "127.0.0.1:0", g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Proto, r.URL.Path, body)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.Close(ctx)
	})
	return p
}

func checkGRPC(t *testing.T, address string) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("gRPC: %v, %v", answer, err)
	}
}

func checkHTTP(t *testing.T, address string) {
	t.Helper()
	answer, err := http.Post("http://"+address+"/path", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); string(body) != "HTTP/1.1 /path body" {
		t.Errorf("HTTP: %q", body)
	}
}

func TestBothProtocolsOnOnePort(t *testing.T) {
	p := open(t)
	checkGRPC(t, p.Address())
	checkHTTP(t, p.Address())
}

// A method that begins like the preface, as PUT and PATCH do, is HTTP/1.1; and a connection that says half a preface and
// no more keeps nobody else waiting.
func TestHalfAPreface(t *testing.T) {
	p := open(t)
	for _, head := range []string{"P", "PRI ", "PRI * HTTP/"} {
		c, err := net.Dial("tcp", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, head)
	}
	r, _ := http.NewRequest(http.MethodPut, "http://"+p.Address()+"/put", nil)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	checkGRPC(t, p.Address())
	checkHTTP(t, p.Address())
}

func TestPortInUse(t *testing.T) {
	p := open(t)
	_, err := Open("firestore", p.Address(), nil, nil)
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.Address != p.Address() || inUse.Name != "firestore" {
		t.Errorf("error %v does not say whose port is taken", err)
	}
}

func TestCloseFreesThePort(t *testing.T) {
	p := open(t)
	checkHTTP(t, p.Address())
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := Open("again", p.Address(), nil, nil)
	if err != nil {
		t.Fatalf("port is not free after Close: %v", err)
	}
	again.Close(t.Context())
}
