package refresh

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// Due enqueues one task for each semester whose newest slot was not enqueued yet, and says how many. Called twice for
// one slot it enqueues once: the task's name says which slot it is for. A slot that was missed is made up for, once.
func (s *Service) Due(ctx context.Context) (enqueued int, err error) {
	ref := schema.ScheduleRef(s.firestore)
	var known schema.Schedule
	if _, err := schema.Read(ctx, ref, &known); err != nil {
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
			if !ok || !slot.After(known.Slots[key]) {
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
	if len(slots) > 0 {
		// Killed before this, the next call enqueues the same names again, and they are refused.
		if _, err := ref.Set(ctx, map[string]any{schema.FieldSlots: slots}, firestore.MergeAll); err != nil {
			errs = append(errs, fmt.Errorf("remember the slots: %w", err))
		}
	}
	return enqueued, errors.Join(errs...)
}

func slotKey(sch *school.School, sem *school.Semester) string { return sch.ID + "/" + string(sem.ID) }
