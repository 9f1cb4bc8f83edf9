package storage

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// reservedBucketFields are fields that the service sets or that [objects.Bucket] has a field for.
// All others are stored as sent.
var reservedBucketFields = []string{"kind", "id", "selfLink", "projectNumber", "name", "location", "locationType", "storageClass",
	"metageneration", "etag", "timeCreated", "updated", "generation", "acl", "defaultObjectAcl"}

// newBucketResource returns a bucket in the format of the JSON API.
// Source: https://cloud.google.com/storage/docs/json_api/v1/buckets#resource.
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
	httpjson.Write(c.w, http.StatusOK, newBucketResource(c.Request, b))
	return nil
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
	httpjson.Write(c.w, http.StatusOK, newBucketResource(c.Request, b))
	return nil
}

// patchBucket also serves PUT. A PUT does not clear omitted fields, because they have no effect
// here.
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
	httpjson.Write(c.w, http.StatusOK, newBucketResource(c.Request, b))
	return nil
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

// listBuckets ignores the project: all projects share the buckets.
func (s *Server) listBuckets(c call) error {
	var items []map[string]any
	for _, b := range s.store.Buckets() {
		if strings.HasPrefix(b.Name, c.URL.Query().Get("prefix")) {
			items = append(items, newBucketResource(c.Request, b))
		}
	}
	httpjson.Write(c.w, http.StatusOK, map[string]any{"kind": "storage#buckets", "items": items})
	return nil
}

// applySettings applies the fields to a bucket's settings as a merge patch (RFC 7396, one level
// deep).
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
		if f.isSet(name) {
			return notEmulated(what)
		}
	}
	for name, value := range f {
		if slices.Contains(reservedBucketFields, name) {
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

// merge applies a merge patch to one field. It returns nil if the patch removes the field.
func merge(old, patch json.RawMessage) (json.RawMessage, error) {
	var changes map[string]json.RawMessage
	if string(patch) == "null" {
		return nil, nil
	}
	if json.Unmarshal(patch, &changes) != nil {
		return patch, nil // not an object: it replaces the old value
	}
	into := map[string]json.RawMessage{}
	if len(old) > 0 {
		json.Unmarshal(old, &into) // an old value that is not an object is replaced
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
