package spec

import (
	"path"
	"regexp"
	"strings"
	"time"
)

// Service is a Cloud Run service.
type Service struct {
	Name string
	// Purpose says in a few words what the service does.
	Purpose string
	// Package is the folder of the service's main package, from the root of the repository.
	Package string
	// Account is the id of the service account that it runs as.
	Account string
	// Public services may be called by anyone; Cloud Run lets only Invokers call the others.
	Public   bool
	Invokers []string
	Ingress  Ingress
	// HTTP2 sends requests to the container as HTTP/2 without TLS (h2c), which gRPC needs.
	HTTP2 bool
	// Timeout is how long a request may take.
	Timeout time.Duration
	// MemoryMiB and MilliCPU are the limits of an instance. It has its CPU only during requests, which is
	// what they are billed for, and twice as much while it starts.
	MemoryMiB, MilliCPU int
	// SecondGeneration runs instances in the second generation execution environment, a full Linux that
	// starts more slowly. None of our services needs it.
	SecondGeneration bool
	// Concurrency is how many requests an instance handles at a time.
	Concurrency int
	// MinInstances is 0 for a service that sleeps.
	MinInstances, MaxInstances int
	Environment                []Variable
	// Files are copied into the image.
	Files []File
}

// File is a file of the repository that a service's image contains.
type File struct {
	// Source is the path from the root of the repository, Path the one in the image.
	Source, Path string
}

// Ingress is the networks that may reach a service.
type Ingress string

// The ingress settings of Cloud Run.
//
// Source: https://cloud.google.com/run/docs/securing/ingress
const (
	IngressAll          Ingress = "all"
	IngressInternal     Ingress = "internal"
	IngressLoadBalancer Ingress = "internal-and-cloud-load-balancing"
)

// serviceName: fewer than 50 lower-case letters, digits and dashes, starting with a letter and not
// ending with a dash.
//
// Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create
var serviceName = regexp.MustCompile(`^[a-z](?:[-a-z0-9]{0,47}[a-z0-9])?$`)

// maxTimeout is the longest that Cloud Run lets a request take.
//
// Source: https://cloud.google.com/run/docs/configuring/request-timeout
const maxTimeout = time.Hour

// maxConcurrency is the most requests that an instance can handle at a time.
//
// Source: https://cloud.google.com/run/docs/about-concurrency
const maxConcurrency = 1000

// maxInstances is more than a project's default quota allows in any region.
//
// Source: https://cloud.google.com/run/quotas
const maxInstances = 1000

func (d *Deployment) checkServices(f *faults) {
	seen := map[string]bool{}
	for _, s := range d.Services {
		f := f.in("service", s.Name)
		if !serviceName.MatchString(s.Name) {
			f.addf("a name has at most 49 lower-case letters, digits and dashes, and starts with a letter")
		}
		f.unique(seen, s.Name)
		d.checkIdentity(f, &s)
		checkResources(f, &s)
		d.checkEnvironment(f, &s)
		checkFiles(f, &s)
	}
}

// checkIdentity checks who the service is and who may call it.
func (d *Deployment) checkIdentity(f *faults, s *Service) {
	if s.Package == "" || path.Clean(s.Package) != s.Package || path.IsAbs(s.Package) {
		f.addf("package %q is not a folder of the repository", s.Package)
	}
	if _, ok := d.Account(s.Account); !ok {
		f.addf("account %q does not exist", s.Account)
	}
	switch {
	case s.Public && len(s.Invokers) > 0:
		f.addf("it is public, so a list of invokers has no effect")
	case !s.Public && len(s.Invokers) == 0:
		f.addf("it is not public and has no invokers, so nobody can call it")
	}
	for _, invoker := range s.Invokers {
		if _, ok := d.Account(invoker); !ok {
			f.addf("invoker %q does not exist", invoker)
		}
	}
	switch s.Ingress {
	case IngressAll, IngressInternal, IngressLoadBalancer:
	default:
		f.addf("ingress %q is not one of %s, %s, %s", s.Ingress, IngressAll, IngressInternal, IngressLoadBalancer)
	}
}

func checkFiles(f *faults, s *Service) {
	for _, file := range s.Files {
		if file.Source == "" || path.IsAbs(file.Source) || strings.HasPrefix(path.Clean(file.Source), "..") {
			f.addf("file %q is not in the repository", file.Source)
		}
		if !path.IsAbs(file.Path) || path.Clean(file.Path) != file.Path || file.Path == "/" {
			f.addf("file %q has to be an absolute path in the image", file.Path)
		}
	}
}
