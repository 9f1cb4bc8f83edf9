package wirejson

import (
	"strconv"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// MarshalChange writes a response of a Listen stream that changes a document, whose own JSON is there already: the same
// document goes to many listeners.
func MarshalChange(c *pb.DocumentChange, document []byte) []byte {
	b := make([]byte, 0, len(document)+64+8*(len(c.TargetIds)+len(c.RemovedTargetIds)))
	b = append(b, `{"documentChange":{"document":`...)
	b = append(b, document...)
	b = appendIDs(b, `,"targetIds":`, c.TargetIds)
	b = appendIDs(b, `,"removedTargetIds":`, c.RemovedTargetIds)
	return append(b, "}}"...)
}

// appendIDs appends a list under its name, nothing when it is empty.
func appendIDs(b []byte, name string, ids []int32) []byte {
	if len(ids) == 0 {
		return b
	}
	b = append(b, name...)
	open := byte('[')
	for _, id := range ids {
		b = strconv.AppendInt(append(b, open), int64(id), 10)
		open = ','
	}
	return append(b, ']')
}
