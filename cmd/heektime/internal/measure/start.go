package measure

import (
	"context"
	"path/filepath"
	"slices"
	"time"
)

// Start is how long services take from the start of the process to their first answer.
type Start struct {
	// Service is courses, refresh, auth, or bare for a Go server that does nothing.
	Service string
	// Median and Worst of all tries.
	Median, Worst time.Duration
}

// starts measures the binaries in turn, so that a machine that changes its mind meanwhile does so for all of them.
func starts(ctx context.Context, dir string, env map[string]map[string]string, tries int, progress func(string)) ([]Start, error) {
	services := []string{"bare", "courses", "refresh", "auth"}
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
