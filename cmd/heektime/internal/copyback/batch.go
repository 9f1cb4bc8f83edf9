package copyback

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// never are the documents that are not copied, with the reason.
var never = map[string]string{
	schema.DeletionDocument.Path: "a deletion of the past could delete an account that was restored since",
	schema.AttemptsDocument.Path: "attempts expire by themselves",
	schema.ScheduleDocument.Path: "the refresh service continues with its own",
	schema.SweepDocument.Path:    "the sweeper continues with its own",
}

// checkPath rejects the paths of documents that are not copied.
func checkPath(path string) error {
	root, _, _ := strings.Cut(path, "/")
	if !slices.Contains(schema.Roots(), root) {
		return fmt.Errorf("%q is not in the schema", path)
	}
	for pattern, reason := range never {
		if other, _, _ := strings.Cut(pattern, "/"); other == root {
			return fmt.Errorf("%s is not copied: %s", root, reason)
		}
	}
	return nil
}

// batch copies a few documents in one transaction.
type batch struct {
	Config
	docs   []*firestore.DocumentSnapshot
	report Report
	// skipped are paths with reasons, reported once the transaction has succeeded.
	skipped [][2]string

	accounts map[string]bool
	lookups  int                                    // reads outside of the transaction
	above    string                                 // a document that an earlier batch has created, or would have
	there    map[string]*firestore.DocumentSnapshot // documents of the destination, by path
	created  map[string]bool                        // paths that this transaction creates
	last     string                                 // the last of them that can have documents below it
}

func (b *batch) copy(ctx context.Context) error {
	var err error
	if b.accounts, err = b.HasAccount(ctx, b.uids()); err != nil {
		return fmt.Errorf("look up accounts: %w", err)
	}
	old, err := b.oldAccounts(ctx)
	if err != nil {
		return err
	}
	err = b.To.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		b.report, b.skipped, b.created = Report{}, nil, map[string]bool{}
		if err := b.read(tx); err != nil {
			return err
		}
		for _, doc := range b.docs {
			if err := b.one(tx, doc, old); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.report.Reads += b.lookups + len(b.there)
	b.report.Skipped = len(b.skipped)
	for _, s := range b.skipped {
		if b.Skipped != nil {
			b.Skipped(s[0], s[1])
		}
	}
	return nil
}

// uids lists whose documents these are.
func (b *batch) uids() []string {
	var uids []string
	for _, doc := range b.docs {
		if uid := ownerOf(doc); uid != "" && !slices.Contains(uids, uid) {
			uids = append(uids, uid)
		}
	}
	return uids
}

// ownerOf returns the uid of the user whose document this is, "" if it is nobody's.
func ownerOf(doc *firestore.DocumentSnapshot) string {
	segments := strings.Split(schema.Path(doc.Ref), "/")
	switch d := schema.DocumentAt(schema.Path(doc.Ref)); {
	case d == nil:
		return ""
	case d.Path == schema.UsernameDocument.Path:
		return schema.UIDOf(doc)
	case d.Path == schema.CredentialDocument.Path:
		return schema.CredentialUID(doc)
	default:
		if uid, ok := schema.SplitUserPath(segments[:2]); ok {
			return uid
		}
	}
	return ""
}

// oldAccounts returns which of the uids without an account have a password of the old system.
func (b *batch) oldAccounts(ctx context.Context) (map[string]bool, error) {
	old := map[string]bool{}
	for _, uid := range b.uids() {
		if b.accounts[uid] {
			continue
		}
		docs, err := schema.CredentialsOf(b.To, uid).Limit(1).Documents(ctx).GetAll()
		if err != nil {
			return nil, fmt.Errorf("look up the credential of %s: %w", uid, err)
		}
		b.lookups++
		old[uid] = len(docs) > 0
	}
	return old, nil
}

// read reads the destination: the documents, those above them, and what decides whether to copy.
func (b *batch) read(tx *firestore.Transaction) error {
	b.there = map[string]*firestore.DocumentSnapshot{}
	var refs []*firestore.DocumentRef
	add := func(ref *firestore.DocumentRef) {
		if ref == nil {
			return
		}
		if _, seen := b.there[schema.Path(ref)]; !seen {
			b.there[schema.Path(ref)] = nil
			refs = append(refs, ref)
		}
	}
	for _, doc := range b.docs {
		ref := b.To.Doc(schema.Path(doc.Ref))
		add(ref)
		add(ref.Parent.Parent)
		uid := ownerOf(doc)
		add(schema.DeletionRef(b.To, uid))
		add(schema.UserRef(b.To, uid))
		add(schema.UsernameRef(b.To, schema.UsernameOf(doc)))
	}
	docs, err := tx.GetAll(refs)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		b.there[schema.Path(doc.Ref)] = doc
	}
	return nil
}

