package schema

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read reads a document into value, a pointer to a struct, and reports whether the document exists. If
// it does not, value stays as it was and there is no error.
func Read(ctx context.Context, ref *firestore.DocumentRef, value any) (exists bool, err error) {
	snap, err := ref.Get(ctx)
	return Decode(ref, snap, err, value)
}

// Decode is [Read] for a document that was already fetched, for instance in a transaction. snap and err
// are what the client returned.
func Decode(ref *firestore.DocumentRef, snap *firestore.DocumentSnapshot, err error, value any) (exists bool, _ error) {
	switch {
	case status.Code(err) == codes.NotFound, err == nil && !snap.Exists():
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read %s: %w", Path(ref), err)
	}
	if err := snap.DataTo(value); err != nil {
		return true, fmt.Errorf("decode %s: %w", Path(ref), err)
	}
	return true, nil
}
