package scheduler

import "heek.kr/heektime/emulator/billing"

// countJob counts a job that exists (n is 1) or no longer does (0). A paused job is billed as well; its runs
// are free.
//
// Source: https://cloud.google.com/scheduler/pricing
func (s *Server) countJob(name string, n int64) { s.meter.SetLevel(billing.SchedulerJobs, name, n) }
