package oidcauth

import (
	"net/http"
	"time"
)

// SetClock replaces the time that results of asking the front end expire by.
func (c *Checker) SetClock(now func() time.Time) { c.front.now = now }

// SetTransport replaces how the service reaches its own URL.
func (c *Checker) SetTransport(t http.RoundTripper) { c.front.client.Transport = t }
