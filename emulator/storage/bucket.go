package storage

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/objects"
)

// bucketFields are those that the service writes, and those that [objects.Bucket] has a field for. All others are kept
// as they were sent.
var bucketFields = []string{"kind", "id", "selfLink", "projectNumber", "name", "location", "locationType", "storageClass",
	"metageneration", "etag", "timeCreated", "updated", "generation", "acl", "defaultObjectAcl"}

// newBucketResource is a bucket in the JSON API. Source: https://cloud.google.com/storage/docs/json_api/v1/buckets#resource.
func newBucketResource(r *http.Request, b objects.Bucket) map[string]any {
	locationType := "multi-region"
	if strings.Contains(b.Location, "-") {
		locationType = "region"
	}
	res := map[string]any{}
	for name, value := range b.Settings {
		res[name] = value
	}
	maps.Copy(res, map[string]any{
		"kind":           "storage#bucket",
		"id":             b.Name,
		"selfLink":       origin(r) + "/storage/v1/b/" + b.Name,
		"projectNumber":  "0",
		"name":           b.Name,
		"location":       b.Location,
		"locationType":   locationType,
		"storageClass":   b.StorageClass,
		"metageneration": strconv.FormatInt(b.Metageneration, 10),
		"etag":           etag(0, b.Metageneration),
		"timeCreated":    timestamp(b.Created),
		"updated":        timestamp(b.Updated),
	})
	return res
}

func (s *Server) createBucket(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	var b objects.Bucket
	for name, to := range map[string]*string{"name": &b.Name, "location": &b.Location, "storageClass": &b.StorageClass} {
		if *to, err = f.text(name); err != nil {
			return err
		}
	}
	b.Settings = map[string]json.RawMessage{}
	if err := f.applySettings(b.Settings); err != nil {
		return err
	}
	if b, err = s.store.CreateBucket(b); err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, newBucketResource(c.Request, b))
}

func (s *Server) getBucket(c call) error {
	cond, err := c.conditions("")
	if err != nil {
		return err
	}
	b, err := s.store.Bucket(c.names[0], cond)
	if err != nil {
		return err
	}
	c.w.Header().Set("ETag", etag(0, b.Metageneration))
	return writeJSON(c.w, http.StatusOK, newBucketResource(c.Request, b))
}

// patchBucket also answers PUT: what is left out stays, since nothing here depends on it.
func (s *Server) patchBucket(c call) error {
	cond, err := c.conditions("")
	if err != nil {
		return err
	}
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	b, err := s.store.UpdateBucket(c.names[0], cond, f.applySettings)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, newBucketResource(c.Request, b))
}

func (s *Server) deleteBucket(c call) error {
	cond, err := c.conditions("")
	if err != nil {
		return err
	}
	if err := s.store.DeleteBucket(c.names[0], cond); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// listBuckets lists the buckets of every project: there is one.
func (s *Server) listBuckets(c call) error {
	var items []map[string]any
	for _, b := range s.store.Buckets() {
		if strings.HasPrefix(b.Name, c.URL.Query().Get("prefix")) {
			items = append(items, newBucketResource(c.Request, b))
		}
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"kind": "storage#buckets", "items": items})
}

// applySettings changes the settings of a bucket by what a client sent (RFC 7396, one level of objects deep).
func (f fields) applySettings(settings map[string]json.RawMessage) error {
	var versioning struct{ Enabled bool }
	if err := f.into("versioning", &versioning); err != nil {
		return err
	}
	if versioning.Enabled {
		return notEmulated("object versioning")
	}
	for name, what := range map[string]string{"retentionPolicy": "retention policies", "encryption": "customer-managed encryption keys",
		"hierarchicalNamespace": "hierarchical namespaces", "defaultEventBasedHold": "holds on objects"} {
		if f.given(name) {
			return notEmulated(what)
		}
	}
	for name, value := range f {
		if slices.Contains(bucketFields, name) {
			continue
		}
		merged, err := merge(settings[name], value)
		if err != nil {
			return err
		}
		if settings[name] = merged; merged == nil {
			delete(settings, name)
		}
	}
	return nil
}

// merge returns nil for what is removed.
func merge(old, patch json.RawMessage) (json.RawMessage, error) {
	var changes map[string]json.RawMessage
	if string(patch) == "null" {
		return nil, nil
	}
	if json.Unmarshal(patch, &changes) != nil {
		return patch, nil // no object: it replaces what was there
	}
	into := map[string]json.RawMessage{}
	if len(old) > 0 {
		json.Unmarshal(old, &into) // what was no object gives way
	}
	for key, value := range changes {
		if string(value) == "null" {
			delete(into, key)
			continue
		}
		into[key] = value
	}
	return json.Marshal(into)
}
