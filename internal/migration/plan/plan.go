package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Config has what a plan is made from. Found and Progress are optional.
type Config struct {
	// DB is the old database. Run only reads it.
	DB *legacydb.DB
	// Client is of the database that data would move to. Run only reads it.
	Client *firestore.Client
	// Slot and Publication are the names that copy and follow use.
	Slot, Publication string
	// Found is called with every finding, in the order of the rows.
	Found func(conversion.Finding) error
	// Renamed is called with every user who is called something else from then on.
	Renamed func(Renamed) error
	// Progress is called from time to time with how many rows of a kind have been read.
	Progress func(kind legacydb.Kind, rows int64)
}

// Renamed is a user to tell that they are called something else.
type Renamed struct {
	// UID is the same on both sides. Before is the username in the old database, "" if it has none.
	UID, Before, After string
	// SignsInAnew means that they sign in with After from then on, and not with Before as they do now.
	SignsInAnew bool
	// Email is an address to write to, if the username is one; old accounts have no other.
	Email string
}

// Report says what a move would do.
type Report struct {
	// At is when the old database was as the report says.
	At time.Time
	// Database and Version are the old database's name and PostgreSQL's version.
	Database, Version string
	Kinds             []Kind
	// Groups are the findings, those with the gravest consequences first.
	Groups []Group
	// Findings is how many there are, UsersToTell how many users will notice that they are called
	// something else.
	Findings, UsersToTell int64
	// Names is how many users have a name besides their username, which moves nowhere.
	Names int64
	// Absent are schools and semesters that have no document in Firestore.
	Absent []Absent
	// Reserved is how many usernames belong to accounts that the old database does not have.
	Reserved int64
	// Reads and Writes are what the copy bills. Duration is how long its writes take at the pace of
	// Google's advice.
	Reads, Writes int64
	Duration      time.Duration
	// PlanReads is what this plan has billed.
	PlanReads    int64
	Requirements []Requirement
}

// Kind is about the rows of one kind.
type Kind struct {
	Kind legacydb.Kind
	legacydb.Counts
	// LeftOut rows get no document. Documents is how many the others get.
	LeftOut, Documents int64
	// Affected rows have a finding.
	Affected int64
}

// Ready reports whether nothing must be mended before heektime migrate copy --prepare.
func (r *Report) Ready() bool {
	for _, q := range r.Requirements {
		if !q.OK && !q.Advice && !q.Prepared {
			return false
		}
	}
	return true
}

// LeftOut is how many rows get no document.
func (r *Report) LeftOut() (n int64) {
	for _, k := range r.Kinds {
		n += k.LeftOut
	}
	return n
}

// planner makes one report.
type planner struct {
	cfg       Config
	reader    *legacydb.Reader
	converter *conversion.Converter
	report    *Report
	groups    map[groupKey]*Group
	toTell    map[string]bool
	// used counts the timetables of each semester, and refs are the documents that must exist.
	used     map[string]int64
	refs     map[string]*firestore.DocumentRef
	rowPaths map[string]bool // those that the old database has a row for

	renamedErr error // of Config.Renamed
}

// Run reads the old database at one snapshot and converts every row. Memory does not depend on how many
// timetables and lectures there are. Billed: a read for each username in Firestore, and for each school
// and semester of the old database.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	reader, err := cfg.DB.Reader(ctx, "")
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	p := &planner{
		cfg: cfg, reader: reader, report: &Report{}, groups: map[groupKey]*Group{}, toTell: map[string]bool{},
		used: map[string]int64{}, refs: map[string]*firestore.DocumentRef{}, rowPaths: map[string]bool{},
	}
	const about = "SELECT now(), current_database(), current_setting('server_version')"
	if err := reader.Tx().QueryRow(ctx, about).Scan(&p.report.At, &p.report.Database, &p.report.Version); err != nil {
		return nil, fmt.Errorf("read the old database's version: %w", err)
	}
	if err := p.names(ctx); err != nil {
		return nil, err
	}
	if err := p.rows(ctx); err != nil {
		return nil, err
	}
	if err := p.absent(ctx); err != nil {
		return nil, err
	}
	p.report.Groups = sorted(p.groups)
	p.report.UsersToTell = int64(len(p.toTell))
	p.bill()
	return p.report, errors.Join(p.renamedErr, p.requirements(ctx))
}

// names reads all usernames of both sides, since what a user is called depends on all others.
func (p *planner) names(ctx context.Context) error {
	names := conversion.NewNames(p.cfg.DB.Mapping)
	for row, err := range legacydb.Rows[legacydb.User](ctx, p.reader, "") {
		if err != nil {
			return err
		}
		names.Put(row)
	}
	for doc, err := range documentwriter.Documents(ctx, schema.Usernames(p.cfg.Client).Query) {
		if err != nil {
			return fmt.Errorf("read the usernames in Firestore: %w", err)
		}
		p.report.PlanReads++
		uid := schema.UIDOf(doc)
		if _, known := names.Of(uid); !known && !documentwriter.IsOldUID(uid) {
			names.Reserve(doc.Ref.ID)
			p.report.Reserved++
		}
	}
	p.report.PlanReads = max(p.report.PlanReads, 1) // a query without results is a read
	var err error
	p.converter, err = documentwriter.NewConverter(ctx, p.cfg.Client, p.cfg.DB.Mapping, p.reader, names)
	return err
}

