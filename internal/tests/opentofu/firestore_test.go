package opentofu

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The database survives mistakes: nobody can delete it, each minute of seven days can be read, each day of
// a week and each week of fourteen restored.
func testFirestore(t *testing.T, p *plan) {
	database := all[struct {
		Location   string `json:"location_id"`
		Type       string
		Protection string `json:"delete_protection_state"`
		PITR       string `json:"point_in_time_recovery_enablement"`
	}](t, p, "google_firestore_database")["(default)"]
	if database.Location != "asia-northeast3" || database.Type != "FIRESTORE_NATIVE" ||
		database.Protection != "DELETE_PROTECTION_ENABLED" || database.PITR != "POINT_IN_TIME_RECOVERY_ENABLED" {
		t.Errorf("database: %+v", database)
	}
	schedules := all[struct {
		Database, Retention string
		Daily               []any                  `json:"daily_recurrence"`
		Weekly              []struct{ Day string } `json:"weekly_recurrence"`
	}](t, p, "google_firestore_backup_schedule")
	daily, weekly := schedules["daily"], schedules["weekly"]
	if daily.Retention != "604800s" || len(daily.Daily) != 1 || len(daily.Weekly) != 0 || daily.Database != "(default)" {
		t.Errorf("daily backups: %+v", daily)
	}
	if weekly.Retention != "8467200s" || len(weekly.Weekly) != 1 || weekly.Weekly[0].Day != "SUNDAY" || weekly.Database != "(default)" {
		t.Errorf("weekly backups: %+v", weekly)
	}
}

// field is a field of an index, in firestore.indexes.json and in the plan.
type field struct {
	FieldPath, Order, ArrayConfig string
}

// Indexes, exemptions and TTL policies are those of firestore.indexes.json. It is long because of the forms of both.
func testIndexes(t *testing.T, p *plan) {
	text, err := os.ReadFile(filepath.Join(root, "firestore.indexes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Indexes []struct {
			CollectionGroup, QueryScope string
			Fields                      []field
		}
		FieldOverrides []struct {
			CollectionGroup, FieldPath string
			TTL                        bool
			Indexes                    []struct{ Order, ArrayConfig, QueryScope string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, i := range file.Indexes {
		want = append(want, describe(i.CollectionGroup, i.QueryScope, i.Fields))
	}
	for _, i := range all[struct {
		Collection string
		Scope      string `json:"query_scope"`
		Fields     []struct {
			FieldPath   string `json:"field_path"`
			Order       string
			ArrayConfig string `json:"array_config"`
		}
	}](t, p, "google_firestore_index") {
		var fields []field
		for _, f := range i.Fields {
			fields = append(fields, field(f))
		}
		got = append(got, describe(i.Collection, i.Scope, fields))
	}
	compareSets(t, "indexes", got, want)

	want, got = nil, nil
	for _, f := range file.FieldOverrides {
		want = append(want, override(f.CollectionGroup, f.FieldPath, f.TTL, fmt.Sprint(f.Indexes)))
	}
	for _, f := range all[struct {
		Collection, Field string
		TTL               []any `json:"ttl_config"`
		Indexes           []struct {
			Indexes []struct {
				Order       string
				ArrayConfig string `json:"array_config"`
				Scope       string `json:"query_scope"`
			}
		} `json:"index_config"`
	}](t, p, "google_firestore_field") {
		if len(f.Indexes) != 1 {
			t.Errorf("%s.%s keeps its automatic indexes", f.Collection, f.Field)
			continue
		}
		got = append(got, override(f.Collection, f.Field, len(f.TTL) == 1, fmt.Sprint(f.Indexes[0].Indexes)))
	}
	compareSets(t, "field overrides", got, want)
}

func describe(collection, scope string, fields []field) string {
	parts := []string{collection, scope}
	for _, f := range fields {
		parts = append(parts, f.FieldPath+" "+f.Order+f.ArrayConfig)
	}
	return strings.Join(parts, ", ")
}

func override(collection, field string, ttl bool, indexes string) string {
	return collection + "." + field + map[bool]string{true: " with TTL"}[ttl] + " " + indexes
}

func compareSets(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s %q, want %q", what, got, want)
	}
}

// The rules of the repository are released, for Firestore and for the bucket of the lists.
func testRules(t *testing.T, p *plan) {
	rulesets := all[struct {
		Source []struct {
			Files []struct{ Name, Content string }
		}
	}](t, p, "google_firebaserules_ruleset")
	releases := all[struct{ Name string }](t, p, "google_firebaserules_release")
	for key, name := range map[string]string{"firestore": "cloud.firestore", "storage": "firebase.storage/" + project + ".firebasestorage.app"} {
		text, err := os.ReadFile(filepath.Join(root, key+".rules"))
		if err != nil {
			t.Fatal(err)
		}
		if file := rulesets[key].Source[0].Files[0]; file.Content != string(text) {
			t.Errorf("%s: the ruleset has another text than the file", key)
		}
		if releases[key].Name != name {
			t.Errorf("%s: released as %q, want %q", key, releases[key].Name, name)
		}
	}
}
