// Package authclient opens the Firebase Admin SDK's Authentication client for a test's local cloud.
//
// It is a package of its own because the Admin SDK links the clients of all other services: only
// tests that import it pay for that.
package authclient

import (
	"context"
	"os"
	"sync"
	"testing"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/auth"
)

// environment guards the process's environment. The Admin SDK reads the emulator's address from
// there when it makes a client, and only then, so tests that call [New] can run in parallel.
var environment sync.Mutex

// New returns an Admin client for a project's accounts. address is where Authentication listens, as
// Cloud.AuthAddress returns it, or what a test puts in front of it.
func New(t testing.TB, project, address string) *auth.Client {
	t.Helper()
	environment.Lock()
	defer environment.Unlock()
	const name = "FIREBASE_AUTH_EMULATOR_HOST"
	before, was := os.LookupEnv(name)
	os.Setenv(name, address)
	defer func() {
		if was {
			os.Setenv(name, before)
		} else {
			os.Unsetenv(name)
		}
	}()
	app, err := firebase.NewApp(context.Background(), &firebase.Config{ProjectID: project})
	if err != nil {
		t.Fatalf("open the Firebase Admin SDK: %v", err)
	}
	client, err := app.Auth(context.Background())
	if err != nil {
		t.Fatalf("open an Authentication client: %v", err)
	}
	return client
}