// rows converts the rows of all kinds.
func (p *planner) rows(ctx context.Context) error {
	c := p.converter
	steps := []func() error{
		func() error {
			return eachRow(ctx, p, func(row legacydb.School) (int, []conversion.Finding) {
				doc, findings := c.School(row)
				p.needs(doc, 0)
				return one(doc, findings)
			})
		},
		func() error {
			return eachRow(ctx, p, func(row legacydb.Semester) (int, []conversion.Finding) {
				doc, findings := c.Semester(row)
				p.needs(doc, 0)
				return one(doc, findings)
			})
		},
		func() error {
			return eachRow(ctx, p, func(row legacydb.User) (int, []conversion.Finding) {
				docs, findings := c.User(row)
				if row.Name != nil && *row.Name != "" {
					p.report.Names++
				}
				if docs == nil {
					return 0, findings
				}
				p.tell(row)
				return len(docs.All()), findings
			})
		},
		func() error { return eachRow(ctx, p, p.timetable) },
		func() error {
			return eachRow(ctx, p, func(row legacydb.Lecture) (int, []conversion.Finding) { return one(c.Lecture(row)) })
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// tell collects a user who is renamed.
func (p *planner) tell(row legacydb.User) {
	name, ok := p.converter.Names().Of(row.ID)
	if !ok || !name.IsRenamed() || p.cfg.Renamed == nil {
		return
	}
	r := Renamed{UID: row.ID, After: name.Username, SignsInAnew: name.SignsInAnew()}
	if row.Username != nil {
		r.Before = *row.Username
	}
	if address, err := email.Normalize(r.Before); err == nil && !strings.HasSuffix(address, "@"+email.OldDomain) {
		r.Email = address
	}
	p.renamedErr = errors.Join(p.renamedErr, p.cfg.Renamed(r))
}

func (p *planner) timetable(row legacydb.Timetable) (int, []conversion.Finding) {
	doc, findings := p.converter.Timetable(row)
	if doc != nil {
		if semester, ok := doc.Fields[schema.FieldSemester].(*firestore.DocumentRef); ok {
			p.needs(&conversion.Document{Ref: semester}, 1)
		}
	}
	return one(doc, findings)
}

// one counts the document that a row became.
func one(doc *conversion.Document, findings []conversion.Finding) (int, []conversion.Finding) {
	if doc == nil {
		return 0, findings
	}
	return 1, findings
}

// progressStep is how many rows are between two calls of Config.Progress.
const progressStep = 50_000

// eachRow converts the rows of a kind. convert returns how many documents a row becomes.
func eachRow[T legacydb.Row](ctx context.Context, p *planner, convert func(T) (int, []conversion.Finding)) error {
	kind := Kind{Kind: legacydb.KindOf[T]()}
	var err error
	if kind.Counts, err = p.reader.Count(ctx, kind.Kind); err != nil {
		return err
	}
	var read int64
	for row, err := range legacydb.Rows[T](ctx, p.reader, "") {
		if err != nil {
			return err
		}
		documents, findings := convert(row)
		if kind.Documents += int64(documents); documents == 0 {
			kind.LeftOut++
		}
		if len(findings) > 0 {
			kind.Affected++
		}
		for _, f := range findings {
			if err := p.found(f); err != nil {
				return err
			}
		}
		if read++; read%progressStep == 0 && p.cfg.Progress != nil {
			p.cfg.Progress(kind.Kind, read)
		}
	}
	kind.LeftOut += kind.WithoutKey
	p.report.Kinds = append(p.report.Kinds, kind)
	return nil
}

func (p *planner) found(f conversion.Finding) error {
	p.report.Findings++
	group(p.groups, f)
	if f.TellUser {
		p.toTell[f.Key] = true
	}
	if p.cfg.Found == nil {
		return nil
	}
	if err := p.cfg.Found(f); err != nil {
		return fmt.Errorf("write a finding: %w", err)
	}
	return nil
}

// Sizes of the transactions of package documentwriter, for how much the copy reads.
const usersPerCommit, documentsPerCommit = 40, 200

// bill estimates the copy's operations. Each transaction reads the position, each user costs two reads to
// see whose the name is, and at the end every username and credential is read.
func (p *planner) bill() {
	r := p.report
	for _, k := range r.Kinds {
		r.Writes += k.Documents
		switch k.Kind {
		case legacydb.UserKind:
			users := k.Rows - k.LeftOut
			r.Reads += users*2 + users/usersPerCommit + k.Documents - users + r.Reserved
		case legacydb.SchoolKind, legacydb.SemesterKind:
			r.Reads += k.Documents + 1
		default:
			r.Reads += k.Documents/documentsPerCommit + 1
		}
	}
	r.Duration = documentwriter.RampDuration(r.Writes)
}
