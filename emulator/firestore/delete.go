package firestore

import (
	"context"
	"fmt"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
)

// deleteBatch is how many documents DeleteAll deletes in one commit. It bounds how long other
// commits wait, and was once Firestore's limit.
const deleteBatch = 500

// DeleteAll deletes the document or collection at a path such as users/u1 or users, and everything
// below it. It returns the number of documents it deleted. The deletion is not atomic: documents
// written meanwhile may stay, and it stops when ctx ends.
func (db *Database) DeleteAll(ctx context.Context, path string) (deleted int, err error) {
	key, err := resource.ParsePath(path)
	if err != nil {
		return 0, fmt.Errorf("firestore: delete all of %s: %w", path, err)
	}
	v := db.d.Read()
	var batch []*write.Write
	flush := func() bool {
		if err = ctx.Err(); err == nil {
			err = db.d.Apply(ctx, batch)
		}
		if err == nil {
			deleted += len(batch)
		}
		batch = nil
		return err == nil
	}
	for _, group := range v.Groups() {
		v.Scan(group, key, key.After(), false, func(d *store.Document) bool {
			batch = append(batch, &write.Write{Kind: write.Delete, Key: d.Key})
			return len(batch) < deleteBatch || flush()
		})
		if err != nil {
			break
		}
	}
	if err == nil && len(batch) > 0 {
		flush()
	}
	if err != nil {
		return deleted, fmt.Errorf("firestore: delete all of %s: %w", path, err)
	}
	return deleted, nil
}

// DeleteExpired deletes the documents that have been expired for half a day, by the TTL fields in
// Config.Indexes. With Config.TTL, the server does so every hour of the clock.
func (s *Server) DeleteExpired(ctx context.Context) { s.engine.DeleteExpired(ctx) }
