package objects

import "fmt"

// Kind says what went wrong, in the terms that all doors of the store share.
type Kind int

const (
	Invalid         Kind = iota + 1 // the request can never succeed: a bad name, a wrong checksum
	BucketNotFound                  // no such bucket
	ObjectNotFound                  // no such object, or not at that generation
	UploadNotFound                  // no such resumable upload: expired, cancelled, or never started
	Conflict                        // the bucket exists already, or is not empty
	ConditionNotMet                 // an "if match" condition does not hold
	NotChanged                      // an "if not match" condition does not hold: the caller has this state already
	TooLarge                        // more bytes than an object may have
	Busy                            // too many unfinished uploads at the moment; trying again later can help
)

// Error is an error of the store that the caller can act on. Any other error from this package is a fault of the
// machine: a full disk, a file that cannot be read.
type Error struct {
	Kind    Kind
	Message string // a sentence for people; names the bucket, object, or value
}

func (e *Error) Error() string { return e.Message }

func errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func objectNotFound(bucket, name string) *Error {
	return errorf(ObjectNotFound, "No such object: %s/%s", bucket, name)
}
