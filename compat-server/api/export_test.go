package api

import "github.com/labstack/echo/v4"

// Add adds a call to the server, for tests of the middleware.
func (s *Server) Add(method, path string, handle func() error) {
	s.echo.Add(method, base+path, func(echo.Context) error { return handle() })
}
