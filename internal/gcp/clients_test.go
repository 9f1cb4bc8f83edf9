package gcp

import (
	"errors"
	"slices"
	"testing"
)

type closer func() error

func (c closer) Close() error { return c() }

func TestClientsCloseInReverse(t *testing.T) {
	var closed []string
	c := NewClients("demo-test", DefaultDatabase)
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
	first := errors.New("first")
	c := NewClients("demo-test", DefaultDatabase)
	if got := own(c, func() (closer, error) { return nil, first }); got != nil {
		t.Error("own returned a client that failed to open")
	}
	if c.Firestore(t.Context()) != nil || OpenStorage(t.Context(), c) != nil || c.Tasks(t.Context()) != nil || c.Authentication(t.Context(), "") != nil {
		t.Error("a client was opened after an error")
	}
	if !errors.Is(c.Err(), first) {
		t.Errorf("Err() = %v, want the first error", c.Err())
	}
}
