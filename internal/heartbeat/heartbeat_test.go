package heartbeat_test

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/heartbeat"
	"heek.kr/heektime/internal/schema"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// simulation runs the two jobs on one set of heartbeats.
type simulation struct {
	beats  map[string]schema.Heartbeat
	writes int
}

// run runs a job and reports whether it finds the other late.
func (s *simulation) run(own, other heartbeat.Job, now time.Time, succeeded bool) (late bool) {
	next, due := own.Next(s.beats, now, succeeded)
	_, late = other.Late(s.beats, next.Since, now)
	if due {
		s.writes++
		s.beats[own.Name] = next
	}
	return due && late
}

// period is when a job runs, and whether it succeeds, in minutes from the start.
type period struct {
	from, until int
	fails       bool
}

func (p period) has(minute int) bool { return minute >= p.from && minute < p.until }

func runs(all []period, minute int) (does, succeeds bool) {
	for _, p := range all {
		if p.has(minute) {
			return true, !p.fails
		}
	}
	return false, false
}

// A job that stops, or fails each time, is reported by the other, and only while that is so.
func TestJobsWatchEachOther(t *testing.T) {
	const hour, day = 60, 24 * 60
	always := []period{{from: 0, until: 10 * day}}
	for name, c := range map[string]struct {
		schedule, purge       []period
		scheduleLate, sawLate [2]int // minutes between which the purge, or /schedule, first reports the other
	}{
		"both run":                      {always, always, [2]int{}, [2]int{}},
		"schedule stops":                {[]period{{from: 0, until: day}}, always, [2]int{day + 30, day + 2*hour}, [2]int{}},
		"schedule fails":                {[]period{{from: 0, until: day}, {from: day, until: 10 * day, fails: true}}, always, [2]int{day + 30, day + 2*hour}, [2]int{}},
		"schedule never ran":            {nil, always, [2]int{hour, 3 * hour}, [2]int{}},
		"schedule is away":              {[]period{{from: 0, until: day}, {from: day + 20, until: 10 * day}}, always, [2]int{}, [2]int{}},
		"purge stops":                   {always, []period{{from: 0, until: day}}, [2]int{}, [2]int{day + 2*hour, day + 3*hour}},
		"purge fails":                   {always, []period{{from: 0, until: day}, {from: day, until: 10 * day, fails: true}}, [2]int{}, [2]int{day + 2*hour, day + 3*hour}},
		"purge never ran":               {always, nil, [2]int{}, [2]int{3 * hour, 3*hour + 30}},
		"purge fails twice":             {always, []period{{from: 0, until: day}, {from: day, until: day + 2*hour, fails: true}, {from: day + 2*hour, until: 10 * day}}, [2]int{}, [2]int{}},
		"both are paused":               {[]period{{from: 0, until: day}, {from: 3 * day, until: 10 * day}}, []period{{from: 0, until: day}, {from: 3 * day, until: 10 * day}}, [2]int{}, [2]int{}},
		"both are paused for two hours": {[]period{{from: 0, until: day + 1}, {from: day + 2*hour, until: 10 * day}}, []period{{from: 0, until: day + 1}, {from: day + 2*hour, until: 10 * day}}, [2]int{}, [2]int{}},
		"a failing purge sees":          {[]period{{from: 0, until: day}}, []period{{from: 0, until: day}, {from: day, until: 10 * day, fails: true}}, [2]int{day + 30, day + 2*hour}, [2]int{}},
		"a failing schedule":            {[]period{{from: 0, until: day}, {from: day, until: 10 * day, fails: true}}, []period{{from: 0, until: day}}, [2]int{}, [2]int{day + 2*hour, day + 3*hour}},
		"one returns from both":         {[]period{{from: 0, until: day}, {from: 3 * day, until: 10 * day}}, []period{{from: 0, until: day}}, [2]int{}, [2]int{3*day + 3*hour, 3*day + 3*hour + 30}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &simulation{beats: map[string]schema.Heartbeat{}}
			reports := map[string]int{} // the first minute
			for minute := 0; minute < 6*day; minute += 5 {
				now := start.Add(time.Duration(minute) * time.Minute)
				if minute%60 == 0 {
					if does, succeeds := runs(c.purge, minute); does && s.run(heartbeat.Purge, heartbeat.Schedule, now, succeeds) && reports["schedule"] == 0 {
						reports["schedule"] = minute
					}
				}
				if does, succeeds := runs(c.schedule, minute); does && s.run(heartbeat.Schedule, heartbeat.Purge, now, succeeds) && reports["purge"] == 0 {
					reports["purge"] = minute
				}
			}
			for job, want := range map[string][2]int{"schedule": c.scheduleLate, "purge": c.sawLate} {
				if at := reports[job]; at < want[0] || at > want[1] {
					t.Errorf("%s is first reported after %d minutes, want between %d and %d", job, at, want[0], want[1])
				}
			}
		})
	}
}

