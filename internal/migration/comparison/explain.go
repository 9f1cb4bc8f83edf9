package comparison

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// explain lists how the two sides of a user differ, and why. If that has changed names of users, it returns them
// instead: what differs is not known yet.
func (c *comparer) explain(ctx context.Context, l *look) (found []Difference, renamed []string, err error) {
	e := explainer{comparer: c, look: l}
	for _, path := range l.paths() {
		if err := e.compare(ctx, path); err != nil {
			return nil, nil, err
		}
	}
	if len(e.renamed) > 0 {
		return nil, e.renamed, nil
	}
	return e.found, nil, e.excuse(ctx)
}

// explainer explains the differences of one user.
type explainer struct {
	*comparer
	*look
	found   []Difference
	renamed []string

	asked   bool // whether deleted and account are known
	deleted bool
	account bool
}

// excuse marks differences as expected: of documents that new clients have changed since everything had arrived, and of
// what the way back has kept aside.
func (e *explainer) excuse(ctx context.Context) error {
	for i := range e.found {
		d := &e.found[i]
		if doc, ok := e.documents[d.Path]; ok && !d.Expected && !e.Drained.IsZero() && doc.changed.After(e.Drained) {
			d.Expected, d.Reason = true, "changed on the new side while writes were held"
			d.group = collectionOf(d.Path) + ": " + d.Reason
		}
	}
	if !e.flowsBack {
		return nil
	}
	var paths []string
	for _, d := range e.found {
		if !d.Expected {
			paths = append(paths, d.Path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	kept, err := reverse.Kept(ctx, e.Old.Pool, paths)
	if err != nil {
		return err
	}
	aside, err := reverse.Aside(ctx, e.Old.Pool, e.Firestore, paths)
	if err != nil {
		return err
	}
	for i := range e.found {
		d := &e.found[i]
		_, hasField := aside[d.Path][d.Field]
		if !d.Expected && (kept[d.Path] && d.Sort == NoRow || hasField && d.Field != "") {
			d.Expected = true
			d.Reason = "kept aside: the old database has no place for it"
			d.group = collectionOf(d.Path) + ": " + d.Reason
		}
	}
	return nil
}

// add adds a difference. group says what it is, without anything that differs between users.
func (e *explainer) add(d Difference, group string) {
	d.UID, d.group = e.uid, collectionOf(d.Path)+": "+group
	if d.Reason == "" {
		d.Reason = group
	}
	e.found = append(e.found, d)
}

func collectionOf(path string) string {
	if d := schema.DocumentAt(path); d != nil {
		return d.Collection()
	}
	return path
}

func (e *explainer) compare(ctx context.Context, path string) error {
	row, isRow := e.rows[path]
	doc, isDocument := e.documents[path]
	switch {
	case !isRow:
		e.noRow(path, doc)
	case row.document == nil && isDocument:
		e.add(Difference{Sort: NoRow, Path: path}, "a document of a row that the rules leave out: "+problems(row.findings))
	case row.document == nil:
		if !e.wholeUsers() { // a scan counts them itself
			e.found = append(e.found, leftOut(e.uid, row))
		}
	case !isDocument:
		return e.noDocument(ctx, path, row)
	case conversion.Hash(row.document) != conversion.Hash(doc.Document):
		e.fields(path, row, doc)
	}
	return nil
}

// leftOut is the difference of a row that the rules leave out.
func leftOut(uid string, row converted) Difference {
	reason, kind := "left out by a rule: "+problems(row.findings), collectionOf(row.path)
	if kind == "" && len(row.findings) > 0 {
		kind = string(row.findings[0].Kind) + "s" // it cannot have a path
	}
	return Difference{Sort: NoDocument, UID: uid, Path: row.path, Expected: true, Reason: reason, group: kind + ": " + reason}
}

// problems says what conversion found in a row.
func problems(findings []conversion.Finding) string {
	for _, f := range findings {
		if f.Action == legacydb.LeaveOut && f.Field == "" {
			return f.Problem
		}
	}
	var list []string
	for _, f := range findings {
		list = append(list, strings.TrimSpace(f.Field+" "+f.Problem))
	}
	return strings.Join(list, ", ")
}

// noDocument explains a row without a document.
func (e *explainer) noDocument(ctx context.Context, path string, row converted) error {
	if err := e.askAboutAccount(ctx); err != nil {
		return err
	}
	collection := collectionOf(path)
	switch {
	case e.deleted:
		e.add(Difference{Sort: NoDocument, Path: path, Expected: true}, "the account was deleted or blocked on the new side")
		return nil
	case collection == schema.CredentialDocument.Collection() && e.account:
		e.add(Difference{Sort: NoDocument, Path: path, Expected: true}, "the password moved to Authentication when the user signed in")
		return nil
	case collection == schema.UsernameDocument.Collection() && e.renamedLater():
		e.add(Difference{Sort: NoDocument, Path: path, Expected: true}, changedLater)
		return nil
	case collection == schema.UsernameDocument.Collection():
		docs, err := e.Firestore.GetAll(ctx, []*firestore.DocumentRef{row.document.Ref})
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		e.reads.add(1)
		if owner := schema.UIDOf(docs[0]); docs[0].Exists() && !isOldUID(owner) {
			e.renamed = append(e.renamed, e.reserve(docs[0].Ref.ID)...)
		}
		if docs[0].Exists() {
			e.add(Difference{Sort: TakenName, Path: path, Row: e.uid, Document: schema.UIDOf(docs[0])}, "the username belongs to somebody else")
			return nil
		}
	}
	e.add(Difference{Sort: NoDocument, Path: path}, "the row has no document")
	return nil
}

// askAboutAccount finds out whether the account is being deleted, and whether it is in Authentication.
func (e *explainer) askAboutAccount(ctx context.Context) error {
	if e.asked {
		return nil
	}
	e.asked = true
	if ref := schema.DeletionRef(e.Firestore, e.uid); ref != nil {
		docs, err := e.Firestore.GetAll(ctx, []*firestore.DocumentRef{ref})
		if err != nil {
			return fmt.Errorf("read the deletion of %s: %w", e.uid, err)
		}
		e.reads.add(1)
		e.deleted = docs[0].Exists()
	}
	if e.Accounts == nil {
		return nil
	}
	has, err := e.Accounts(ctx, []string{e.uid})
	if err != nil {
		return fmt.Errorf("look up the account %s: %w", e.uid, err)
	}
	e.account = has[e.uid]
	return nil
}

// noRow explains a document without a row.
func (e *explainer) noRow(path string, doc document) {
	if reason := e.onlyOnNewSide(path, doc); reason != "" {
		e.add(Difference{Sort: NoRow, Path: path, Expected: true}, reason)
		return
	}
	switch collectionOf(path) {
	case schema.UsernameDocument.Collection():
		if e.renamedLater() {
			e.add(Difference{Sort: NoRow, Path: path, Expected: true}, changedLater)
			return
		}
		e.add(Difference{Sort: NoRow, Path: path}, "a former username of the user is still taken")
	case schema.CredentialDocument.Collection():
		e.add(Difference{Sort: NoRow, Path: path}, "a password of a former address of the user is left")
	default:
		e.add(Difference{Sort: NoRow, Path: path}, "the document has no row: the row was deleted, or the document was made on the new side")
	}
}

// onlyOnNewSide returns why the old database has no place for a document, "" if it should have a row.
func (e *explainer) onlyOnNewSide(path string, doc document) string {
	id := doc.Ref.ID
	kind := kindOf(path)
	switch {
	case isLectureOfNothing(e, path, doc):
	case e.complete[kind]:
		return "" // it has flowed back, or is kept aside
	case e.onNewSide[kind]:
		return "made on the new side, perhaps before the switch, and not brought back yet"
	case kind == schema.MigrateTimetables && e.isNewUser():
		return "made on the new side"
	}
	switch collectionOf(path) {
	case schema.TimetableDocument.Collection():
		switch {
		case e.isNewUser():
			return "made on the new side"
		case isPrivate(doc.Document):
			return "a private timetable, for which the old database has no place"
		case !oldTimetableID.MatchString(id):
			return "made on the new side, by a new client"
		}
	case schema.LectureDocument.Collection():
		parent := schema.Path(doc.Ref.Parent.Parent)
		timetable, ok := e.documents[parent]
		if !ok {
			if e.rows[parent].document == nil {
				return "a lecture of a deleted timetable, which the functions remove"
			}
			return ""
		}
		if _, hasRow := e.rows[parent]; !hasRow {
			return e.onlyOnNewSide(parent, timetable)
		}
		if !uuid.MatchString(id) {
			return "made on the new side, by a new client"
		}
	default:
		if e.isNewUser() {
			return "made on the new side"
		}
	}
	return ""
}

// isNewUser reports whether the account was made on the new side. It may have a row nevertheless, if accounts flow
// back, while its timetables live on the new side only.
func (e *explainer) isNewUser() bool {
	return !isOldUID(e.uid) && (!e.hasRow || e.onNewSide[schema.MigrateAccounts])
}

// isLectureOfNothing reports whether a document is a lecture whose timetable is gone on both sides.
func isLectureOfNothing(e *explainer, path string, doc document) bool {
	if collectionOf(path) != schema.LectureDocument.Collection() {
		return false
	}
	parent := schema.Path(doc.Ref.Parent.Parent)
	_, exists := e.documents[parent]
	return !exists && e.rows[parent].document == nil
}

var (
	oldTimetableID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	uuid           = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func isPrivate(doc *conversion.Document) bool {
	visibility, _ := doc.Fields[schema.FieldVisibility].(string)
	return schema.Visibility(visibility) == schema.Private
}

// fields explains how a document differs from its row.
func (e *explainer) fields(path string, row converted, doc document) {
	differences := conversion.Compare(row.document, doc.Document)
	for _, f := range differences {
		if f.Field == schema.FieldUpdatedAt && len(differences) > 1 {
			continue // it follows from the others
		}
		d := Difference{Sort: FieldDiffer, Path: path, Field: f.Field, Row: shorten(f.Old), Document: shorten(f.New)}
		group := fmt.Sprintf("the field %s differs", f.Field)
		if collectionOf(path) == schema.CredentialDocument.Collection() {
			d.Row, d.Document = "", "" // may be a password's hash
		}
		switch {
		case f.Field == schema.FieldVisibility && isPrivate(doc.Document):
			d.Expected = true
			group = "made private on the new side, for which the old database has no place"
		case e.changedLater(path):
			d.Expected = true
			group = changedLater
		default:
			d.Reason = group + ageDifference(row.document, doc.Document)
		}
		e.add(d, group)
	}
}

// changedLater is the reason of a difference that a new client has made, before anything flows back.
const changedLater = "changed on the new side later, by a new client"

// changedLater reports whether a document was updated after its row although not everything has flowed back yet: what
// the row has was written before, and is not lost.
func (e *explainer) changedLater(path string) bool {
	return !e.complete[kindOf(path)] && isNewer(e.documents[path].Document, e.rows[path].document)
}

// renamedLater reports whether the user may have changed their username on the new side later.
func (e *explainer) renamedLater() bool {
	ref := schema.UserRef(e.Firestore, e.uid)
	return ref != nil && e.changedLater(schema.Path(ref))
}

// ageDifference says which side is newer.
func ageDifference(row, doc *conversion.Document) string {
	a, ok1 := updatedAt(row)
	b, ok2 := updatedAt(doc)
	switch {
	case !ok1 || !ok2 || a.Equal(b):
		return ""
	case a.After(b):
		return fmt.Sprintf("; the row is newer than the document by %.1f s", a.Sub(b).Seconds())
	}
	return fmt.Sprintf("; the document is newer than the row by %.1f s", b.Sub(a).Seconds())
}

// updatedAt returns a document's updatedAt. ok is false if it has none.
func updatedAt(doc *conversion.Document) (at time.Time, ok bool) {
	if doc == nil {
		return at, false
	}
	at, ok = doc.Fields[schema.FieldUpdatedAt].(time.Time)
	return at, ok
}

// maxValue is how many bytes of a value are kept.
const maxValue = 200

func shorten(value string) string {
	if len(value) <= maxValue {
		return value
	}
	end := maxValue
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "…"
}
