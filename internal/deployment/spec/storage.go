package spec

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Bucket is a bucket of Cloud Storage. Access is uniform: IAM and the security rules decide, not
// lists on objects.
type Bucket struct {
	// ID names the bucket in the table.
	ID      string
	Purpose string
	// Region is where it is made. It cannot move.
	Region string
	// Suffix follows the project's id in the bucket's name.
	Suffix string
	// SoftDelete is how long deleted objects can be restored; 0 is not at all.
	SoftDelete time.Duration
	// CORSMethods are the methods that web pages may use, from the origins of the web apps.
	CORSMethods []string
	// CORSHeaders are the response headers that they may read.
	CORSHeaders []string
	// CORSMaxAge is how long browsers remember that they may.
	CORSMaxAge time.Duration
}

// NameIn is the bucket's name in a project.
func (b *Bucket) NameIn(project string) string { return project + b.Suffix }

// Secret is a secret of Secret Manager.
type Secret struct {
	ID      string
	Purpose string
	// Make is a command that prints a new value.
	Make string
}

var (
	// bucketSuffix continues a project's id: lower-case letters, digits, dots and dashes. Names with
	// dots are domains, which only Google's own suffixes need not prove.
	//
	// Source: https://cloud.google.com/storage/docs/buckets#naming
	bucketSuffix = regexp.MustCompile(`^(?:|\.firebasestorage\.app|\.appspot\.com|-[a-z0-9-]{0,30}[a-z0-9])$`)
	// secretID: up to 255 letters, digits, dashes and underscores.
	//
	// Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
	secretID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
)

// Soft delete is off, or keeps objects for 7 to 90 days.
//
// Source: https://cloud.google.com/storage/docs/soft-delete
const minSoftDelete, maxSoftDelete = 7 * 24 * time.Hour, 90 * 24 * time.Hour

func (d *Deployment) checkStorage(f *faults) {
	seen := map[string]bool{}
	for _, b := range d.Buckets {
		f := f.in("bucket", b.ID)
		f.unique(seen, b.ID)
		if !bucketSuffix.MatchString(b.Suffix) || strings.Contains(b.Suffix, "goog") {
			f.addf("suffix %q: want nothing, .firebasestorage.app, .appspot.com, or a dash and lower-case letters, digits and dashes", b.Suffix)
		}
		if !slices.Contains(regions, b.Region) {
			f.addf("region %q is not a region of Google Cloud", b.Region)
		}
		if b.SoftDelete != 0 && (b.SoftDelete < minSoftDelete || b.SoftDelete > maxSoftDelete) {
			f.addf("soft delete %v: Cloud Storage allows 0, and 7 to 90 days", b.SoftDelete)
		}
		for _, method := range b.CORSMethods {
			if !slices.Contains([]string{"GET", "HEAD", "PUT", "POST", "DELETE"}, method) {
				f.addf("CORS method %q is not an HTTP method", method)
			}
		}
	}
	seen = map[string]bool{}
	for _, s := range d.Secrets {
		f := f.in("secret", s.ID)
		f.unique(seen, s.ID)
		if !secretID.MatchString(s.ID) {
			f.addf("an id has up to 255 letters, digits, dashes and underscores")
		}
	}
}
