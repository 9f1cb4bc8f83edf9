package measure

import (
	"context"
	"path/filepath"
	"slices"
	"time"
)

// Start is how long a service takes from the start of its process to its first response.
type Start struct {
	// Service is courses, refresh, auth, or empty for a Go server that does nothing.
	Service string
	// Median and Worst are over all tries.
	Median, Worst time.Duration
}

// baseline is the server that does nothing, the alternative to each service.
const baseline = "empty"

// starts measures how long the binaries take to start. It alternates between them, so that a change in
// the machine's load affects all of them.
func starts(ctx context.Context, dir string, env map[string]map[string]string, tries int, progress func(string)) ([]Start, error) {
	services := []string{baseline, "courses", "refresh", "auth"}
	took := map[string][]time.Duration{}
	for range tries {
		for _, name := range services {
			p, d, err := start(ctx, filepath.Join(dir, name), env[name])
			if err != nil {
				return nil, err
			}
			if err := p.stop(); err != nil {
				return nil, err
			}
			took[name] = append(took[name], d)
		}
		progress("start-up")
	}
	results := make([]Start, len(services))
	for i, name := range services {
		slices.Sort(took[name])
		results[i] = Start{Service: name, Median: took[name][tries/2], Worst: took[name][tries-1]}
	}
	return results, nil
}
