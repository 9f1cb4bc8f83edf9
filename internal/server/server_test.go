package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestServeStopsGracefully checks that a stopping server rejects new requests, lets the running one finish,
// and closes the service last. It is long because each step depends on the one before.
func TestServeStopsGracefully(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	entered, leave, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	service := &Service{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-leave
			io.WriteString(w, "whole response")
		}),
		Close: func() error { close(closed); return nil },
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, service) }()
	health, err := http.Get(url + "/health")
	if err != nil || health.StatusCode != http.StatusOK {
		t.Fatalf("health: %v, %v", health, err)
	}
	health.Body.Close()
	response := make(chan string, 1)
	go func() {
		got, err := http.Get(url + "/work")
		if err != nil {
			response <- err.Error()
			return
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		if err != nil {
			response <- err.Error()
			return
		}
		response <- string(text)
	}()
	<-entered
	stop()
	for { // the listener closes soon after the stop
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case <-closed:
		t.Error("the service was closed while a request ran")
	default:
	}
	close(leave)
	if got := <-response; got != "whole response" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("stop: %v", err)
	}
	<-closed
}
