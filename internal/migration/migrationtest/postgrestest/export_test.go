package postgrestest

// Dir returns the folder of a server.
func Dir(s *Server) string { return s.dir }
