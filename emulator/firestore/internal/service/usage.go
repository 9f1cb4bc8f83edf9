package service

import (
	"time"

	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// usage adds what a request costs in one collection to the meter. The zero usage adds nothing.
//
// The rules are those of https://firebase.google.com/docs/firestore/pricing. Where that page is silent,
// this package decides:
//
//   - A request that fails is billed for what its security rules have read and for nothing else.
//   - A verify is a read: it changes nothing.
//   - ListDocuments bills a missing document that it shows as one that exists.
type usage struct {
	meter   *billing.Meter
	cause   billing.Cause
	outside bool // the caller is outside of Google's network
}

// usage returns the usage of a caller's request in a collection.
func (s *Service) usage(caller guard.Caller, collection resource.Key) usage {
	if s.Meter == nil {
		return usage{}
	}
	return usage{s.Meter, caller.Cause(collection.Pattern()), caller.Outside()}
}

func (u usage) reads(n int) { u.meter.Add(billing.FirestoreReads, u.cause, int64(n)) }

// sent counts the bytes of a response, in its serialized form. Those that stay within the region are
// free.
//
// Source: https://firebase.google.com/docs/firestore/pricing#network_bandwidth
func (u usage) sent(m proto.Message) {
	if u.outside {
		u.meter.Add(billing.FirestoreEgress, u.cause, int64(sizeOf(m)))
	}
}

// sentAt is sent at a known time: reading the clock is half of the work.
func (u usage) sentAt(now time.Time, m proto.Message) {
	if u.outside {
		u.meter.AddAt(now, billing.FirestoreEgress, u.cause, int64(sizeOf(m)))
	}
}

// counted returns send for the messages of a stream, and a function that counts their bytes when all are
// sent.
func counted[M proto.Message](u usage, send func(M) error) (counting func(M) error, done func()) {
	if !u.outside {
		return send, func() {}
	}
	n := 0
	counting = func(m M) error {
		n += sizeOf(m)
		return send(m)
	}
	return counting, func() { u.meter.Add(billing.FirestoreEgress, u.cause, int64(n)) }
}

// read counts reads of documents, existing or not.
func (s *Service) read(caller guard.Caller, keys []resource.Key) {
	if s.Meter == nil {
		return
	}
	for len(keys) > 0 {
		collection, n := keys[0].Collection(), 1
		for n < len(keys) && keys[n].In(collection) {
			n++
		}
		s.usage(caller, collection).reads(n)
		keys = keys[n:]
	}
}

// wrote counts writes that were committed at a time. Field transforms are part of their write. A write that changes
// nothing is billed as well, and so is the deletion of a document that does not exist.
//
// Source: https://cloud.google.com/firestore/docs/billing-questions#no-op_writes
func (s *Service) wrote(at value.Micros, caller guard.Caller, writes []*write.Write) {
	if s.Meter == nil {
		return
	}
	for len(writes) > 0 {
		collection, item, n := writes[0].Key.Collection(), itemOf(writes[0]), 1
		for n < len(writes) && itemOf(writes[n]) == item && writes[n].Key.In(collection) {
			n++
		}
		s.Meter.AddAt(at.Time(), item, caller.Cause(collection.Pattern()), int64(n))
		writes = writes[n:]
	}
}

func itemOf(w *write.Write) billing.Item {
	switch w.Kind {
	case write.Delete:
		return billing.FirestoreDeletes
	case write.Verify:
		return billing.FirestoreReads
	}
	return billing.FirestoreWrites
}
