package comparison

import (
	"cmp"
	"context"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Sampled is a sample of the old database's users, and what conversion found in their rows.
type Sampled struct {
	Users []SampledUser
	// problems by user and, for timetables and lectures, by key.
	problems map[string][]conversion.Finding
}

// SampledUser is a user whom old apps can look up.
type SampledUser struct{ ID, Username string }

// Sample chooses n users at random. It reads Firestore only for what the state of a comparison costs.
func Sample(ctx context.Context, old *legacydb.DB, client *firestore.Client, n int) (*Sampled, error) {
	c, err := newComparer(Config{
		Old: old, Firestore: client, Sample: n, Kinds: []schema.MigrationKind{schema.MigrateAccounts, schema.MigrateTimetables},
	})
	if err != nil {
		return nil, err
	}
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	r, err := old.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	users, err := legacydb.ByKey[legacydb.User](ctx, r, c.sampled)
	if err != nil {
		return nil, err
	}
	s := &Sampled{problems: map[string][]conversion.Finding{}}
	for _, user := range users {
		if user.Username != nil {
			s.Users = append(s.Users, SampledUser{user.ID, *user.Username})
		}
	}
	return s, c.eachRow(ctx, r, users, func(uid string, row converted) {
		for _, f := range row.findings {
			key := problemKey(uid, f.Key)
			if f.Kind == legacydb.UserKind {
				key = problemKey(uid, "")
			}
			s.problems[key] = append(s.problems[key], f)
		}
	})
}

func problemKey(uid, key string) string { return uid + "/" + key }

// Explain returns the rule that changed a field of a user's object on the way to Firestore, "" if none did.
// object is the key of a timetable or lecture, or anything else for the user; field may be that of the API.
func (s *Sampled) Explain(uid, object, field string) string {
	name := field[strings.LastIndex(field, ".")+1:]
	for _, key := range []string{problemKey(uid, object), problemKey(uid, "")} {
		for _, f := range s.problems[key] {
			base, _, _ := strings.Cut(f.Field, "[")
			if base == name || base == "" || apiNames[base] == name {
				return strings.TrimSpace(cmp.Or(base, string(f.Kind)) + " " + f.Problem + ": " + string(f.Action))
			}
		}
	}
	return ""
}

// apiNames are the names that columns have in the API, if they differ.
var apiNames = map[string]string{"semester_id": "semester", "username": "status"}
