package auth

// OnHash calls f with the work of each password check, in rounds of PBKDF2 with SHA-256.
func (s *Service) OnHash(f func(rounds int)) { s.onHash = f }
