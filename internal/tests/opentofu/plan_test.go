package opentofu

import (
	"encoding/json"
	"slices"
	"testing"
)

// plan is what "tofu show -json" prints of a plan, as far as the tests read it.
//
// Source: https://opentofu.org/docs/internals/json-format/
type plan struct {
	Planned struct {
		Root struct{ Resources []resource } `json:"root_module"`
	} `json:"planned_values"`
	Changes []change `json:"resource_changes"`
}

// resource is a resource as it will be. Values that are not known before Google has computed them are
// missing.
type resource struct {
	Address, Type, Name string
	Index               any
	Values              json.RawMessage
}

type change struct {
	Address, Type, Mode string
	Change              struct {
		Actions   []string
		Before    map[string]any
		Importing *struct{ ID string }
	}
}

// all returns the resources of a type, decoded into T, by the last part of their address: the key in
// for_each, or the name.
func all[T any](t *testing.T, p *plan, kind string) map[string]T {
	t.Helper()
	found := map[string]T{}
	for _, r := range p.Planned.Root.Resources {
		if r.Type != kind {
			continue
		}
		key, ok := r.Index.(string)
		if !ok {
			key = r.Name
		}
		var v T
		if err := json.Unmarshal(r.Values, &v); err != nil {
			t.Fatalf("%s: %v", r.Address, err)
		}
		if _, taken := found[key]; taken {
			key = r.Name + " " + key
		}
		found[key] = v
	}
	if len(found) == 0 {
		t.Fatalf("the plan has no %s", kind)
	}
	return found
}

// attributes returns the values of an attribute anywhere in the plan, by address.
func (p *plan) attributes(t *testing.T, name string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, r := range p.Planned.Root.Resources {
		var values any
		if err := json.Unmarshal(r.Values, &values); err != nil {
			t.Fatal(err)
		}
		if texts := texts(values, name); len(texts) > 0 {
			found[r.Address] = texts
		}
	}
	return found
}

func texts(v any, name string) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			found = append(found, texts(item, name)...)
		}
	case map[string]any:
		for key, item := range v {
			if text, ok := item.(string); ok && key == name {
				found = append(found, text)
			}
			found = append(found, texts(item, name)...)
		}
	}
	return found
}

// changed returns what the plan changes.
func (p *plan) changed() []string {
	var addresses []string
	for _, c := range p.Changes {
		if c.Mode == "managed" && !slices.Equal(c.Change.Actions, []string{"no-op"}) {
			addresses = append(addresses, c.Address)
		}
	}
	return addresses
}
