package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"heek.kr/heektime/internal/deployment/spec"
)

// member is a service account of the table in a policy.
func (o *Options) member(account string) string {
	return "serviceAccount:" + spec.Email(o.Project, account)
}

func checkAccounts(e *examination) {
	for _, a := range e.Table.Accounts {
		got := e.Accounts[a.ID]
		subject := "service account " + a.ID
		switch {
		case got == nil:
			e.errorf(subject, "does not exist").because("it "+a.Purpose, "%s", e.apply())
		case got.Disabled:
			e.errorf(subject, "is disabled").because("it "+a.Purpose, "gcloud iam service-accounts enable %s --project=%s", got.Email, e.Options.Project)
		}
	}
}

func checkAccountKeys(e *examination) {
	for _, email := range slices.Sorted(maps.Keys(e.Keys)) {
		for _, key := range e.Keys[email] {
			e.warnf("service account "+email, "has a key file, %.8s…", key).because(
				"whoever has the file is the account, from anywhere, until the key is deleted; nothing here needs one",
				"gcloud iam service-accounts keys delete %s --iam-account=%s --project=%s", key, email, e.Options.Project)
		}
	}
}

// special are the grants that checks of their own explain.
var special = []string{"roles/iam.serviceAccountUser", signerRole, "roles/run.invoker"}

func checkRolesGranted(e *examination) {
	for _, g := range e.Table.Grants() {
		if !slices.Contains(special, g.Role) {
			e.checkGrant(g, "the account "+g.Why)
		}
	}
}

func checkActAs(e *examination) {
	for _, g := range e.Table.Grants() {
		if g.Role == "roles/iam.serviceAccountUser" {
			e.checkGrant(g, "Cloud Tasks rejects tasks whose token's account their creator may not act as")
		}
	}
}

func checkSignBlob(e *examination) {
	for _, g := range e.Table.Grants() {
		if g.Role != signerRole {
			continue
		}
		const why = unsigned
		e.checkGrant(g, why)
		if a := e.Accounts[g.On.ID]; a == nil || a.Disabled {
			e.errorf("service account "+g.On.ID, "does not exist or is disabled").because(why, "%s", e.apply())
		}
		if !e.Enabled[credentialsAPI] {
			e.errorf("API "+credentialsAPI, "is not enabled").because(why, "gcloud services enable %s --project=%s", credentialsAPI, e.Options.Project)
		}
	}
}

// unsigned is what happens without a signature.
const unsigned = "without a signature there is no custom token, so nobody can sign in"

func checkSignatures(e *examination) {
	for _, account := range e.signers() {
		if err := e.Signatures[account]; err != nil {
			on := spec.Resource{Kind: spec.OnAccount, ID: account}
			e.errorf("service account "+account, "cannot sign: %s", firstLine(err.Error())).because(unsigned, "%s", e.bind("add", on, e.member(account), signerRole))
		}
	}
}

// checkGrant reports a grant that is missing.
func (e *examination) checkGrant(g spec.AccountGrant, why string) {
	member := e.member(g.Account)
	if !e.Policies[g.On].has(g.Role, member) {
		e.errorf("service account "+g.Account, "lacks %s on %s", g.Role, describe(g.On)).because(why, "%s", e.bind("add", g.On, member, g.Role))
	}
}

func describe(r spec.Resource) string {
	return strings.TrimSpace("the " + string(r.Kind) + " " + r.ID)
}

// bind is the command that adds or removes a grant.
func (e *examination) bind(verb string, on spec.Resource, member, role string) string {
	region := " --region=" + e.Table.Region
	command := map[spec.ResourceKind]string{
		spec.OnProject: "projects %s-iam-policy-binding " + e.Options.Project,
		spec.OnBucket:  "storage buckets %s-iam-policy-binding gs://" + e.bucketName(on.ID),
		spec.OnQueue:   "tasks queues %s-iam-policy-binding " + on.ID + " --location=" + e.Table.Region,
		spec.OnService: "run services %s-iam-policy-binding " + on.ID + region,
		spec.OnAccount: "iam service-accounts %s-iam-policy-binding " + spec.Email(e.Options.Project, on.ID),
		spec.OnSecret:  "secrets %s-iam-policy-binding " + on.ID,
	}[on.Kind]
	text := "gcloud " + fmt.Sprintf(command, verb) + " --member=" + member + " --role=" + role
	if on.Kind != spec.OnProject {
		text += " --project=" + e.Options.Project
	}
	return text
}

