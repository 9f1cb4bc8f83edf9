package comparison

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Sampled is a sample of the old database's users, what conversion found in their rows, and which semesters nobody can
// choose on the new side.
type Sampled struct {
	Users []SampledUser
	// problems by user and, for timetables and lectures, by key.
	problems map[string][]conversion.Finding
	// hidden says why the semesters with these ids are not listed.
	hidden map[string]string
	// renamed says that a school has another name on the new side.
	renamed bool
}

// SampledUser is a user whom old apps can look up.
type SampledUser struct{ ID, Username string }

// Sample chooses n users at random. It bills a read for each school and semester, and what the state of a comparison costs.
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
	if s.hidden, err = c.hiddenSemesters(ctx, r); err != nil {
		return nil, err
	}
	if s.renamed, err = c.renamedSchools(ctx, r); err != nil {
		return nil, err
	}
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

// hiddenSemesters returns the old ids of the semesters that are not offered on the new side, and why.
func (c *comparer) hiddenSemesters(ctx context.Context, r *legacydb.Reader) (map[string]string, error) {
	rows, err := all[legacydb.Semester](ctx, r)
	if err != nil {
		return nil, err
	}
	hidden := map[string]string{}
	var refs []*firestore.DocumentRef
	var with []legacydb.Semester
	for _, row := range rows {
		document, findings := c.convert.Semester(row)
		if document == nil {
			hide(hidden, row, "left out by a rule: semester "+problems(findings))
			continue
		}
		refs, with = append(refs, document.Ref), append(with, row)
	}
	docs, err := c.Firestore.GetAll(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("read the semesters: %w", err)
	}
	for i, doc := range docs {
		if doc.Exists() && schema.ReadSemester(doc).Status != schema.StatusNormal {
			hide(hidden, with[i], "the semester is hidden: the school file does not offer it")
		}
	}
	return hidden, nil
}

// renamedSchools reports whether a school has another name on the new side than in the old database.
func (c *comparer) renamedSchools(ctx context.Context, r *legacydb.Reader) (bool, error) {
	rows, err := all[legacydb.School](ctx, r)
	if err != nil {
		return false, err
	}
	var refs []*firestore.DocumentRef
	names := map[string]*string{}
	for _, row := range rows {
		if document, _ := c.convert.School(row); document != nil {
			refs = append(refs, document.Ref)
			names[document.Ref.Path] = row.Name
		}
	}
	docs, err := c.Firestore.GetAll(ctx, refs)
	if err != nil {
		return false, fmt.Errorf("read the schools: %w", err)
	}
	for _, doc := range docs {
		if name := names[doc.Ref.Path]; doc.Exists() && (name == nil || schema.ReadSchool(doc).Name != *name) {
			return true, nil
		}
	}
	return false, nil
}

// hide adds a semester by its key, and by the id that old apps have.
func hide(hidden map[string]string, row legacydb.Semester, reason string) {
	hidden[row.ID] = reason
	if row.SchoolID != nil && row.Year != nil && row.Term != nil {
		hidden[*row.SchoolID+"/"+*row.Year+"-"+*row.Term] = reason
	}
}

func problemKey(uid, key string) string { return uid + "/" + key }

// Explain returns the rule that changed a field of a user's object on the way to Firestore, "" if none did.
// object is the key of a timetable or lecture, or anything else for the user; field may be that of the API. uid is ""
// for a school or semester, which object then names.
func (s *Sampled) Explain(uid, object, field string) string {
	if s.renamed && strings.HasSuffix(field, "school.name") {
		return "the school file says what schools are called; a school without a name is called by its id"
	}
	if uid == "" {
		return s.hidden[object]
	}
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
