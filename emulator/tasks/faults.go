package tasks

import "heek.kr/heektime/emulator/internal/dispatch"

// Faults make delivery as unreliable as Cloud Tasks' guarantee, at least once and unordered, allows, to find
// handlers that rely on more.
type Faults = dispatch.Faults

// SetFaults injects faults into all queues from now on. The zero Faults stops that.
func (s *Server) SetFaults(f Faults) {
	s.base.Lock()
	defer s.base.Unlock()
	s.faults = dispatch.NewFaultInjector(f)
}
