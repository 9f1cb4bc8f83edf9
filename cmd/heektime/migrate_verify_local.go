package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/server"
)

// startCompatServer starts a compat-server in this process that serves everything from Firestore, as without
// OLD_SERVER_URL, so that nobody has to deploy a second one for a comparison. It signs its tokens with a key of its
// own.
func (o *verifyOptions) startCompatServer(ctx context.Context) (stop func(), err error) {
	open := services["compat-server"]
	if open == nil {
		return nil, errors.New("--api needs --compat, because this command was built without compat-server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	o.newAPI = "http://" + listener.Addr().String()
	o.variables = map[string]string{}
	for _, line := range os.Environ() {
		// The local cloud's addresses, Google's credentials, and the old server's key and claims.
		if name, value, _ := strings.Cut(line, "="); name != "OLD_SERVER_URL" {
			o.variables[name] = value
		}
	}
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": o.project, databaseVariable: o.database, "PUBLIC_URL": o.newAPI, "TOKEN_KEY": base64.StdEncoding.EncodeToString(key),
		"FIREBASE_API_KEY": "unused", // nobody signs in with a password
		"END_DATE":         time.Now().AddDate(1, 0, 0).Format(time.DateOnly),
		"CALLS_PER_USER":   "1000000", "CALLS_PER_ADDRESS": "1000000",
	} {
		o.variables[name] = value
	}
	service, err := open(ctx, environment.Map(o.variables), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(ctx, listener, service) // a failure shows as a request that fails
	}()
	return func() {
		cancel()
		<-ended
	}, nil
}
