package environment

import (
	"slices"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	env := Map(map[string]string{"SET": "v", "EMPTY": "", "LIST": " a, b,,c "})
	if env.Required("SET", "") != "v" || env.Optional("EMPTY", "fallback") != "fallback" || env.Optional("SET", "x") != "v" {
		t.Error("values are not as set")
	}
	if got := env.RequiredList("LIST", ""); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("list %q", got)
	}
	if env.OptionalList("NONE") != nil || env.Err() != nil {
		t.Errorf("optional ones are missed: %v", env.Err())
	}
	// One start names everything that is missing, and what it is for.
	env.Required("EMPTY", "the project")
	env.RequiredList("NONE", "who may call")
	for _, want := range []string{"EMPTY", "the project", "NONE", "who may call"} {
		if err := env.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
