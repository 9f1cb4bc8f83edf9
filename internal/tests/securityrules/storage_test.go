package securityrules

import (
	"context"
	"testing"

	"heek.kr/heektime/emulator/rules"
)

// storageCase is a request to Cloud Storage for an object, or for a listing below a prefix.
type storageCase struct {
	name    string
	method  rules.Method
	object  string
	allowed bool
}

const courseList = "lectures/고려대학교-서울/2026-0900/5f70bf18.json"

var storageCases = []storageCase{
	{"get a course list", rules.Get, courseList, true},
	{"get a course list that does not exist", rules.Get, "lectures/korea/2026-0900/none.json", true},
	{"get a delta between course lists", rules.Get, "lectures/고려대학교-서울/2026-0900/5f70bf18-6a81c029.delta.json", true},
	{"add a delta between course lists", rules.Create, "lectures/korea/2026-0900/a-b.delta.json", false},
	{"list the course lists of a semester", rules.List, "lectures/고려대학교-서울/2026-0900", false},
	{"list all course lists", rules.List, "lectures", false},
	{"list the bucket", rules.List, "", false},
	{"add a course list", rules.Create, "lectures/korea/2026-0900/new.json", false},
	{"replace a course list", rules.Update, courseList, false},
	{"delete a course list", rules.Delete, courseList, false},
	{"get another object", rules.Get, "private/backup.json", false},
	{"get an object whose name begins like that of a course list", rules.Get, "lectures2/x.json", false},
	{"get an object of the same name in another folder", rules.Get, "old/" + courseList, false},
	{"add another object", rules.Create, "users/alice/photo.png", false},
	{"delete another object", rules.Delete, "private/backup.json", false},
}

func (c *storageCase) evaluate(set *rules.Ruleset, who string) rules.Decision {
	object := rules.Object{Name: c.object, Bucket: "demo", Size: 2, ContentType: "application/json"}.Fields()
	r := rules.Request{Service: rules.Storage, Method: c.method, Path: "/b/demo/o", Time: now, Explain: true}
	if c.object != "" {
		r.Path += "/" + c.object
	}
	if who != "" {
		r.Auth = &rules.Auth{UID: who}
	}
	if c.method != rules.Create && c.method != rules.List {
		r.Before = object
	}
	if c.method == rules.Create || c.method == rules.Update {
		r.After = object
	}
	return set.Evaluate(context.Background(), &r)
}

func TestStorage(t *testing.T) {
	set := ruleset(t, "storage.rules")
	for _, c := range storageCases {
		for _, who := range []string{"", "alice"} {
			if d := c.evaluate(set, who); d.Err != nil || d.Allowed != c.allowed {
				t.Errorf("%s by %q: allowed is %v, %v: %v", c.name, who, d.Allowed, d.Denial, d.Err)
			}
		}
	}
}

func TestStorageMutants(t *testing.T) {
	mutate(t, "storage.rules", func(set *rules.Ruleset) bool {
		for _, c := range storageCases {
			for _, who := range []string{"", "alice"} {
				if d := c.evaluate(set, who); d.Allowed != c.allowed {
					return true
				}
			}
		}
		return false
	})
}
