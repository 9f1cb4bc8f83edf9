package doctor

import (
	"slices"
	"strings"

	"google.golang.org/api/storage/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

// eachBucket calls check for every bucket of the table that exists.
func (e *examination) eachBucket(check func(name string, want *spec.Bucket, got *storage.Bucket)) {
	for i := range e.Table.Buckets {
		want := &e.Table.Buckets[i]
		if got := e.State.Buckets[want.ID]; got != nil {
			check(e.bucketName(want.ID), want, got)
		}
	}
}

func checkBucket(e *examination) {
	for _, b := range e.Table.Buckets {
		if e.State.Buckets[b.ID] == nil {
			e.errorf("bucket "+e.bucketName(b.ID), "does not exist").because("it holds "+b.Purpose, "%s", e.setUp())
		}
	}
}

func checkBucketLocation(e *examination) {
	e.eachBucket(func(name string, _ *spec.Bucket, got *storage.Bucket) {
		if !strings.EqualFold(got.Location, e.Table.Region) {
			e.errorf("bucket "+name, "is in %s, not in %s", got.Location, e.Table.Region).because(
				"traffic between the two is billed, and a bucket cannot move", "gcloud storage buckets relocate gs://%s --location=%s", name, e.Table.Region)
		}
	})
}

func checkBucketCORS(e *examination) {
	e.eachBucket(func(name string, want *spec.Bucket, got *storage.Bucket) {
		allowed := map[string][]string{} // origins by method
		for _, rule := range got.Cors {
			for _, method := range rule.Method {
				allowed[method] = append(allowed[method], rule.Origin...)
			}
		}
		for _, method := range want.CORSMethods {
			for _, origin := range e.origins() {
				if !slices.Contains(allowed[method], origin) && !slices.Contains(allowed[method], "*") {
					e.errorf("bucket "+name, "pages of %s may not %s objects", origin, method).because(
						"the web app cannot read course lists with the storage SDK", "%s", e.apply())
				}
			}
		}
		for method, origins := range allowed {
			for _, origin := range origins {
				if !slices.Contains(want.CORSMethods, method) || !slices.Contains(e.origins(), origin) {
					e.warnf("bucket "+name, "pages of %s may %s objects", origin, method).because("the table does not let them", "%s", e.apply())
				}
			}
		}
	})
}

func checkBucketAccess(e *examination) {
	e.eachBucket(func(name string, _ *spec.Bucket, got *storage.Bucket) {
		if c := got.IamConfiguration; c == nil || c.UniformBucketLevelAccess == nil || !c.UniformBucketLevelAccess.Enabled {
			e.errorf("bucket "+name, "its objects have access lists of their own").because(
				"an object can be public although no role and no rule says so", "gcloud storage buckets update gs://%s --uniform-bucket-level-access", name)
		}
	})
}

func checkBucketSoftDelete(e *examination) {
	e.eachBucket(func(name string, want *spec.Bucket, got *storage.Bucket) {
		var kept int64
		if got.SoftDeletePolicy != nil {
			kept = got.SoftDeletePolicy.RetentionDurationSeconds
		}
		if kept != int64(want.SoftDelete.Seconds()) {
			e.warnf("bucket "+name, "deleted objects are kept for %d s; the table says %d s", kept, int64(want.SoftDelete.Seconds())).because(
				"every replaced list is billed for that long", "gcloud storage buckets update gs://%s --soft-delete-duration=%d", name, int64(want.SoftDelete.Seconds()))
		}
	})
}

func checkBucketLifecycle(e *examination) {
	e.eachBucket(func(name string, _ *spec.Bucket, got *storage.Bucket) {
		if got.Lifecycle == nil {
			return
		}
		for _, rule := range got.Lifecycle.Rule {
			if rule.Action != nil && rule.Action.Type == "Delete" {
				e.errorf("bucket "+name, "a lifecycle rule deletes objects").because(
					"a published list keeps its name, and its age, for as long as it does not change", "gcloud storage buckets update gs://%s --clear-lifecycle", name)
			}
		}
	})
}
