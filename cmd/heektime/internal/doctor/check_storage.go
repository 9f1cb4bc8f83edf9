package doctor

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/api/storage/v1"

	"heek.kr/heektime/cmd/heektime/internal/table"
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

// checkBucketLocation accepts two regions: the table's, which has free amounts, and the services', which is closer to
// users. An operator chooses when the bucket is made.
func checkBucketLocation(e *examination) {
	e.eachBucket(func(name string, want *spec.Bucket, got *storage.Bucket) {
		if !strings.EqualFold(got.Location, want.Region) && !strings.EqualFold(got.Location, e.Table.Region) {
			e.errorf("bucket "+name, "is in %s, neither in %s nor in %s", got.Location, want.Region, e.Table.Region).because(
				"it has neither free amounts nor a short way to users, and a bucket cannot move by itself",
				"gcloud storage buckets relocate gs://%s --location=%s", name, want.Region)
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
		for _, rule := range got.Cors {
			if age := time.Duration(rule.MaxAgeSeconds) * time.Second; age != want.CORSMaxAge {
				e.warnf("bucket "+name, "browsers remember for %v who may read objects; the table says %v", age, want.CORSMaxAge).because(
					"they ask again more often, or notice a new origin late", "%s", e.apply())
			}
			for _, header := range want.CORSHeaders {
				if !slices.ContainsFunc(rule.ResponseHeader, func(h string) bool { return strings.EqualFold(h, header) }) {
					e.errorf("bucket "+name, "pages of %s may not read the header %s", strings.Join(rule.Origin, ", "), header).because(
						"the web app does not know what it has read", "%s", e.apply())
				}
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

// checkImageCleanUp compares the clean-up policies with those of deploy/storage.tf: one keeps the newest
// versions, the other deletes by age. What a policy keeps, no other deletes.
//
// Source: https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy-overview
func checkImageCleanUp(e *examination) {
	want, subject := e.Table.Images, "image repository "+e.Table.Images.Repository
	if e.Repository == nil {
		e.errorf(subject, "does not exist").because("releases have nowhere to put images", "%s", e.apply())
		return
	}
	const bill = "every release is billed for as long as its images exist"
	if e.Repository.CleanupPolicyDryRun {
		e.warnf(subject, "deletes nothing: its clean-up policies are a dry run").because(bill, "%s", e.apply())
	}
	var kept int64
	var age time.Duration
	for _, p := range e.Repository.CleanupPolicies {
		switch {
		case p.Action == "KEEP" && p.MostRecentVersions != nil && len(p.MostRecentVersions.PackageNamePrefixes) == 0:
			kept = max(kept, p.MostRecentVersions.KeepCount)
		case p.Action == "DELETE" && p.Condition != nil:
			age, _ = time.ParseDuration(p.Condition.OlderThan)
		}
	}
	if kept != int64(want.Keep) {
		e.warnf(subject, "keeps %s of each image; the table says %d", table.Counted(int(kept), "version"), want.Keep).because(
			"rollback needs the images of earlier releases, and more than that only cost", "%s", e.apply())
	}
	switch {
	case age == 0:
		e.warnf(subject, "deletes no images by age").because(bill, "%s", e.apply())
	case age != want.DeleteAfter:
		e.warnf(subject, "deletes images after %v; the table says %v", age, want.DeleteAfter).because(bill, "%s", e.apply())
	}
}
