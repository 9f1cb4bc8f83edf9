// Package iam emulates what Identity and Access Management decides in Google's cloud: which service
// account may do what. A [Policy] holds the roles that accounts have on resources, like the bindings of
// a real project:
//
//	policy := iam.NewPolicy("demo-test")
//	err := policy.Grant("app@demo-test.iam.gserviceaccount.com", "roles/datastore.user", policy.Project())
//
// [Policy.Check] decides about one permission, and records which roles were needed, so that a test can
// find roles that are too broad: see [Policy.Unused] and [Policy.Narrower].
//
// The local cloud of package emulator applies a policy to calls through the address of an account: see
// its Cloud.EnvironmentAs. [RPC] and [HTTP] say which permissions the calls of Google's clients need,
// [Policy.Invokers] is the part of Cloud Run's front end that authenticates the callers of a service.
//
// # Limitations
//
// Roles have only those permissions that an emulator checks. There are no conditions, no deny policies,
// no groups and no inheritance from folders; a role on the project is valid for everything in it.
package iam

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Binding is a role that an account has on a resource.
type Binding struct {
	// Account is the e-mail address of a service account.
	Account string
	// Role is a name, such as roles/datastore.user.
	Role string
	// Resource is a name, such as projects/demo-test: see the methods of [Policy] that return one.
	Resource string
}

func (b Binding) String() string { return b.Role + " of " + b.Account + " on " + b.Resource }

// Policy holds the bindings of one project and its roles. It is safe for concurrent use.
type Policy struct {
	project string

	mu    sync.Mutex
	roles map[string][]string // permissions by role
	used  map[Binding]map[string]bool
}

// NewPolicy returns a policy of a project in which no account may do anything.
func NewPolicy(project string) *Policy {
	return &Policy{project: project, roles: maps.Clone(predefined), used: map[Binding]map[string]bool{}}
}

// DefineRole adds a custom role, such as projects/demo-test/roles/signer.
func (p *Policy) DefineRole(role string, permissions ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roles[role] = slices.Clone(permissions)
}

// Grant gives an account a role on a resource. It fails if the role is unknown: Google has more than
// this package knows, and [Policy.DefineRole] adds one.
func (p *Policy) Grant(account, role, resource string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.roles[role]; !ok {
		return fmt.Errorf("iam: role %q is unknown; define it with DefineRole", role)
	}
	b := Binding{account, role, resource}
	if p.used[b] == nil {
		p.used[b] = map[string]bool{}
	}
	return nil
}

// Revoke takes a role away. It does nothing if the account does not have it.
func (p *Policy) Revoke(account, role, resource string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, Binding{account, role, resource})
}

// Need is a permission on a resource, which a call requires.
type Need struct {
	Permission string
	// Resource is a name as in [Binding].
	Resource string
}

// DeniedError says that an account lacks a permission.
type DeniedError struct {
	Account string
	Need
	// Roles grant the permission, the narrowest first.
	Roles []string
}

// Error is in the words of Google's services, and adds what is to be done.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("The principal (user or service account) lacks IAM permission %q for the resource %q "+
		"(or the resource may not exist). [local cloud: %s]", e.Permission, e.Resource, e.Remedy())
}

// Remedy says which role the account lacks.
func (e *DeniedError) Remedy() string {
	grants := "no role of the local cloud contains the permission"
	if len(e.Roles) > 0 {
		grants = "granted by " + strings.Join(e.Roles, ", ")
	}
	return fmt.Sprintf("%s lacks %s on %s; %s", e.Account, e.Permission, e.Resource, grants)
}

// Check returns a *[DeniedError] for the first of the needs that none of the account's roles meets.
func (p *Policy) Check(account string, needs ...Need) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, need := range needs {
		if !p.allows(account, need) {
			return &DeniedError{Account: account, Need: need, Roles: p.granting(need.Permission)}
		}
	}
	return nil
}

// allows records the permission with each binding that grants it.
func (p *Policy) allows(account string, need Need) (allowed bool) {
	for b, used := range p.used {
		if b.Account == account && p.contains(b.Resource, need.Resource) && slices.Contains(p.roles[b.Role], need.Permission) {
			used[need.Permission], allowed = true, true
		}
	}
	return allowed
}

// contains reports whether a role on outer is valid for inner. The names of buckets do not contain the
// project that owns them.
func (p *Policy) contains(outer, inner string) bool {
	return outer == inner || strings.HasPrefix(inner, outer+"/") || outer == p.Project() && strings.HasPrefix(inner, "projects/_/buckets/")
}

// granting returns the roles with a permission, those with the fewest permissions first.
func (p *Policy) granting(permission string) (roles []string) {
	for role, permissions := range p.roles {
		if slices.Contains(permissions, permission) {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(p.roles[a]), len(p.roles[b])), cmp.Compare(a, b))
	})
	return roles
}

// Bindings returns all bindings, sorted.
func (p *Policy) Bindings() []Binding {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Keys(p.used), func(a, b Binding) int { return cmp.Compare(a.String(), b.String()) })
}

// Unused returns the bindings that no allowed call has needed so far.
func (p *Policy) Unused() (unused []Binding) {
	for _, b := range p.Bindings() {
		if len(p.permissions(b)) == 0 {
			unused = append(unused, b)
		}
	}
	return unused
}

// Narrower returns, for each binding that calls have needed, the roles with fewer permissions that would
// have been enough for those calls. Bindings with the narrowest role are left out.
func (p *Policy) Narrower() map[Binding][]string {
	all := map[Binding][]string{}
	for _, b := range p.Bindings() {
		used := p.permissions(b)
		if len(used) == 0 {
			continue
		}
		p.mu.Lock()
		for _, role := range p.granting(used[0]) {
			missing := slices.ContainsFunc(used, func(permission string) bool { return !slices.Contains(p.roles[role], permission) })
			if !missing && len(p.roles[role]) < len(p.roles[b.Role]) {
				all[b] = append(all[b], role)
			}
		}
		p.mu.Unlock()
	}
	return all
}

// permissions returns those that allowed calls have needed of a binding.
func (p *Policy) permissions(b Binding) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.used[b]))
}
