package doctor

import (
	"context"
	"fmt"

	"google.golang.org/api/firebaserules/v1"
	firestoreadmin "google.golang.org/api/firestore/v1"
	"google.golang.org/api/storage/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

func readDatabase(ctx context.Context, r *reader) error {
	client, err := firestoreadmin.NewService(ctx, r.options(firestoreAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Firestore: %w", err)
	}
	database, err := client.Projects.Databases.Get(r.database()).Context(ctx).Do()
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("read the database: %w", err)
	}
	r.state.Database = database
	return nil
}

// readIndexes reads the composite indexes, and the fields that differ from the default.
//
// Source of the filter: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields/list
func readIndexes(ctx context.Context, r *reader) error {
	client, err := firestoreadmin.NewService(ctx, r.options(firestoreAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Firestore: %w", err)
	}
	groups, all := client.Projects.Databases.CollectionGroups, r.database()+"/collectionGroups/-"
	err = groups.Indexes.List(all).Pages(ctx, func(page *firestoreadmin.GoogleFirestoreAdminV1ListIndexesResponse) error {
		r.state.Indexes = append(r.state.Indexes, page.Indexes...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the indexes: %w", err)
	}
	fields := groups.Fields.List(all).Filter("indexConfig.usesAncestorConfig=false OR ttlConfig:*")
	err = fields.Pages(ctx, func(page *firestoreadmin.GoogleFirestoreAdminV1ListFieldsResponse) error {
		r.state.Fields = append(r.state.Fields, page.Fields...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the fields: %w", err)
	}
	return nil
}

func readBackups(ctx context.Context, r *reader) error {
	client, err := firestoreadmin.NewService(ctx, r.options(firestoreAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Firestore: %w", err)
	}
	list, err := client.Projects.Databases.BackupSchedules.List(r.database()).Context(ctx).Do()
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the backup schedules: %w", err)
	}
	r.state.Backups = list.BackupSchedules
	return nil
}

// firestoreRelease and storageRelease are the names of the releases.
//
// Source: https://firebase.google.com/docs/reference/rules/rest/v1/projects.releases
func (o *Options) firestoreRelease() string {
	if o.Database == "(default)" {
		return "cloud.firestore"
	}
	return "cloud.firestore/" + o.Database
}

func (o *Options) storageRelease() string {
	return "firebase.storage/" + o.bucketName(o.Table.Buckets[0].ID)
}

// bucketName is the name of a bucket.
func (o *Options) bucketName(id string) string {
	return o.Table.BucketName(id, spec.Place{Project: o.Project, Buckets: o.Buckets})
}

func readRules(ctx context.Context, r *reader) error {
	client, err := firebaserules.NewService(ctx, r.options(rulesAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Firebase Rules: %w", err)
	}
	for release, text := range map[string]**string{r.firestoreRelease(): &r.state.FirestoreRules, r.storageRelease(): &r.state.StorageRules} {
		released, err := client.Projects.Releases.Get(r.parent() + "/releases/" + release).Context(ctx).Do()
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the release %s: %w", release, err)
		}
		ruleset, err := client.Projects.Rulesets.Get(released.RulesetName).Context(ctx).Do()
		if err != nil {
			return fmt.Errorf("read the rules of %s: %w", release, err)
		}
		content := ""
		if ruleset.Source != nil {
			for _, file := range ruleset.Source.Files {
				content += file.Content
			}
		}
		*text = &content
	}
	return nil
}

func readBuckets(ctx context.Context, r *reader) error {
	client, err := storage.NewService(ctx, r.options(storageAPI, "/storage/v1/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Storage: %w", err)
	}
	all := map[string]*storage.Bucket{}
	for _, b := range r.Table.Buckets {
		bucket, err := client.Buckets.Get(r.bucketName(b.ID)).Projection("noAcl").Context(ctx).Do()
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the bucket %s: %w", r.bucketName(b.ID), err)
		}
		all[b.ID] = bucket
	}
	r.state.Buckets = all
	return nil
}

func readBucketPolicies(ctx context.Context, r *reader) error {
	client, err := storage.NewService(ctx, r.options(storageAPI, "/storage/v1/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Storage: %w", err)
	}
	return each(ctx, r.Table.Buckets, func(ctx context.Context, b spec.Bucket) error {
		policy, err := client.Buckets.GetIamPolicy(r.bucketName(b.ID)).OptionsRequestedPolicyVersion(3).Context(ctx).Do()
		return r.policy(spec.OnBucket, b.ID, policy, err)
	})
}
