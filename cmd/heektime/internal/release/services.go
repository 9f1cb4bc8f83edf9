package release

import (
	"errors"
	"fmt"
	"slices"

	"heek.kr/heektime/internal/deployment/spec"
)

// errNoService says that a service of the table is not on Cloud Run.
var errNoService = errors.New("the service does not exist: create it with tofu apply")

// inService adds a service's name to an error.
func inService(s *spec.Service, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Name, err)
}

// order returns the named services of the table, or all without names: each after those that it calls, as
// its environment says, so that no new caller meets an old callee.
func order(table *spec.Deployment, names []string) ([]*spec.Service, error) {
	for _, name := range names {
		if _, ok := table.Service(name); !ok {
			var known []string
			for _, s := range table.Services {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("there is no service %q; the services are %v", name, known)
		}
	}
	var ordered []*spec.Service
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		s, ok := table.Service(name)
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, v := range s.Environment {
			if v.Value.Kind == spec.KindServiceURL {
				visit(v.Value.Text)
			}
		}
		if len(names) == 0 || slices.Contains(names, name) {
			ordered = append(ordered, s)
		}
	}
	for _, s := range table.Services {
		visit(s.Name)
	}
	return ordered, nil
}
