package scheduler

import (
	"encoding/json"
	"fmt"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/protobuf/proto"
)

// record is a job in the log, as JSON. The last record of a job counts.
type record struct {
	Name string
	Job  []byte      `json:",omitempty"` // a schedulerpb.Job; empty if the job was deleted
	Runs []runRecord `json:",omitempty"` // runs that have not ended
}

type runRecord struct {
	Slot   time.Time
	Forced bool
}

// save writes the job's current state to the log. The mutex is held.
func (s *Server) save(j *job) {
	if !j.deleted { // otherwise its name may belong to another job
		s.base.Changes.Add(newRecord(j))
	}
}

// state adds the records that recreate the current state. The mutex is held.
func (s *Server) state(add func(any)) {
	s.jobs.Scan(func(_ string, j *job) bool {
		add(newRecord(j))
		return true
	})
}

func newRecord(j *job) record {
	r := record{Name: j.pb.Name}
	var err error
	if r.Job, err = proto.Marshal(j.pb); err != nil { // impossible: it came over gRPC, so its strings are valid
		panic(fmt.Sprintf("scheduler: encoding a job: %v", err))
	}
	for _, run := range j.active {
		r.Runs = append(r.Runs, runRecord{run.slot, run.forced})
	}
	return r
}

// apply restores a job from an earlier process. It starts no goroutines. Runs that had not ended will start
// over with their first attempt.
func (s *Server) apply(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	if len(r.Job) == 0 {
		s.jobs.Delete(r.Name)
		s.countJob(r.Name, 0)
		return nil
	}
	pb := &schedulerpb.Job{}
	if err := proto.Unmarshal(r.Job, pb); err != nil {
		return fmt.Errorf("reading job %s: %w", r.Name, err)
	}
	when, err := parseSchedule(pb.Schedule, pb.TimeZone)
	if err != nil {
		return fmt.Errorf("reading job %s: %w", r.Name, err)
	}
	j := &job{pb: pb, schedule: when, slot: when.next(s.clock.Now())}
	for _, run := range r.Runs {
		s.addRun(j, run.Slot, run.Forced)
	}
	j.reschedule()
	s.jobs.Set(pb.Name, j)
	s.countJob(pb.Name, 1)
	return nil
}
