package main

import (
	"fmt"
	"time"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/migration/shadowread"
)

// This file is the command's only reference to compat-server; delete both when the migration ends.

func init() {
	services["compat-server"] = api.Open
	newTokenSigner = signTokens
}

// signTokens returns a function that signs access tokens as the old server and compat-server do, with the keys
// of their environment variables. It is nil if the keys are not set.
func signTokens(project string, env *environment.Variables) (func(uid string, since int64) (shadowread.Tokens, error), error) {
	newKey, oldKey := env.Optional("TOKEN_KEY", ""), env.Optional("OLD_TOKEN_KEY", "")
	claims := token.OldServerClaims{
		Subject: env.Optional("OLD_TOKEN_SUBJECT_CLAIM", ""), Purpose: env.Optional("OLD_TOKEN_TYPE_CLAIM", ""),
		AccessValue: env.Optional("OLD_TOKEN_ACCESS_TYPE", ""), RefreshValue: env.Optional("OLD_TOKEN_REFRESH_TYPE", ""),
	}
	if err := env.Err(); err != nil || newKey == "" || oldKey == "" {
		return nil, err
	}
	newer, err := token.New(project, newKey, "", time.Now)
	if err != nil {
		return nil, fmt.Errorf("environment variable TOKEN_KEY: %w", err)
	}
	older, err := token.NewOldServer(oldKey, claims, time.Now)
	if err != nil {
		return nil, fmt.Errorf("environment variables OLD_TOKEN_*: %w", err)
	}
	return func(uid string, since int64) (tokens shadowread.Tokens, err error) {
		if tokens.Old, err = older.SignPassed(uid); err != nil {
			return tokens, err
		}
		tokens.New, err = newer.Sign(token.Session{UID: uid, Since: since}, token.Access)
		return tokens, err
	}, nil
}
