package doctor

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	firestoreadmin "google.golang.org/api/firestore/v1"

	"heek.kr/heektime/cmd/heektime/internal/closedrules"
)

// index is a composite index as one string, without the name that Google appends.
//
// Source: https://firebase.google.com/docs/reference/firestore/indexes
type index string

func indexOf(group, scope string, fields []IndexField) index {
	parts := []string{group, cmp.Or(scope, "COLLECTION")}
	for _, f := range fields {
		if f.FieldPath != "__name__" {
			parts = append(parts, f.FieldPath+" "+cmp.Or(f.Order, f.ArrayConfig))
		}
	}
	return index(strings.Join(parts, ", "))
}

// groupOf is the collection group in the name of an index or field.
func groupOf(name string) string {
	_, rest, _ := strings.Cut(name, "/collectionGroups/")
	group, _, _ := strings.Cut(rest, "/")
	return group
}

func (e *examination) subjectDatabase() string { return "database " + e.Options.Database }

func checkDatabase(e *examination) {
	d := e.State.Database
	if d == nil {
		e.errorf(e.subjectDatabase(), "does not exist").because("it holds all documents", "%s", e.apply())
		return
	}
	if d.Type != "FIRESTORE_NATIVE" {
		e.errorf(e.subjectDatabase(), "is of type %s", d.Type).because("clients need Native mode",
			"gcloud firestore databases update --database='%s' --type=firestore-native --project=%s", e.Options.Database, e.Options.Project)
	}
	if d.LocationId != e.Table.Region {
		e.errorf(e.subjectDatabase(), "is in %s, not in %s", d.LocationId, e.Table.Region).because(
			"a database cannot move: requests cross the world, and triggers have to be in its location",
			"gcloud firestore databases create --database=NAME --location=%s --project=%s", e.Table.Region, e.Options.Project)
	}
}

func checkDeleteProtection(e *examination) {
	if d := e.State.Database; d != nil && d.DeleteProtectionState != "DELETE_PROTECTION_ENABLED" {
		e.errorf(e.subjectDatabase(), "is not protected from deletion").because("one command deletes everything",
			"gcloud firestore databases update --database='%s' --delete-protection --project=%s", e.Options.Database, e.Options.Project)
	}
}

func checkPointInTimeRecovery(e *examination) {
	if d := e.State.Database; d != nil && d.PointInTimeRecoveryEnablement != "POINT_IN_TIME_RECOVERY_ENABLED" {
		e.errorf(e.subjectDatabase(), "has no point-in-time recovery").because("what a bug destroys since the last backup is lost",
			"gcloud firestore databases update --database='%s' --enable-pitr --project=%s", e.Options.Database, e.Options.Project)
	}
}

// Retention of backups, as in deploy/firestore.tf.
const dailyRetention, weeklyRetention = 7 * 24 * time.Hour, 14 * 7 * 24 * time.Hour

func checkBackups(e *examination) {
	var daily, weekly time.Duration
	for _, b := range e.State.Backups {
		kept, _ := time.ParseDuration(b.Retention)
		if b.DailyRecurrence != nil {
			daily = max(daily, kept)
		}
		if b.WeeklyRecurrence != nil {
			weekly = max(weekly, kept)
		}
	}
	report := func(name, flags string, got, want time.Duration) {
		if got < want {
			e.errorf(e.subjectDatabase(), "%s backups are kept for %d days, not %d", name, int(got.Hours()/24), int(want.Hours()/24)).because(
				"damage that is found later cannot be undone", "gcloud firestore backups schedules create --database='%s' --recurrence=%s --retention=%dw --project=%s",
				e.Options.Database, flags, int(want.Hours()/24/7), e.Options.Project)
		}
	}
	report("daily", "daily", daily, dailyRetention)
	report("weekly", "weekly --day-of-week=SUN", weekly, weeklyRetention)
}