// exists reports whether the destination has a document, or will.
func (b *batch) exists(ref *firestore.DocumentRef) bool {
	if ref == nil {
		return false
	}
	doc := b.there[schema.Path(ref)]
	return b.created[schema.Path(ref)] || schema.Path(ref) == b.above || doc != nil && doc.Exists()
}

// one copies a document, or notes why not.
func (b *batch) one(tx *firestore.Transaction, doc *firestore.DocumentSnapshot, old map[string]bool) error {
	path := schema.Path(doc.Ref)
	if reason := b.reject(path, doc, old); reason != "" {
		b.skipped = append(b.skipped, [2]string{path, reason})
		return nil
	}
	ref, fields, there := b.To.Doc(path), moved(b.To, doc.Data()), b.there[path]
	switch {
	case !there.Exists():
		b.report.Created++
		if err := b.create(tx, ref, fields); err != nil {
			return err
		}
		if name := schema.UsernameOf(doc); schema.DocumentAt(path).Path == schema.UserDocument.Path {
			if index := schema.UsernameRef(b.To, name); index != nil && !b.exists(index) {
				b.report.Created++
				return b.create(tx, index, schema.NewUsername(ref.ID))
			}
		}
	case same(fields, there.Data()):
		b.report.Same++
	case !b.Damage.contains(there.UpdateTime):
		b.skipped = append(b.skipped, [2]string{path, "it differs, and was last written at " + there.UpdateTime.Format(time.RFC3339)})
	default:
		b.report.Replaced++
		if b.Write {
			b.report.Writes++
			return tx.Set(ref, fields)
		}
	}
	return nil
}

func (b *batch) create(tx *firestore.Transaction, ref *firestore.DocumentRef, fields map[string]any) error {
	b.created[schema.Path(ref)] = true
	if d := schema.DocumentAt(schema.Path(ref)); len(d.Collections()) > 0 {
		b.last = schema.Path(ref)
	}
	if !b.Write {
		return nil
	}
	b.report.Writes++
	return tx.Create(ref, fields)
}

// reject returns why a document is not copied, "" if it is.
func (b *batch) reject(path string, doc *firestore.DocumentSnapshot, old map[string]bool) string {
	d, uid := schema.DocumentAt(path), ownerOf(doc)
	if d == nil {
		return "it is not in the schema"
	}
	user := schema.UserRef(b.To, uid)
	if uid != "" {
		switch {
		case b.exists(schema.DeletionRef(b.To, uid)):
			return "the account is being deleted"
		case d.Path == schema.CredentialDocument.Path && b.accounts[uid]:
			return "the user has signed in since, with another password hash"
		case d.Path == schema.CredentialDocument.Path && !b.exists(user) && !b.WithoutAccount,
			d.Path != schema.CredentialDocument.Path && !b.accounts[uid] && !old[uid] && !b.WithoutAccount:
			return "the user has no account: it may have been deleted since the backup"
		}
	}
	switch d.Path {
	case schema.UserDocument.Path:
		return b.rejectUser(doc)
	case schema.UsernameDocument.Path:
		if user == nil {
			return "it names no uid"
		}
		owner := b.there[schema.Path(user)]
		if !b.exists(doc.Ref) && (!owner.Exists() || schema.UsernameOf(owner) != doc.Ref.ID) {
			return "no user has this name"
		}
	case schema.LectureDocument.Path, schema.ChangeDocument.Path, schema.RunDocument.Path:
		if parent := doc.Ref.Parent.Parent; !b.exists(parent) {
			return "the document above it is missing"
		}
	}
	return ""
}

// rejectUser keeps usernames unique.
func (b *batch) rejectUser(doc *firestore.DocumentSnapshot) string {
	name, there := schema.UsernameOf(doc), b.there[schema.Path(doc.Ref)]
	if there.Exists() && schema.UsernameOf(there) != name {
		return "the user has chosen another name"
	}
	index := schema.UsernameRef(b.To, name)
	if index == nil {
		return ""
	}
	if taken := b.there[schema.Path(index)]; taken.Exists() && schema.UIDOf(taken) != doc.Ref.ID {
		return fmt.Sprintf("the name %q belongs to %s now", name, schema.UIDOf(taken))
	}
	if b.created[schema.Path(index)] {
		return fmt.Sprintf("the name %q belongs to another user of the backup, too", name)
	}
	return ""
}
