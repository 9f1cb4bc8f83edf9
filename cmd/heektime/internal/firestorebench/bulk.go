package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/cmd/heektime/internal/table"
)

// bulkCommit is how many documents each commit of [bench.bulk] has.
const bulkCommit = 500

// bulk writes n documents to an empty server, and waits for a listener to have them all, if there is one.
func (b *bench) bulk(ctx context.Context, n int, listened bool) (r Bulk, err error) {
	t, err := b.openAlone(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	ctx, cancel := withTimeout(ctx, 2*time.Minute)
	defer cancel()
	told := make(chan error, 1)
	if listened {
		ready := make(chan struct{})
		go func() { told <- t.countSnapshots(ctx, n, ready, &r.Snapshots) }()
		select {
		case <-ready:
		case err := <-told:
			return r, err
		}
	}
	start := time.Now()
	var last time.Time
	for first := 0; first < n; first += bulkCommit {
		if last.IsZero() && first >= n*3/4 {
			last = time.Now()
		}
		if err := t.commitLectures(ctx, first, min(first+bulkCommit, n)); err != nil {
			return r, err
		}
		memory, err := t.memory()
		if err != nil {
			return r, err
		}
		r.Memory = max(r.Memory, memory)
	}
	r.Took, r.Last = time.Since(start), time.Since(last)
	if r.CPU, err = t.cpu(); err != nil {
		return r, err
	}
	if listened {
		if err := <-told; err != nil {
			return r, fmt.Errorf("listen: %w", err)
		}
		r.Told = time.Since(start)
		memory, err := t.memory()
		if err != nil {
			return r, err
		}
		r.Memory = max(r.Memory, memory)
	}
	return r, nil
}

// commitLectures sets the documents from first up to end in one commit.
func (t *target) commitLectures(ctx context.Context, first, end int) error {
	//lint:ignore SA1019 one commit is what is measured
	batch := t.client.Batch()
	for i := first; i < end; i++ {
		batch.Set(t.client.Doc(fmt.Sprintf("%s/%d", lectures, i)), lecture(i))
	}
	if _, err := batch.Commit(ctx); err != nil {
		return fmt.Errorf("commit the documents from %d: %w", first, err)
	}
	return nil
}

// countSnapshots listens to the collection until it has n documents, and counts the snapshots. It closes ready when it
// listens. The stream is read as fast as it comes: clients that sort their results take longer.
func (t *target) countSnapshots(ctx context.Context, n int, ready chan<- struct{}, snapshots *int) (err error) {
	conn, err := grpc.NewClient(t.address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(ownerToken{}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	s, err := pb.NewFirestoreClient(conn).Listen(ctx, grpc.ForceCodecV2(newNameCodec()))
	if err != nil {
		return err
	}
	query := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: lectures}}}
	err = s.Send(&pb.ListenRequest{Database: database, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: &pb.Target{
		TargetId: 2, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
			Parent: database + "/documents", QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: query},
		}},
	}}})
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	current := false
	for {
		r, err := s.Recv()
		switch {
		case err == io.EOF:
			return errors.New("the server ended the stream")
		case err != nil:
			return err
		case r.GetDocumentChange() != nil:
			seen[r.GetDocumentChange().GetDocument().GetName()] = true
		case len(r.GetTargetChange().GetTargetIds()) > 0 || r.GetTargetChange() == nil:
		case !current: // the first snapshot is empty
			current = true
			close(ready)
		default:
			if *snapshots++; len(seen) == n {
				return nil
			}
		}
	}
}

// Print writes the results as a table.
func (r Alone) Print(w io.Writer) {
	ratio := r.Listened.Took.Seconds() / max(r.Without.Took.Seconds(), 1e-9)
	rows := [][]string{
		{"start to open port", milliseconds(r.Open), "10 ms", yes(r.Open <= 10*time.Millisecond)},
		{"start to the response to the first get", milliseconds(r.Response), "", ""},
		{"memory when idle", table.Bytes(r.Resident), "16 MiB", yes(r.Resident <= 16<<20)},
		{"  of which not the executable", table.Bytes(r.Anonymous), "", ""},
		{fmt.Sprintf("%s documents, %d a commit", table.Count(r.Documents), bulkCommit), milliseconds(r.Without.Took), "", ""},
		{"  the last quarter of them", milliseconds(r.Without.Last), "", ""},
		{"  CPU time of the server", milliseconds(r.Without.CPU), "", ""},
		{"  memory", table.Bytes(r.Without.Memory), "", ""},
		{"with a listener to all", milliseconds(r.Listened.Took), "1.5×", yes(ratio <= 1.5)},
		{"  the last quarter of them", milliseconds(r.Listened.Last), "", ""},
		{"  CPU time of the server", milliseconds(r.Listened.CPU), "", ""},
		{"  until it has all", milliseconds(r.Listened.Told), "", ""},
		{"  snapshots", fmt.Sprint(r.Listened.Snapshots), "over 43", yes(r.Listened.Snapshots > 43)},
		{"  memory", table.Bytes(r.Listened.Memory), "", ""},
	}
	table.Write(w, []table.Column{{Title: "Firestore alone"}, {Title: "measured", Right: true}, {Title: "goal", Right: true}, {Title: "met"}}, rows)
}
