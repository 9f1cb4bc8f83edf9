package oldserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/werkzeug"
)

type userObject struct {
	ID       string  `json:"id"`
	Username *string `json:"username"`
}

// decode reads the body, a JSON object.
func decode(r *request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return errMalformed
	}
	return nil
}

// uniqueViolation is PostgreSQL's code for a value that another row has.
const uniqueViolation = "23505"

func (s *Server) signUp(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	var body struct{ Username, Password, Name string }
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	length := utf8.RuneCountInString
	if length(body.Username) < 4 || length(body.Password) < 8 || length(body.Name) < 2 {
		return 0, nil, errSignUp
	}
	id := uuid.NewString()
	_, err := tx.Exec(ctx, "INSERT INTO users (id, username, password_hash, name) VALUES ($1, $2, $3, $4)",
		id, body.Username, olddata.Hash(body.Password, uuid.NewString()[:8]), body.Name)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == uniqueViolation {
		return 0, nil, errUsernameTaken
	}
	return http.StatusCreated, userObject{id, &body.Username}, err
}

func (s *Server) signIn(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	var body struct{ Username, Password string }
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	var id string
	var hash *string
	err := tx.QueryRow(ctx, "SELECT id::text, password_hash FROM users WHERE username = $1", body.Username).Scan(&id, &hash)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil, errWrongPassword
	case err != nil:
		return 0, nil, err
	case hash == nil:
		return 0, nil, errWrongPassword
	}
	parsed, err := werkzeug.Parse(*hash)
	if err != nil {
		return 0, nil, errWrongPassword
	}
	if ok, err := parsed.Verify(body.Password); !ok || err != nil {
		return 0, nil, errWrongPassword
	}
	access, err := s.Token(id, Access, time.Now())
	if err != nil {
		return 0, nil, err
	}
	refresh, err := s.Token(id, Refresh, time.Now())
	return http.StatusOK, map[string]string{"access_token": access, "refresh_token": refresh}, err
}

func (s *Server) refresh(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	var body struct {
		Token string `json:"refresh_token"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	id, err := s.check(body.Token, Refresh)
	if err != nil {
		return 0, nil, errRefreshRejected
	}
	if _, err := oneUser(ctx, tx, "id::text = $1", id); err != nil {
		if errors.Is(err, errNoUser) {
			return 0, nil, errRefreshRejected
		}
		return 0, nil, err
	}
	access, err := s.Token(id, Access, time.Now())
	return http.StatusOK, map[string]string{"access_token": access}, err
}

func oneUser(ctx context.Context, tx pgx.Tx, condition string, arg any) (u userObject, err error) {
	err = tx.QueryRow(ctx, "SELECT id::text, username FROM users WHERE "+condition, arg).Scan(&u.ID, &u.Username)
	if errors.Is(err, pgx.ErrNoRows) {
		return u, errNoUser
	}
	return u, err
}

func me(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	u, err := oneUser(ctx, tx, "id = $1", r.user)
	if errors.Is(err, errNoUser) {
		return 0, nil, errBadToken
	}
	return http.StatusOK, u, err
}

func findUser(ctx context.Context, tx pgx.Tx, r *request) (int, any, error) {
	u, err := oneUser(ctx, tx, "username = $1", r.PathValue("username"))
	return http.StatusOK, u, err
}
