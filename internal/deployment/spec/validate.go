package spec

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Validate reports every value that Google would reject, and every reference to something that is
// not in the table.
func (d *Deployment) Validate() error {
	f := &faults{errs: new([]error)}
	if !slices.Contains(regions, d.Region) {
		f.addf("region %q is not a region of Cloud Run", d.Region)
	}
	checkLabels(f, d.Labels)
	d.checkAccounts(f)
	d.checkServices(f)
	d.checkQueues(f)
	d.checkJobs(f)
	d.checkTriggers(f)
	d.checkBackups(f)
	d.checkStorage(f)
	d.checkImages(f)
	d.checkProbe(f)
	d.checkAlerts(f)
	return errors.Join(*f.errs...)
}

// Labels have up to 63 lower-case letters, digits, dashes and underscores; keys start with a letter.
//
// Source: https://cloud.google.com/resource-manager/docs/labels-overview#requirements
var (
	labelKey   = regexp.MustCompile(`^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$`)
	labelValue = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$`)
)

// maxLabels is how many labels a resource can have.
const maxLabels = 64

func checkLabels(f *faults, labels map[string]string) {
	if len(labels) > maxLabels {
		f.addf("%d labels: a resource can have %d", len(labels), maxLabels)
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if !labelKey.MatchString(key) {
			f.addf("label %q: a key has up to 63 lower-case letters, digits, dashes and underscores, and starts with a letter", key)
		}
		if !labelValue.MatchString(labels[key]) {
			f.addf("label %s=%q: a value has up to 63 lower-case letters, digits, dashes and underscores", key, labels[key])
		}
	}
}

// faults collects what is wrong, each fault with the place that it was found in.
type faults struct {
	where string
	errs  *[]error
}

// in returns a collector for one item, whose faults begin with its kind and name.
func (f *faults) in(kind, name string) *faults {
	return &faults{f.where + kind + " " + name + ": ", f.errs}
}

func (f *faults) addf(format string, args ...any) {
	*f.errs = append(*f.errs, errors.New(f.where+fmt.Sprintf(format, args...)))
}

// unique reports a name that was seen before.
func (f *faults) unique(seen map[string]bool, name string) {
	if seen[name] {
		f.addf("%q is listed twice", name)
	}
	seen[name] = true
}

// regions are the regions of Cloud Run, which are also regions of Cloud Storage.
//
// Source: https://cloud.google.com/run/docs/locations
var regions = []string{
	"africa-south1",
	"asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3",
	"asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "asia-southeast3",
	"australia-southeast1", "australia-southeast2",
	"europe-central2", "europe-north1", "europe-north2", "europe-southwest1",
	"europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8",
	"europe-west9", "europe-west10", "europe-west12",
	"me-central1", "me-central2", "me-west1",
	"northamerica-northeast1", "northamerica-northeast2", "northamerica-south1",
	"southamerica-east1", "southamerica-west1",
	"us-central1", "us-east1", "us-east4", "us-east5", "us-south1",
	"us-west1", "us-west2", "us-west3", "us-west4",
}
