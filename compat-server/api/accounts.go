package api

import (
	"context"
	"errors"
	"net/http"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/token"
)

// signUp handles POST /users.
func (s *Server) signUp(ctx context.Context, c *call) error {
	fields, err := c.decode("username", "password", "name")
	if err != nil {
		return err
	}
	user, err := s.accounts.Create(ctx, c.ip, account.SignUp{Username: fields[0], Password: fields[1], Name: fields[2]})
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, user)
}

// signIn handles POST /auth/token.
func (s *Server) signIn(ctx context.Context, c *call) error {
	fields, err := c.decode("username", "password")
	if err != nil {
		return err
	}
	session, err := s.accounts.SignIn(ctx, c.ip, fields[0], fields[1])
	if err != nil {
		return err
	}
	access, err := s.sign(ctx, session, token.Access)
	if err != nil {
		return err
	}
	refresh, err := s.sign(ctx, session, token.Refresh)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, map[string]string{"access_token": access, "refresh_token": refresh})
}

// refresh handles POST /auth/refresh-token.
func (s *Server) refresh(ctx context.Context, c *call) error {
	fields, err := c.decode("refresh_token")
	if err != nil {
		return err
	}
	session, err := s.checkToken(fields[0], token.Refresh)
	if err != nil {
		return errRefreshRejected
	}
	switch session, err = s.accounts.Refresh(ctx, session); {
	case errors.Is(err, account.ErrRevoked):
		return errRefreshRejected
	case err != nil:
		return err
	}
	access, err := s.sign(ctx, session, token.Access)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, map[string]string{"access_token": access})
}

// me handles GET /me.
func (s *Server) me(ctx context.Context, c *call) error {
	user, err := s.accounts.User(ctx, c.UID)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, user)
}

// findUser handles GET /username/{username}.
func (s *Server) findUser(ctx context.Context, c *call) error {
	username, err := c.param("username")
	if err != nil {
		return err
	}
	user, err := s.accounts.Find(ctx, username)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, user)
}
