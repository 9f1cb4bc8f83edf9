package spec

import "time"

// Probe is a startup probe: Cloud Run connects to the service's port until it can.
type Probe struct {
	// Timeout bounds an attempt, and Period is the time from one to the next.
	Timeout, Period time.Duration
	// Failures is how many attempts may fail until the instance is given up.
	Failures int
}

// Limits of a startup probe: a timeout of at most the period, and four minutes in all.
//
// Source: https://cloud.google.com/run/docs/configuring/healthchecks
const maxStartup = 240 * time.Second

func (d *Deployment) checkProbe(f *faults) {
	p := d.StartupProbe
	if p.Timeout < time.Second || p.Timeout > p.Period || p.Failures < 1 || p.Period*time.Duration(p.Failures) > maxStartup {
		f.addf("startup probe: %d attempts of %v every %v: Cloud Run allows attempts of a second or more, of at most the period, and %v in all",
			p.Failures, p.Timeout, p.Period, maxStartup)
	}
}
