package scheduler

import (
	"slices"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/protobuf/proto"
)

// JobInfo describes a job.
type JobInfo struct {
	Job  *schedulerpb.Job
	Runs []RunInfo // the last 50, newest first
}

// RunInfo describes one run of a job.
type RunInfo struct {
	Slot     time.Time // the scheduled time; for a forced run, the time of the call
	Forced   bool      // by RunJob
	Attempts []Attempt
	Next     time.Time // when it is retried; zero if it is not, or while a request is in flight
	Ended    time.Time // zero before
}

// Jobs returns all jobs of all projects and locations, by name.
func (s *Server) Jobs() []JobInfo {
	s.base.Lock()
	defer s.base.Unlock()
	infos := make([]JobInfo, 0, s.jobs.Len())
	s.jobs.Scan(func(_ string, j *job) bool {
		info := JobInfo{Job: proto.CloneOf(j.pb)}
		for _, r := range slices.Backward(j.runs) {
			info.Runs = append(info.Runs, RunInfo{
				Slot: r.slot, Forced: r.forced, Attempts: slices.Clone(r.attempts), Next: r.next, Ended: r.ended,
			})
		}
		infos = append(infos, info)
		return true
	})
	return infos
}