// checkInvokers compares who may call each service. A service that exists without a policy lets nobody
// call.
func checkInvokers(e *examination) {
	const invoker = "roles/run.invoker"
	for _, s := range e.Table.Services {
		on := spec.Resource{Kind: spec.OnService, ID: s.Name}
		subject, expected := "service "+s.Name, []string{}
		for _, account := range s.Invokers {
			expected = append(expected, e.member(account))
		}
		if s.Public {
			expected = []string{"allUsers"}
		}
		open := e.Services[s.Name] != nil && e.Services[s.Name].InvokerIamDisabled
		for _, member := range expected {
			if !e.Policies[on].has(invoker, member) && !(open && s.Public) {
				e.errorf(subject, "does not let %s call", member).because("Cloud Run responds 403 to its callers", "%s", e.bind("add", on, member, invoker))
			}
		}
		if open && !s.Public {
			e.errorf(subject, "does not check who calls: its IAM check is disabled").because("the internet can call it",
				"gcloud run services update %s --invoker-iam-check --region=%s --project=%s", s.Name, e.Table.Region, e.Options.Project)
		}
		for _, g := range e.Policies[on].grants() {
			if g.role != invoker || slices.Contains(expected, g.member) {
				continue
			}
			f := e.warnf(subject, "lets %s call", g.member)
			if slices.Contains(anyone, g.member) {
				f.Severity = Error
			}
			f.because("the table does not let it", "%s", e.bind("remove", on, g.member, invoker))
		}
	}
}

func checkRolesExcess(e *examination) {
	ours, expected := map[string]string{}, map[spec.AccountGrant]bool{}
	for _, a := range e.Table.Accounts {
		ours[e.member(a.ID)] = a.ID
	}
	for _, g := range e.Table.Grants() {
		g.Why = ""
		expected[g] = true
	}
	for on, policy := range e.sortedPolicies() {
		for _, g := range policy.grants() {
			account, isOurs := ours[g.member]
			basic := slices.Contains(primitive, g.role) && isServiceAccount(g.member)
			wanted := expected[spec.AccountGrant{Account: account, Grant: spec.Grant{Role: g.role, On: on}}]
			switch {
			case basic:
				e.warnf(strings.TrimPrefix(g.member, "serviceAccount:"), "has the basic role %s on %s", g.role, describe(on)).because(
					"a program with it can read or change almost everything; Google's default accounts get it, and nothing here runs as them",
					"%s", e.bind("remove", on, g.member, g.role))
			case isOurs && !wanted && g.role != "roles/run.invoker":
				e.warnf("service account "+account, "has %s on %s, which it does not need", g.role, describe(on)).because(
					"an attacker who takes over the service has it, too", "%s", e.bind("remove", on, g.member, g.role))
			}
		}
	}
}

func checkNoPublicAccess(e *examination) {
	for on, policy := range e.sortedPolicies() {
		for _, g := range policy.grants() {
			if !slices.Contains(anyone, g.member) || on.Kind == spec.OnService && g.role == "roles/run.invoker" {
				continue // who may call a service is a check of its own
			}
			e.errorf(describe(on), "gives %s to %s", g.role, g.member).because("the whole internet has it", "%s", e.bind("remove", on, g.member, g.role))
		}
	}
}

// sortedPolicies iterates over all policies in a fixed order.
func (e *examination) sortedPolicies() func(yield func(spec.Resource, Policy) bool) {
	return func(yield func(spec.Resource, Policy) bool) {
		keys := slices.SortedFunc(maps.Keys(e.Policies), func(a, b spec.Resource) int {
			return strings.Compare(string(a.Kind)+" "+a.ID, string(b.Kind)+" "+b.ID)
		})
		for _, on := range keys {
			if !yield(on, e.Policies[on]) {
				return
			}
		}
	}
}
