package scheduler

import (
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/signal"
)

// maxRuns is how many runs of a job are kept for inspection.
const maxRuns = 50

// job is a job and its runs. The server's mutex guards all of it.
type job struct {
	pb       *schedulerpb.Job // immutable, so that it can be returned to callers
	schedule schedule
	slot     time.Time     // the next scheduled time
	active   []*run        // runs that have not ended; only RunJob causes more than one
	runs     []*run        // the last runs, oldest first, including active ones
	deleted  bool          // its runs end
	wake     signal.Signal // wakes the job's goroutines: it was changed, or the server is closing
}

func (j *job) enabled() bool { return j.pb.State == schedulerpb.Job_ENABLED }

// set changes the job.
func (j *job) set(change func(pb *schedulerpb.Job)) {
	pb := proto.CloneOf(j.pb)
	change(pb)
	j.pb = pb
	j.reschedule()
}

// reschedule updates schedule_time: the next retry or the next scheduled time. The caller wakes the job's
// goroutines.
func (j *job) reschedule() {
	next := j.slot
	for _, r := range j.active {
		if !r.next.IsZero() && r.next.Before(next) {
			next = r.next
		}
	}
	j.pb.ScheduleTime = nil
	if j.enabled() {
		j.pb.ScheduleTime = timestamp(next)
	}
}

// runOnSchedule runs the job when it is due, one run after the other, until the job is deleted or the server
// closed.
func (s *Server) runOnSchedule(j *job) {
	for {
		s.base.Lock()
		if j.deleted || s.base.Closed() {
			s.base.Unlock()
			return
		}
		wake, now := j.wake.Wait(), s.clock.Now()
		switch {
		case !j.enabled():
			s.base.Unlock()
			<-wake
		case j.slot.After(now):
			slot := j.slot
			s.base.Unlock()
			s.clock.Wait(wake, slot)
		default:
			slot := j.schedule.latest(j.slot, now)
			j.slot = j.schedule.next(slot)
			r := s.addRun(j, slot, false)
			s.save(j)
			s.base.Unlock()
			s.run(j, r)
		}
	}
}
