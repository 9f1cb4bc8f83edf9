package scheduler

import (
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/signal"
)

// maxRuns is how many runs of a job are kept to be shown.
const maxRuns = 50

// job is a job and its runs. The server's mutex guards all of it.
type job struct {
	pb       *schedulerpb.Job // replaced, never changed, so that it can be given away
	schedule schedule
	slot     time.Time     // the next time of the schedule
	active   []*run        // runs that have not ended; more than one only by RunJob
	runs     []*run        // the last runs, oldest first, active ones included
	deleted  bool          // the job is gone; its runs end
	wake     signal.Signal // for the goroutines of the job: it was changed, or the server is closing
}

func (j *job) enabled() bool { return j.pb.State == schedulerpb.Job_ENABLED }

// set replaces what the job is, and tells its goroutines.
func (j *job) set(change func(pb *schedulerpb.Job)) {
	pb := proto.CloneOf(j.pb)
	change(pb)
	j.pb = pb
	j.reschedule()
}

// reschedule brings schedule_time up to date: the next retry or the next time of the schedule. The caller wakes.
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

// keep makes the job's runs when they are due, one after the other, until the job is deleted or the server closed.
func (s *Server) keep(j *job) {
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
			r := s.begin(j, slot, false)
			s.save(j)
			s.base.Unlock()
			s.run(j, r)
		}
	}
}
