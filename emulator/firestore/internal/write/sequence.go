package write

import "heek.kr/heektime/emulator/internal/resource"

// checkSequence rejects writes to one document that a commit must not combine, whatever the document
// is: a create after any write that leaves the document, and an update after a delete. Firestore shares
// this rule with Datastore, whose CommitRequest.mutations lists the pairs
// (https://cloud.google.com/datastore/docs/reference/data/rest/v1/projects/commit). An update after a
// delete is INVALID_ARGUMENT in packages/firestore/test/integration/api/transactions.test.ts of
// firebase-js-sdk, too, which runs against production. A document that is verified has no other write,
// as in Google's emulator: the precondition of the write says the same.
func checkSequence(writes []*Write) error {
	if len(writes) < 2 {
		return nil
	}
	last := make(map[resource.Key]Kind, len(writes))
	for _, w := range writes {
		before, written := last[w.Key]
		switch {
		case written && (w.Kind == Verify || before == Verify):
			return invalid("The document %s is verified, so the commit must have no other write of it.", w.Key.Path())
		case w.Kind == Delete || !written:
		case before == Delete && w.precondition.kind == mustExist:
			return invalid("The document %s cannot be updated after it has been deleted in the same commit.", w.Key.Path())
		case before != Delete && w.precondition.kind == mustNotExist:
			return invalid("The document %s cannot be created after it has been written in the same commit.", w.Key.Path())
		}
		last[w.Key] = w.Kind
	}
	return nil
}
