package write

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/value"
)

// condition is a precondition on the document as it is before the write.
type condition struct {
	kind    uint8
	updated value.Micros
}

const (
	anything uint8 = iota
	mustExist
	mustNotExist
	mustBeOf
)

func parseCondition(p *pb.Precondition) (condition, error) {
	switch x := p.GetConditionType().(type) {
	case *pb.Precondition_Exists:
		if x.Exists {
			return condition{kind: mustExist}, nil
		}
		return condition{kind: mustNotExist}, nil
	case *pb.Precondition_UpdateTime:
		s, n := x.UpdateTime.GetSeconds(), int64(x.UpdateTime.GetNanos())
		if s == 0 && n == 0 {
			// Old SDKs say "must not exist" this way.
			return condition{kind: mustNotExist}, nil
		}
		if n%1000 != 0 {
			return condition{}, invalid("The update_time of a precondition must have microsecond precision.")
		}
		return condition{mustBeOf, value.MicrosOfParts(s, n)}, nil
	}
	return condition{}, nil
}

func (c condition) check(d *store.Document, w *Write) error {
	exists := d != nil
	switch {
	case c.kind == mustExist && !exists:
		return status.Errorf(codes.NotFound, "No document to %s: %s", w.verb(), w.Key.Path())
	case c.kind == mustNotExist && exists:
		return status.Errorf(codes.AlreadyExists, "Document already exists: %s", w.Key.Path())
	case c.kind == mustBeOf && !exists:
		return status.Errorf(codes.FailedPrecondition, "The document %s does not exist, but the precondition wants the version of %s.",
			w.Key.Path(), c.updated.Time())
	case c.kind == mustBeOf && d.Updated != c.updated:
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
