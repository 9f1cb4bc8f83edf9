package auth

import "context"

// CountRejected counts the result of a login.
func (s *Service) CountRejected(ctx context.Context, err error) { s.countRejected(ctx, err) }

// OnHash calls f with the work of each password check, in rounds of PBKDF2 with SHA-256.
func (s *Service) OnHash(f func(rounds int)) { s.onHash = f }
