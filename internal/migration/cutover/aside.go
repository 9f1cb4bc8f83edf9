package cutover

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/migration/reverse"
	"heek.kr/heektime/internal/schema"
)

// returnAside returns fields of documents that had no place in the old database, where a row that
// changed there has replaced the document. A document that was changed since writes were held stays
// as it is: its client knew all of it.
func (a *attempt) returnAside(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	aside, err := reverse.Partial(ctx, a.conn, a.cfg.Firestore)
	if err != nil {
		return err
	}
	var refs []*firestore.DocumentRef
	for path := range aside {
		refs = append(refs, a.cfg.Firestore.Doc(path))
	}
	docs, err := a.cfg.Firestore.GetAll(ctx, refs)
	if err != nil {
		return fmt.Errorf("read the documents that something is kept of: %w", err)
	}
	for i, doc := range docs {
		if !doc.Exists() || doc.UpdateTime.After(a.heldAt) {
			continue
		}
		var updates []firestore.Update
		for name, value := range aside[schema.Path(refs[i])] {
			if _, ok := doc.Data()[name]; !ok {
				updates = append(updates, firestore.Update{FieldPath: firestore.FieldPath{name}, Value: value})
			}
		}
		if len(updates) == 0 {
			continue
		}
		_, err := doc.Ref.Update(ctx, updates, firestore.LastUpdateTime(doc.UpdateTime))
		if code := status.Code(err); err != nil && code != codes.FailedPrecondition && code != codes.NotFound {
			return fmt.Errorf("return fields of %s: %w", schema.Path(refs[i]), err)
		}
	}
	return nil
}
