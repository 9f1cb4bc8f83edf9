package write

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
)

// precondition is a condition on the document before the write.
type precondition struct {
	kind    uint8
	updated value.Micros
}

const (
	none uint8 = iota
	mustExist
	mustNotExist
	mustMatch
)

func parsePrecondition(p *pb.Precondition) (precondition, error) {
	switch x := p.GetConditionType().(type) {
	case *pb.Precondition_Exists:
		if x.Exists {
			return precondition{kind: mustExist}, nil
		}
		return precondition{kind: mustNotExist}, nil
	case *pb.Precondition_UpdateTime:
		s, n := x.UpdateTime.GetSeconds(), int64(x.UpdateTime.GetNanos())
		if n%1000 != 0 {
			return precondition{}, invalid("The update_time of a precondition must have microsecond precision.")
		}
		return precondition{mustMatch, value.MicrosOfParts(s, n)}, nil
	}
	return precondition{}, nil
}

func (c precondition) check(d *store.Document, w *Write) error {
	exists := d != nil
	switch {
	case c.kind == mustExist && !exists:
		return status.Errorf(codes.NotFound, "No document to %s: %s", w.verb(), w.Key.Path())
	case c.kind == mustNotExist && exists:
		return status.Errorf(codes.AlreadyExists, "Document already exists: %s", w.Key.Path())
	case c.kind == mustMatch && c.updated == 0:
		// Old SDKs require this version of a document that does not exist. They retry a transaction after
		// FAILED_PRECONDITION, and give up after ALREADY_EXISTS
		// (https://github.com/firebase/firebase-js-sdk/issues/5871 has production's text).
		if exists {
			return status.Errorf(codes.FailedPrecondition, "the stored version (%d) does not match the required base version (0)", d.Updated)
		}
	case c.kind == mustMatch && !exists:
		return status.Errorf(codes.FailedPrecondition, "The document %s does not exist, but the precondition requires the version of %s.",
			w.Key.Path(), c.updated.Time())
	case c.kind == mustMatch && d.Updated != c.updated:
		return status.Errorf(codes.FailedPrecondition, "The stored version of %s (%s) does not match the required base version (%s).",
			w.Key.Path(), d.Updated.Time(), c.updated.Time())
	}
	return nil
}

func (w *Write) verb() string {
	switch w.Kind {
	case Delete:
		return "delete"
	case Verify:
		return "verify"
	}
	return "update"
}
