package sweeper

import (
	"context"
	"errors"
	"net/http"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

const objectPage = 100

// objectAge is how old a list must be whose semester is not there. A refresh stores a list before it writes the semester, but
// not by days.
const objectAge = 7 * 24 * time.Hour

// objectStep looks for course lists of semesters that are not there. Those of a semester that is are the refresh service's.
func (r *run) objectStep(ctx context.Context) (done bool, err error) {
	if err := r.need(1 + 2*objectPage); err != nil {
		return false, err
	}
	query := &storage.Query{Prefix: schema.CourseListPrefix}
	if err := query.SetAttrSelection([]string{"Name", "Generation", "Created"}); err != nil {
		return false, err
	}
	var objects []*storage.ObjectAttrs
	next, err := iterator.NewPager(r.bucket.Objects(ctx, query), objectPage, r.at.Token).NextPage(&objects)
	r.billed(1)
	if err != nil {
		return false, err
	}
	r.report.Looked += len(objects)
	semesters, err := r.semestersOf(ctx, objects)
	if err != nil {
		return false, err
	}
	for _, o := range objects {
		semester := semesterOf(o.Name)
		switch {
		case semester == "":
			r.odd(ctx, "object %s is not a course list", o.Name)
		case !semesters[semester] && r.now().Sub(o.Created) > objectAge:
			r.removeObject(ctx, o)
		}
	}
	r.at.Token = next
	return next == "", nil
}

// removeObject removes this generation: one that was stored anew is another.
func (r *run) removeObject(ctx context.Context, o *storage.ObjectAttrs) {
	err := r.bucket.Object(o.Name).Generation(o.Generation).Delete(ctx)
	r.billed(1)
	var answer *googleapi.Error
	switch {
	case errors.Is(err, storage.ErrObjectNotExist), errors.As(err, &answer) && answer.Code == http.StatusNotFound:
	case err != nil:
		r.odd(ctx, "object %s: %v", o.Name, err)
	default:
		r.mended(ctx, &r.report.Objects, 1, "course list without semester", o.Name)
	}
}

// semestersOf says which semesters of objects are there, by the path of their document.
func (r *run) semestersOf(ctx context.Context, objects []*storage.ObjectAttrs) (map[string]bool, error) {
	is := map[string]bool{}
	var refs []*firestore.DocumentRef
	for _, o := range objects {
		semester := semesterOf(o.Name)
		if _, asked := is[semester]; semester != "" && !asked {
			is[semester] = false
			refs = append(refs, r.firestore.Doc(semester))
		}
	}
	docs, err := r.get(ctx, refs)
	for _, doc := range docs {
		is[schema.Path(doc.Ref)] = doc.Exists()
	}
	return is, err
}

// semesterOf returns the path of the semester's document whose course list an object is, "" if it is not one.
func semesterOf(object string) string {
	school, id, ok := schema.SemesterOfObject(object)
	if !ok {
		return ""
	}
	return schema.SemesterPath(school, id)
}