func checkIndexes(e *examination) {
	missing := map[index]bool{}
	for _, i := range e.Files.Indexes.Indexes {
		missing[indexOf(i.CollectionGroup, i.QueryScope, i.Fields)] = true
	}
	for _, i := range e.State.Indexes {
		fields := []IndexField{}
		for _, f := range i.Fields {
			fields = append(fields, IndexField{f.FieldPath, f.Order, f.ArrayConfig})
		}
		name := indexOf(groupOf(i.Name), i.QueryScope, fields)
		if !missing[name] {
			e.warnf("index "+string(name), "is not in firestore.indexes.json").because("each write to the collection pays for it",
				"gcloud firestore indexes composite delete %s --database='%s' --project=%s", i.Name[strings.LastIndex(i.Name, "/")+1:], e.Options.Database, e.Options.Project)
			continue
		}
		delete(missing, name)
		switch i.State {
		case "READY":
		case "CREATING":
			e.warnf("index "+string(name), "is being built").because("its queries fail until it is done", "heektime doctor --google --project %s", e.Options.Project)
		default:
			e.errorf("index "+string(name), "is in the state %s", i.State).because("its queries fail", "%s", e.apply())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		e.errorf("index "+string(name), "does not exist").because("its queries fail", "%s", e.apply())
	}
}

// override is how a field is indexed.
func (o *FieldOverride) describe() string {
	var all []string
	for _, i := range o.Indexes {
		all = append(all, cmp.Or(i.QueryScope, "COLLECTION")+" "+cmp.Or(i.Order, i.ArrayConfig))
	}
	return describeIndexes(all)
}

func describeIndexes(all []string) string {
	if len(all) == 0 {
		return "not indexed"
	}
	return "indexed as " + strings.Join(sorted(all), ", ")
}

// fieldName is the name of a field, GROUP.PATH. The field * of the group __default__ holds the defaults.
func fieldName(name string) string {
	return groupOf(name) + "." + strings.Trim(name[strings.LastIndex(name, "/")+1:], "`")
}

// defaultField holds what applies to all other fields.
const defaultField = "__default__.*"

func checkFields(e *examination) {
	actual := map[string]string{}
	for _, f := range e.State.Fields {
		if name := fieldName(f.Name); name != defaultField && f.IndexConfig != nil && !f.IndexConfig.UsesAncestorConfig {
			actual[name] = describeIndexes(indexesOf(f))
		}
	}
	for _, o := range e.Files.Indexes.FieldOverrides {
		name := o.CollectionGroup + "." + o.FieldPath
		got, exempt := actual[name]
		if !exempt {
			got = "indexed as all fields are"
		}
		if want := o.describe(); got != want {
			e.errorf("field "+name, "is %s; the file says %s", got, want).because(
				"each index is written and billed with every change, and rising values such as times slow writes down", "%s", e.apply())
		}
		delete(actual, name)
	}
	for _, name := range slices.Sorted(maps.Keys(actual)) {
		e.warnf("field "+name, "is %s; the file does not have it", actual[name]).because("queries may lack an index that the emulator has", "%s", e.apply())
	}
}

func indexesOf(f *firestoreadmin.GoogleFirestoreAdminV1Field) (all []string) {
	for _, i := range f.IndexConfig.Indexes {
		for _, field := range i.Fields {
			all = append(all, i.QueryScope+" "+cmp.Or(field.Order, field.ArrayConfig))
		}
	}
	return all
}

func checkTTL(e *examination) {
	state := map[string]string{}
	for _, f := range e.State.Fields {
		if f.TtlConfig != nil {
			state[fieldName(f.Name)] = f.TtlConfig.State
		}
	}
	for _, o := range e.Files.Indexes.FieldOverrides {
		name := o.CollectionGroup + "." + o.FieldPath
		got, exists := state[name]
		delete(state, name)
		switch {
		case o.TTL && !exists:
			e.errorf("field "+name, "is not the time to live").because("old documents stay, and are billed, forever", "%s", e.apply())
		case o.TTL && got != "ACTIVE":
			e.warnf("field "+name, "its time-to-live policy is %s, not active", got).because("old documents stay until it is",
				"gcloud firestore fields ttls list --database='%s' --project=%s", e.Options.Database, e.Options.Project)
		case !o.TTL && exists:
			state[name] = got
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		group, field, _ := strings.Cut(name, ".")
		e.errorf("field "+name, "is a time to live that the file does not have").because("Firestore deletes documents that should stay",
			"gcloud firestore fields ttls update %s --collection-group=%s --disable-ttl --database='%s' --project=%s", field, group, e.Options.Database, e.Options.Project)
	}
}

func checkFirestoreRules(e *examination) {
	e.checkRules("firestore.rules", e.State.FirestoreRules, e.Files.FirestoreRules)
}

func checkStorageRules(e *examination) {
	e.checkRules("storage.rules", e.State.StorageRules, e.Files.StorageRules)
}

// checkRules compares released rules with a file. Rules that heektime stop has closed are compared by their
// original.
func (e *examination) checkRules(file string, released *string, want string) {
	if released == nil {
		e.errorf(file, "no rules are released").because("clients may do nothing", "%s", e.apply())
		return
	}
	closed, err := closedrules.Parse(*released)
	switch {
	case err != nil:
		e.errorf(file, "%s", err).because("heektime start cannot bring them back", "%s", e.apply())
		return
	case closed != nil:
		e.warnf(file, "closed by heektime stop since %s", closed.Since.UTC().Format(time.RFC3339)).because(
			"clients can only read, or nothing at all", "heektime start --google --project %s", e.Options.Project)
		released = &closed.Original
	}
	if strings.TrimSpace(*released) != strings.TrimSpace(want) {
		e.errorf(file, "the released rules differ, first in line %d", differingLine(*released, want)).because(
			"clients may do less or more than the tests prove", "%s", e.apply())
	}
}

// differingLine is the number of the first line that differs.
func differingLine(a, b string) int {
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(linesA), len(linesB)) {
		if linesA[i] != linesB[i] {
			return i + 1
		}
	}
	return min(len(linesA), len(linesB)) + 1
}
