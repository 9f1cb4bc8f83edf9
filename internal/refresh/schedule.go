package refresh

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/heartbeat"
	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// Due enqueues a task for each semester whose latest slot was not enqueued yet and returns how many it
// added. Calling it twice for a slot adds one task, because the slot is part of the task's name. After
// several missed slots it enqueues only the latest.
//
// Twice an hour it also records that it ran, and logs if the purge does not; see package heartbeat.
//
// Billed: 1 read, and 1 write if it enqueued a task or recorded that it ran.
func (s *Service) Due(ctx context.Context) (enqueued int, err error) {
	ref := schema.ScheduleRef(s.firestore)
	var stored schema.Schedule
	if _, err := schema.Read(ctx, ref, &stored); err != nil {
		return 0, err
	}
	now, slots := s.now(), map[string]any{}
	var errs []error
	for i := range s.schools.Schools {
		sch := &s.schools.Schools[i]
		for j := range sch.Semesters {
			sem := &sch.Semesters[j]
			slot, ok := sem.Slot(now)
			key := slotKey(sch, sem)
			if !ok || !slot.After(stored.Slots[key]) {
				continue
			}
			added, err := s.queue.Enqueue(ctx, Task{School: sch.ID, Semester: sem.ID, Slot: slot})
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if added {
				enqueued++
			}
			slots[key] = slot
		}
	}
	fields := map[string]any{}
	beat, due := heartbeat.Schedule.Next(stored.Jobs, now, len(errs) == 0)
	if due {
		fields = heartbeat.Schedule.Fields(beat)
	}
	if len(slots) > 0 {
		fields[schema.FieldSlots] = slots
	}
	if len(fields) > 0 {
		// If this call dies first, the next one enqueues the same task names, which Cloud Tasks rejects.
		if _, err := ref.Set(ctx, fields, firestore.MergeAll); err != nil {
			errs = append(errs, fmt.Errorf("record the enqueued slots: %w", err))
		}
	}
	if last, late := heartbeat.Purge.Late(stored.Jobs, beat.Since, now); due && late {
		s.log.ErrorContext(ctx, logline.PurgeMissing, "lastSuccess", last)
	}
	return enqueued, errors.Join(errs...)
}

func slotKey(sch *school.School, sem *school.Semester) string { return sch.ID + "/" + string(sem.ID) }
