package reverse

import (
	"strings"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// change is the newest state of a document.
type change struct {
	path string
	ids  []string             // the segments of the path
	doc  *conversion.Document // nil if the document is gone
}

// parent returns the path of the document that this one is below.
func (c *change) parent() string { return parentOf(c.path) }

func parentOf(path string) string {
	segments := strings.Split(path, "/")
	return strings.Join(segments[:len(segments)-2], "/")
}

// changeSet is documents to apply together, by path.
type changeSet struct {
	users, timetables, lectures map[string]*change
	credentials, deletions      map[string]*change
	at                          time.Time // as of which the documents are, and others are read
	states                      bool      // some kind's state changed
	mark                        string    // "" if it did not change

	// checked has the documents that were read after everything that the old database had committed by then
	// was applied, so that one without a row is new.
	checked map[string]bool
	// above has the documents that were looked for because they are above one of the set.
	above map[string]bool
	// names has names of accounts that were read ahead, by uid.
	names map[string]string
	// complete means that all documents are applied anyway, so nothing below a document has to be read.
	complete bool
}

func newChangeSet(at time.Time) *changeSet {
	return &changeSet{
		at:    at,
		users: map[string]*change{}, timetables: map[string]*change{}, lectures: map[string]*change{},
		credentials: map[string]*change{}, deletions: map[string]*change{}, checked: map[string]bool{}, above: map[string]bool{},
	}
}

// setOf returns a point's changes. It ignores documents elsewhere, such as another collection of lectures.
func setOf(client *firestore.Client, changes map[string]*firestorepb.Document) *changeSet {
	s := newChangeSet(time.Time{})
	for name, doc := range changes {
		var decoded *conversion.Document
		if doc != nil {
			decoded = decode(client, doc)
		}
		_, path, _ := strings.Cut(name, "/documents/")
		s.put(path, decoded)
	}
	return s
}

// put adds a document's state; doc is nil if it is gone.
func (s *changeSet) put(path string, doc *conversion.Document) {
	c := &change{path, strings.Split(path, "/"), doc}
	description := schema.DocumentAt(path)
	if description == nil {
		return
	}
	switch description.Path {
	case schema.UserDocument.Path:
		s.users[path] = c
	case schema.TimetableDocument.Path:
		s.timetables[path] = c
	case schema.LectureDocument.Path:
		s.lectures[path] = c
	case schema.CredentialDocument.Path:
		s.credentials[path] = c
	case schema.DeletionDocument.Path:
		s.deletions[path] = c
	case schema.MigrationDocument.Path:
		s.states = true
	case schema.MigrationMarkDocument.Path:
		if doc != nil {
			s.mark = schema.ReadMigrationMark(doc.Fields)
		}
	}
}

// marked returns the set with the mark of another one, and whether that has states.
func (s *changeSet) marked(other *changeSet) *changeSet {
	s.mark, s.states = other.mark, other.states
	return s
}

func (s *changeSet) empty() bool {
	return len(s.users)+len(s.timetables)+len(s.lectures)+len(s.credentials)+len(s.deletions) == 0
}

// putIfAbsent adds a document that was read as of the set's time, unless the set has its state.
func (s *changeSet) putIfAbsent(snap *firestore.DocumentSnapshot) {
	path := schema.Path(snap.Ref)
	for _, group := range []map[string]*change{s.users, s.timetables, s.lectures} {
		if group[path] != nil {
			return
		}
	}
	s.put(path, documentOf(snap))
}

// documentOf returns a document that was read, nil if it does not exist.
func documentOf(snap *firestore.DocumentSnapshot) *conversion.Document {
	if !snap.Exists() {
		return nil
	}
	return &conversion.Document{Ref: snap.Ref, Fields: snap.Data()}
}

// keyOf returns the kind of a document's row and the key that it has unless another document's row has it.
func keyOf(path string) (legacydb.Kind, string) {
	switch strings.Count(path, "/") {
	case 1:
		return legacydb.UserKind, conversion.UserKey(path)
	case 3:
		return legacydb.TimetableKind, conversion.TimetableKey(path)
	}
	return legacydb.LectureKind, conversion.LectureKey(path)
}

// updatedAt returns when a document says that it was changed last.
func updatedAt(doc *conversion.Document) time.Time {
	at, _ := doc.Fields[schema.FieldUpdatedAt].(time.Time)
	return at
}
