// Package tfe has the names that the command "login" needs to compile.
package tfe

import (
	"context"
	"errors"
	"net/http"
)

// ErrUnauthorized is not returned.
var ErrUnauthorized = errors.New("unauthorized")

// Config is not used.
type Config struct {
	Address, BasePath, Token string
	Headers                  http.Header
}

// Client calls nothing.
type Client struct{ Users users }

type users struct{}

// User is nobody.
type User struct{ Username string }

// NewClient always fails.
func NewClient(*Config) (*Client, error) {
	return nil, errors.New("this build of OpenTofu signs in nowhere")
}

// ReadCurrent is not called.
func (users) ReadCurrent(context.Context) (*User, error) { return nil, ErrUnauthorized }
