package emulatortest

import (
	"context"
	"os"
	"sync"
	"testing"

	firebase "firebase.google.com/go/v4"
	gcauth "firebase.google.com/go/v4/auth"
)

// environment guards the process's environment, where the Admin SDK looks for the emulator when a client is made, and only then.
// So tests that make clients with [Cloud.AuthClient] run side by side.
var environment sync.Mutex

// AuthClient is Google's Admin client for Authentication.
func (c *Cloud) AuthClient(t testing.TB) *gcauth.Client {
	t.Helper()
	return c.AuthClientAt(t, c.AuthAddress())
}

// AuthClientAt is [Cloud.AuthClient] for what stands in front of Authentication at address, host:port.
func (c *Cloud) AuthClientAt(t testing.TB, address string) *gcauth.Client {
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
	app, err := firebase.NewApp(context.Background(), &firebase.Config{ProjectID: c.Project})
	if err != nil {
		t.Fatalf("open Firebase: %v", err)
	}
	client, err := app.Auth(context.Background())
	if err != nil {
		t.Fatalf("open Authentication: %v", err)
	}
	return client
}
