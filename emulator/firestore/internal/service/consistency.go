package service

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
)

// readRequest is the part of a read request that selects the state to read.
type readRequest interface {
	GetTransaction() []byte
	GetReadTime() *timestamppb.Timestamp
}

// streamingReadRequest is a readRequest that may also start a transaction.
type streamingReadRequest interface {
	readRequest
	GetNewTransaction() *pb.TransactionOptions
}

// begin starts a transaction if a streaming read requests one. It returns the read's transaction
// and whether it is new.
func (d *Database) begin(r streamingReadRequest) (id []byte, isNew bool, err error) {
	if o := r.GetNewTransaction(); o != nil {
		id, err = d.Txns.Begin(o)
		return id, true, err
	}
	return r.GetTransaction(), false, nil
}

// view returns the state to read. In a transaction, lock takes the locks and returns the state;
// otherwise it is the state at the requested time, or the current one.
func (d *Database) view(id []byte, r readRequest, lock func(id []byte) (store.View, error)) (store.View, error) {
	if len(id) > 0 {
		return lock(id)
	}
	if t := r.GetReadTime(); t != nil {
		return d.ViewAt(value.MicrosOf(t.AsTime()))
	}
	return d.Read(), nil
}

// finishRead must be called after reading from a view and before responding. It waits until the
// data is durable, and fails if versions that a read in the past needed may have been dropped.
func (d *Database) finishRead(v store.View) error {
	snap, ok := v.Snapshot()
	if err := d.waitDurable(snap); err != nil {
		return err
	}
	if !ok {
		return d.CheckRetained(v.Time())
	}
	return nil
}
