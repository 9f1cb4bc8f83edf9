package doctor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Policy is an IAM policy. Each of Google's clients has types of its own for the same JSON.
type Policy []Binding

// Binding gives a role to members.
type Binding struct {
	Role    string   `json:"role"`
	Members []string `json:"members"`
	// Condition is nil for an unconditional binding.
	Condition json.RawMessage `json:"condition,omitempty"`
}

// policyOf converts a policy of one of Google's clients.
func policyOf(policy any) (Policy, error) {
	data, err := json.Marshal(policy)
	if err != nil {
		return nil, fmt.Errorf("encode a policy: %w", err)
	}
	var p struct {
		Bindings Policy `json:"bindings"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("decode a policy: %w", err)
	}
	return p.Bindings, nil
}

// has reports whether the member has the role unconditionally. A conditional binding may not apply.
func (p Policy) has(role, member string) bool {
	return slices.ContainsFunc(p, func(b Binding) bool {
		return b.Role == role && len(b.Condition) == 0 && slices.Contains(b.Members, member)
	})
}

// anyone are the members that stand for everybody.
var anyone = []string{"allUsers", "allAuthenticatedUsers"}

// primitive are the basic roles, which allow almost everything in a project.
//
// Source: https://cloud.google.com/iam/docs/roles-overview#basic
var primitive = []string{"roles/owner", "roles/editor", "roles/viewer", "roles/admin", "roles/writer", "roles/reader"}

// grant is a member and a role.
type grant struct{ member, role string }

// grants lists all members with their roles, conditional ones too.
func (p Policy) grants() (all []grant) {
	for _, b := range p {
		for _, m := range b.Members {
			all = append(all, grant{m, b.Role})
		}
	}
	return all
}

func isServiceAccount(member string) bool { return strings.HasPrefix(member, "serviceAccount:") }
