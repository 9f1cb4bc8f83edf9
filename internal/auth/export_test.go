package auth

// OnWork tells f of the work of each hash, in rounds of PBKDF2 with SHA-256.
func (s *Service) OnWork(f func(rounds int)) { s.worked = f }
