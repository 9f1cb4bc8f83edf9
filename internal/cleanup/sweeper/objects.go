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

// objectAge is how old a course list without a semester must be to count as orphaned. A refresh stores
// the list before it writes the semester, but not days before.
const objectAge = 7 * 24 * time.Hour

// objectStep removes course lists whose semester does not exist. The refresh service cleans up the lists
// of existing semesters.
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
			r.problem(ctx, "object %s is not a course list", o.Name)
		case !semesters[semester] && r.now().Sub(o.Created) > objectAge:
			r.removeObject(ctx, o)
		}
	}
	r.at.Token = next
	return next == "", nil
}

// removeObject removes this generation of an object, so that a new object with the same name stays.
func (r *run) removeObject(ctx context.Context, o *storage.ObjectAttrs) {
	err := r.bucket.Object(o.Name).Generation(o.Generation).Delete(ctx)
	r.billed(1)
	var response *googleapi.Error
	switch {
	case errors.Is(err, storage.ErrObjectNotExist), errors.As(err, &response) && response.Code == http.StatusNotFound:
	case err != nil:
		r.problem(ctx, "object %s: %v", o.Name, err)
	default:
		r.repaired(ctx, &r.report.Objects, 1, "course list without semester", o.Name)
	}
}

// semestersOf returns the paths of the objects' semesters, with whether each semester exists.
func (r *run) semestersOf(ctx context.Context, objects []*storage.ObjectAttrs) (map[string]bool, error) {
	exists := map[string]bool{}
	var refs []*firestore.DocumentRef
	for _, o := range objects {
		semester := semesterOf(o.Name)
		if _, seen := exists[semester]; semester != "" && !seen {
			exists[semester] = false
			refs = append(refs, r.firestore.Doc(semester))
		}
	}
	docs, err := r.get(ctx, refs)
	for _, doc := range docs {
		exists[schema.Path(doc.Ref)] = doc.Exists()
	}
	return exists, err
}

// semesterOf returns the path of the semester that an object is a course list of, "" if it is not a
// course list.
func semesterOf(object string) string {
	school, id, ok := schema.SemesterOfObject(object)
	if !ok {
		return ""
	}
	return schema.SemesterPath(school, id)
}
