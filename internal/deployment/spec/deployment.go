// Package spec describes what runs on Google's cloud: services, queues, scheduler jobs, triggers,
// buckets, secrets and service accounts, with the value rules that Google applies to each.
//
// A [Deployment] is plain data. [Deployment.Validate] reports every value that Google would reject,
// before anything is deployed. Given a [Place], [Deployment.Environment] computes a service's
// environment variables. The deployment of HeekTime itself is package deployment.
package spec

import "slices"

// Deployment is everything that runs in one project.
type Deployment struct {
	// Region that everything but the buckets is deployed to.
	Region string
	// Labels are put on every resource that can have them, for the bill.
	Labels   map[string]string
	Accounts []ServiceAccount
	Services []Service
	Queues   []Queue
	Jobs     []Job
	Triggers []Trigger
	Backups  []Backup
	Buckets  []Bucket
	Secrets  []Secret
	Alerts   []Alert
	Images   Images
	// StartupProbe is that of every service.
	StartupProbe Probe
}

// Service returns the service with that name.
func (d *Deployment) Service(name string) (*Service, bool) {
	return find(d.Services, func(s *Service) bool { return s.Name == name })
}

// Account returns the service account with that id.
func (d *Deployment) Account(id string) (*ServiceAccount, bool) {
	return find(d.Accounts, func(a *ServiceAccount) bool { return a.ID == id })
}

// Queue returns the queue with that id.
func (d *Deployment) Queue(id string) (*Queue, bool) {
	return find(d.Queues, func(q *Queue) bool { return q.ID == id })
}

// Job returns the job with that id.
func (d *Deployment) Job(id string) (*Job, bool) {
	return find(d.Jobs, func(j *Job) bool { return j.ID == id })
}

// Bucket returns the bucket with that id.
func (d *Deployment) Bucket(id string) (*Bucket, bool) {
	return find(d.Buckets, func(b *Bucket) bool { return b.ID == id })
}

// Secret returns the secret with that id.
func (d *Deployment) Secret(id string) (*Secret, bool) {
	return find(d.Secrets, func(s *Secret) bool { return s.ID == id })
}

func find[T any](all []T, match func(*T) bool) (*T, bool) {
	for i := range all {
		if match(&all[i]) {
			return &all[i], true
		}
	}
	return nil, false
}

// Location is the parent of regional resources, projects/P/locations/L.
func (d *Deployment) Location(project string) string {
	return "projects/" + project + "/locations/" + d.Region
}

// QueueName is the full resource name of a queue.
func (d *Deployment) QueueName(project, id string) string {
	return d.Location(project) + "/queues/" + id
}

// JobName is the full resource name of a scheduler job.
func (d *Deployment) JobName(project, id string) string {
	return d.Location(project) + "/jobs/" + id
}

// RunURL is the URL of a service on Cloud Run. It follows from the project's number, so services can
// be told each other's URLs, and their own, before they exist. (They have a second URL, with a hash,
// which nothing here uses.)
//
// Source: https://cloud.google.com/run/docs/triggering/https-request#deterministic
func (d *Deployment) RunURL(service, projectNumber string) string {
	return "https://" + service + "-" + projectNumber + "." + d.Region + ".run.app"
}

// Email is the address of a service account, which also is its name in IAM policies.
func Email(project, account string) string {
	return account + "@" + project + ".iam.gserviceaccount.com"
}

// Target is the handler that a queue, job or trigger calls.
type Target struct {
	// Service by name, and the path of one of its handlers.
	Service, Path string
	// Account whose identity token the call carries. The service lists it as an invoker.
	Account string
}

func (d *Deployment) checkTarget(f *faults, t Target) {
	if len(t.Path) < 2 || t.Path[0] != '/' {
		f.addf("path %q does not name a handler; it starts with a slash", t.Path)
	}
	if _, ok := d.Account(t.Account); !ok {
		f.addf("account %q does not exist", t.Account)
	}
	s, ok := d.Service(t.Service)
	if !ok {
		f.addf("service %q does not exist", t.Service)
		return
	}
	if !s.Public && !slices.Contains(s.Invokers, t.Account) {
		f.addf("account %q is not an invoker of service %q", t.Account, t.Service)
	}
}