// A day of both jobs costs 72 writes.
func TestWritesOfADay(t *testing.T) {
	s := &simulation{beats: map[string]schema.Heartbeat{}}
	for minute := 0; minute < 24*60; minute += 5 {
		now := start.Add(time.Duration(minute) * time.Minute)
		if minute%60 == 0 {
			s.run(heartbeat.Purge, heartbeat.Schedule, now, true)
		}
		s.run(heartbeat.Schedule, heartbeat.Purge, now, true)
	}
	if s.writes != 48+24 {
		t.Errorf("%d writes, want 48 of /schedule and 24 of the purge", s.writes)
	}
}

// A success is recorded soon after a failure was, and a clock that was ahead does not stop the heartbeat.
func TestNext(t *testing.T) {
	now := start.Add(time.Hour)
	for name, c := range map[string]struct {
		stored    schema.Heartbeat
		succeeded bool
		due       bool
		since     time.Time
	}{
		"a recent success":       {schema.Heartbeat{Since: start, Ran: now.Add(-29 * time.Minute), Succeeded: now.Add(-29 * time.Minute)}, true, false, start},
		"an old success":         {schema.Heartbeat{Since: start, Ran: now.Add(-30 * time.Minute), Succeeded: now.Add(-30 * time.Minute)}, true, true, start},
		"success after failures": {schema.Heartbeat{Since: start, Ran: now.Add(-5 * time.Minute), Succeeded: start}, true, true, start},
		"another failure":        {schema.Heartbeat{Since: start, Ran: now.Add(-5 * time.Minute), Succeeded: start}, false, false, start},
		"after a pause":          {schema.Heartbeat{Since: start.Add(-time.Hour), Ran: start.Add(-5 * time.Minute), Succeeded: start}, false, true, now},
		"from the future":        {schema.Heartbeat{Since: now.Add(time.Hour), Ran: now.Add(time.Hour), Succeeded: now.Add(time.Hour)}, true, true, now},
	} {
		next, due := heartbeat.Schedule.Next(map[string]schema.Heartbeat{"schedule": c.stored}, now, c.succeeded)
		if due != c.due || !next.Since.Equal(c.since) || !next.Ran.Equal(now) || next.Succeeded.Equal(now) != c.succeeded {
			t.Errorf("%s: due is %v, %+v", name, due, next)
		}
	}
}

func TestRecord(t *testing.T) {
	cloud := emulatortest.Start(t)
	client := cloud.FirestoreClient(t)
	record := func(job, other heartbeat.Job, now time.Time, want emulatortest.Cost) (late bool) {
		t.Helper()
		var err error
		got := emulatortest.CostOf(cloud.Measure(t, func() { _, late, err = job.Record(t.Context(), client, other, now, true) }))
		if err != nil || got != want {
			t.Errorf("%s: billed %v, %v, want %v", job.Name, got, err, want)
		}
		return late
	}
	write := emulatortest.Cost{Reads: 1, Writes: 1}
	if record(heartbeat.Purge, heartbeat.Schedule, start, write) || record(heartbeat.Schedule, heartbeat.Purge, start, write) {
		t.Error("in a new project, a job is late")
	}
	if record(heartbeat.Schedule, heartbeat.Purge, start.Add(5*time.Minute), emulatortest.Cost{Reads: 1}) {
		t.Error("the purge is late after five minutes")
	}
	for hour := range 3 {
		now := start.Add(time.Duration(hour+1) * time.Hour)
		if late := record(heartbeat.Purge, heartbeat.Schedule, now, write); late != (hour >= 1) {
			t.Errorf("after %d hours without /schedule, it is late: %v", hour+1, late)
		}
	}
	var stored schema.Schedule
	if _, err := schema.Read(t.Context(), schema.ScheduleRef(client), &stored); err != nil {
		t.Fatal(err)
	}
	if got := stored.Jobs["schedule"]; !got.Succeeded.Equal(start) || !stored.Jobs["purge"].Since.Equal(start) {
		t.Errorf("the heartbeats are %+v", stored.Jobs)
	}
}
