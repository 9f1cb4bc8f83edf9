package refresh

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// Due enqueues a task for each semester whose latest slot was not enqueued yet and returns how many it
// added. Calling it twice for a slot adds one task, because the slot is part of the task's name. After
// several missed slots it enqueues only the latest.
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
	if len(slots) > 0 {
		// If this call dies first, the next one enqueues the same task names, which Cloud Tasks rejects.
		if _, err := ref.Set(ctx, map[string]any{schema.FieldSlots: slots}, firestore.MergeAll); err != nil {
			errs = append(errs, fmt.Errorf("record the enqueued slots: %w", err))
		}
	}
	return enqueued, errors.Join(errs...)
}

func slotKey(sch *school.School, sem *school.Semester) string { return sch.ID + "/" + string(sem.ID) }
