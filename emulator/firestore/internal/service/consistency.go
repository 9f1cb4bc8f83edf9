package service

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
)

// selector is what every read request says about the state it wants to see.
type selector interface {
	GetTransaction() []byte
	GetReadTime() *timestamppb.Timestamp
}

// newSelector is a selector that may also begin a transaction.
type newSelector interface {
	selector
	GetNewTransaction() *pb.TransactionOptions
}

// begin opens the transaction that a streaming read asks for. It returns the transaction of the read, and whether
// it is new.
func (d *Database) begin(sel newSelector) (id []byte, fresh bool, err error) {
	if o := sel.GetNewTransaction(); o != nil {
		id, err = d.Txns.Begin(o)
		return id, true, err
	}
	return sel.GetTransaction(), false, nil
}

// view returns the state to read: through lock in the transaction id, if there is one, or at the selected time.
func (d *Database) view(id []byte, sel selector, lock func(id []byte) (store.View, error)) (store.View, error) {
	if len(id) > 0 {
		return lock(id)
	}
	if t := sel.GetReadTime(); t != nil {
		return d.ViewAt(value.MicrosOf(t.AsTime()))
	}
	return d.Read(), nil
}

// complete is to be called after reading a view and before answering: it waits until what was read is durable, and
// fails when a read of the past may have lacked forgotten versions.
func (d *Database) complete(v store.View) error {
	snap, ok := v.Snapshot()
	if err := d.waitDurable(snap); err != nil {
		return err
	}
	if !ok {
		return d.CheckRetained(v.Time())
	}
	return nil
}
