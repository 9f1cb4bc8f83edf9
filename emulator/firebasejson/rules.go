package firebasejson

import (
	"maps"
	"slices"
)

// DescribeRules returns a line for each file with rules, and for each service that has none. only are the services that
// start, nil for all.
func (f *File) DescribeRules(only []string) (lines []string) {
	if f.Path == "" {
		return []string{"no " + Name + " here or above: everybody may do everything"}
	}
	add := func(what, path string) {
		if path == "" {
			path = "none for " + what + " in " + f.Path + ": everybody may do everything"
		}
		if !slices.Contains(lines, path) {
			lines = append(lines, path)
		}
	}
	if len(only) == 0 || slices.Contains(only, "firestore") {
		add("Firestore", f.Rules)
		for _, id := range slices.Sorted(maps.Keys(f.Databases)) {
			add("the database "+id, f.Databases[id].Rules)
		}
	}
	if len(only) == 0 || slices.Contains(only, "storage") {
		add("Storage", f.StorageRules)
		for _, bucket := range slices.Sorted(maps.Keys(f.BucketRules)) {
			add("the bucket "+bucket, f.BucketRules[bucket])
		}
	}
	return lines
}
