package firestore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	emulator "heek.kr/heektime/emulator/firestore"
)

// serializableDocs is the number of documents that the transactions share.
const serializableDocs = 6

// committed is a transaction that was committed.
type committed struct {
	time   time.Time
	reads  map[int]int64 // field n by document; −1 for none
	writes map[int]int64
}

// TestSerializable runs random transactions concurrently. Each reads some documents and writes a
// number of its own to some. The reads must be those of the transactions run one after another, in
// the order of their commit times.
func TestSerializable(t *testing.T) {
	const workers, each = 8, 60
	c := start(t, unindexed, func(c *emulator.Config) { c.LockWait = 20 * time.Millisecond })
	r := raw{t, pb.NewFirestoreClient(c.conn)}
	var mu sync.Mutex
	var history []committed
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 7))
			for i := range each {
				done, err := r.randomTransaction(rnd, int64(w*1000+i))
				switch status.Code(err) {
				case codes.OK:
					mu.Lock()
					history = append(history, done)
					mu.Unlock()
				case codes.Aborted:
				default:
					t.Errorf("transaction: %v", err)
				}
			}
		})
	}
	all.Wait()
	slices.SortFunc(history, func(a, b committed) int { return a.time.Compare(b.time) })
	if err := checkSerial(history); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d transactions were committed", len(history), workers*each)
	if len(history) < 50 {
		t.Errorf("only %d of %d transactions were committed", len(history), workers*each)
	}
}

// randomTransaction reads up to three documents and writes n to up to two. When it is aborted, it
// is rolled back.
func (r raw) randomTransaction(rnd *rand.Rand, n int64) (committed, error) {
	var o *pb.TransactionOptions
	if rnd.IntN(2) == 0 {
		o = optimistic
	}
	tx := r.begin(o)
	done := committed{reads: map[int]int64{}, writes: map[int]int64{}}
	err := func() error {
		for range 1 + rnd.IntN(3) {
			k := rnd.IntN(serializableDocs)
			n, err := r.read(tx, fmt.Sprintf("a/d%d", k))
			if err != nil {
				return err
			}
			if before, ok := done.reads[k]; ok && before != n {
				return fmt.Errorf("d%d was %d and is %d in the same transaction", k, before, n)
			}
			done.reads[k] = n
		}
		req := &pb.CommitRequest{Database: rawDB, Transaction: tx}
		for range rnd.IntN(3) {
			k := rnd.IntN(serializableDocs)
			done.writes[k] = n
			req.Writes = append(req.Writes, &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{
				Name:   fmt.Sprintf("%s/documents/a/d%d", rawDB, k),
				Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: n}}},
			}}})
		}
		out, err := r.Commit(context.Background(), req)
		if err == nil {
			done.time = out.CommitTime.AsTime()
		}
		return err
	}()
	if status.Code(err) == codes.Aborted {
		r.Rollback(context.Background(), &pb.RollbackRequest{Database: rawDB, Transaction: tx})
	}
	return done, err
}

// checkSerial checks that transactions read what those before them wrote.
func checkSerial(history []committed) error {
	state := map[int]int64{}
	for k := range serializableDocs {
		state[k] = -1
	}
	for i, c := range history {
		if i > 0 && !c.time.After(history[i-1].time) {
			return fmt.Errorf("two commits have the time %v", c.time)
		}
		for k, n := range c.reads {
			if state[k] != n {
				return fmt.Errorf("the commit of %v read %d from d%d, where earlier commits left %d", c.time, n, k, state[k])
			}
		}
		for k, n := range c.writes {
			state[k] = n
		}
	}
	return nil
}
