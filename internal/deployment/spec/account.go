package spec

import (
	"cmp"
	"regexp"
	"slices"
)

// ServiceAccount is an identity, and what it may do.
type ServiceAccount struct {
	// ID is the part of the e-mail address before the @.
	ID string
	// Purpose says who uses the account.
	Purpose string
	// Grants are the roles that the table states. [Deployment.Grants] adds the roles that follow from
	// the services: who may invoke them, and which secrets they read.
	Grants []Grant
}

// Grant is a role on a resource.
type Grant struct {
	Role string
	On   Resource
	// Why the account needs the role.
	Why string
}

// Resource is what a role is granted on.
type Resource struct {
	Kind ResourceKind
	// ID of the resource in the table; empty for the project.
	ID string
}

// ResourceKind is the type of a resource that has an IAM policy.
type ResourceKind string

// The kinds of resources that roles are granted on.
const (
	OnProject ResourceKind = "project"
	OnBucket  ResourceKind = "bucket"
	OnQueue   ResourceKind = "queue"
	OnService ResourceKind = "service"
	OnAccount ResourceKind = "service account"
	OnSecret  ResourceKind = "secret"
)

// Project is the project itself, for a [Grant].
var Project = Resource{Kind: OnProject}

// roles are the roles the table may grant, each on the narrowest kind of resource that it works on.
//
// Source: https://cloud.google.com/iam/docs/roles-permissions
var roles = map[string]ResourceKind{
	"roles/cloudtasks.enqueuer":            OnQueue,
	"roles/datastore.user":                 OnProject,
	"roles/datastore.viewer":               OnProject,
	"roles/eventarc.eventReceiver":         OnProject,
	"roles/firebaseauth.admin":             OnProject,
	"roles/firebaseauth.viewer":            OnProject,
	"roles/firebasecloudmessaging.admin":   OnProject,
	"roles/iam.serviceAccountTokenCreator": OnAccount,
	"roles/iam.serviceAccountUser":         OnAccount,
	"roles/run.invoker":                    OnService,
	"roles/secretmanager.secretAccessor":   OnSecret,
	"roles/storage.objectUser":             OnBucket,
	"roles/storage.objectViewer":           OnBucket,
}

// AccountGrant is a grant together with the account that has it.
type AccountGrant struct {
	Account string
	Grant
}

// Grants returns every grant of the deployment, by account: the stated ones, and those that follow
// from the services' invokers and secrets.
func (d *Deployment) Grants() []AccountGrant {
	var all []AccountGrant
	for _, a := range d.Accounts {
		for _, g := range a.Grants {
			all = append(all, AccountGrant{a.ID, g})
		}
	}
	for _, s := range d.Services {
		for _, invoker := range s.Invokers {
			all = append(all, AccountGrant{invoker, Grant{"roles/run.invoker", Resource{OnService, s.Name}, "calls the service"}})
		}
		for _, v := range s.Environment {
			if v.Value.Kind == KindSecret {
				all = append(all, AccountGrant{s.Account, Grant{"roles/secretmanager.secretAccessor", Resource{OnSecret, v.Value.Text}, "reads " + v.Name}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b AccountGrant) int { return cmp.Compare(a.Account, b.Account) })
	return all
}

// accountID: 6 to 30 lower-case letters, digits and dashes, starting with a letter.
//
// Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
var accountID = regexp.MustCompile(`^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$`)

// maxPurpose is the longest description that a service account can have, in bytes.
//
// Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
const maxPurpose = 256

func (d *Deployment) checkAccounts(f *faults) {
	seen := map[string]bool{}
	for _, a := range d.Accounts {
		f := f.in("service account", a.ID)
		if !accountID.MatchString(a.ID) {
			f.addf("an id has 6 to 30 lower-case letters, digits and dashes, and starts with a letter")
		}
		if len(a.Purpose) > maxPurpose {
			f.addf("the purpose has %d bytes; IAM allows %d", len(a.Purpose), maxPurpose)
		}
		f.unique(seen, a.ID)
		for _, g := range a.Grants {
			d.checkGrant(f, g)
		}
	}
}

func (d *Deployment) checkGrant(f *faults, g Grant) {
	kind, known := roles[g.Role]
	switch {
	case !known:
		f.addf("role %q is not in the list of roles", g.Role)
	case kind != g.On.Kind:
		f.addf("role %q is granted on a %s, not on a %s", g.Role, kind, g.On.Kind)
	case !d.exists(g.On):
		f.addf("role %q is granted on the %s %q, which does not exist", g.Role, g.On.Kind, g.On.ID)
	}
}

func (d *Deployment) exists(r Resource) bool {
	ok := false
	switch r.Kind {
	case OnProject:
		ok = r.ID == ""
	case OnBucket:
		_, ok = d.Bucket(r.ID)
	case OnQueue:
		_, ok = d.Queue(r.ID)
	case OnService:
		_, ok = d.Service(r.ID)
	case OnAccount:
		_, ok = d.Account(r.ID)
	case OnSecret:
		_, ok = d.Secret(r.ID)
	}
	return ok
}
