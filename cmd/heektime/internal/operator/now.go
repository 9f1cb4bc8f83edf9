package operator

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Now returns the time of the cloud that the client talks to. This machine's clock may be wrong, and that of a local
// cloud may have been advanced. It costs a read.
func Now(ctx context.Context, client *firestore.Client) (time.Time, error) {
	docs, err := client.GetAll(ctx, []*firestore.DocumentRef{schema.StopRef(client)}) // it need not exist
	if err != nil {
		return time.Time{}, fmt.Errorf("ask Firestore for the time: %w", err)
	}
	return docs[0].ReadTime, nil
}

// nowOrOurs is [Now], or this machine's time if Firestore does not respond: then what it is for fails, too.
func nowOrOurs(ctx context.Context, client *firestore.Client) time.Time {
	if now, err := Now(ctx, client); err == nil {
		return now
	}
	return time.Now()
}
