package wirejson

import (
	"strconv"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// MarshalChange returns the Listen response for a document change, given the JSON of the document:
// the same document goes to many listeners.
func MarshalChange(c *pb.DocumentChange, document []byte) []byte {
	b := make([]byte, 0, len(document)+64+8*(len(c.TargetIds)+len(c.RemovedTargetIds)))
	b = append(b, `{"documentChange":{"document":`...)
	b = append(b, document...)
	b = appendIDs(b, `,"targetIds":`, c.TargetIds)
	b = appendIDs(b, `,"removedTargetIds":`, c.RemovedTargetIds)
	return append(b, "}}"...)
}

// appendIDs appends a list with its field name, or nothing when the list is empty.
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
