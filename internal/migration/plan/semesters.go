package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/schema"
)

// Absent is a school or semester without a document in Firestore. The copy creates one that is not offered
// to users, and the refresh service completes it if the school file has it.
type Absent struct {
	Path string
	// Timetables refer to it.
	Timetables int64
	// HasRow is whether the old database has it. If not, the copy does not create it either.
	HasRow bool
}

// needs notes that a school or semester should have a document.
func (p *planner) needs(doc *conversion.Document, timetables int64) {
	if doc == nil {
		return
	}
	path := doc.Path()
	p.used[path] += timetables
	p.refs[path] = doc.Ref
	p.rowPaths[path] = p.rowPaths[path] || doc.CreateOnly
}

// maxGet is how many documents one request reads.
const maxGet = 300

// absent asks Firestore which schools and semesters it has.
func (p *planner) absent(ctx context.Context) error {
	var refs []*firestore.DocumentRef
	for _, path := range slices.Sorted(maps.Keys(p.refs)) {
		refs = append(refs, p.refs[path])
	}
	for chunk := range slices.Chunk(refs, maxGet) {
		docs, err := p.cfg.Client.GetAll(ctx, chunk)
		if err != nil {
			return fmt.Errorf("read schools and semesters in Firestore: %w", err)
		}
		p.report.PlanReads += int64(len(docs))
		for _, doc := range docs {
			if path := schema.Path(doc.Ref); !doc.Exists() {
				p.report.Absent = append(p.report.Absent, Absent{path, p.used[path], p.rowPaths[path]})
			}
		}
	}
	return nil
}
