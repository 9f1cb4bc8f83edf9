package tasks

import "heek.kr/heektime/emulator/internal/dispatch"

// Faults make delivery as bad as Cloud Tasks' promise allows, "at least once, in no order", so that a test finds the
// handler that counts on more.
type Faults = dispatch.Faults

// SetFaults sets what goes wrong from now on, in all queues. The zero Faults ends it.
func (s *Server) SetFaults(f Faults) {
	s.base.Lock()
	defer s.base.Unlock()
	s.faults = dispatch.NewFaultInjector(f)
}
