package gcp_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"heek.kr/heektime/internal/gcp"
)

type closer func() error

func (c closer) Close() error { return c() }

func TestClientsCloseInReverse(t *testing.T) {
	var closed []string
	c := gcp.NewClients("demo-test", gcp.DefaultDatabase)
	for _, name := range []string{"first", "second"} {
		c.Own(closer(func() error { closed = append(closed, name); return nil }))
	}
	err := error(nil)
	c.CloseOnError(&err)
	if len(closed) != 0 {
		t.Errorf("closed %v without an error", closed)
	}
	err = errors.New("halfway")
	c.CloseOnError(&err)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if want := []string{"second", "first"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
}

// After an error no client is opened, and the error stays.
func TestClientsKeepTheFirstError(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "missing"))
	c := gcp.NewClients("demo-test", gcp.DefaultDatabase)
	if gcp.OpenStorage(t.Context(), c) != nil {
		t.Error("OpenStorage returned a client that failed to open")
	}
	first := c.Err()
	if first == nil {
		t.Fatal("a client was opened without credentials")
	}
	if c.Firestore(t.Context()) != nil || gcp.OpenStorage(t.Context(), c) != nil || c.Tasks(t.Context()) != nil || c.Authentication(t.Context(), "") != nil {
		t.Error("a client was opened after an error")
	}
	if c.Err() != first {
		t.Errorf("Err() = %v, want the first error", c.Err())
	}
}
