package objects

import "fmt"

// Kind classifies an [Error], so that each API can translate it to its own status.
type Kind int

const (
	Invalid         Kind = iota + 1 // the request can never succeed: an invalid name, a wrong checksum
	BucketNotFound                  // no such bucket
	ObjectNotFound                  // no such object or generation
	UploadNotFound                  // no such resumable upload: expired, canceled, or never started
	Conflict                        // the bucket already exists or is not empty
	ConditionNotMet                 // a "match" precondition does not hold
	NotModified                     // a "not match" precondition does not hold
	TooLarge                        // the object exceeds the size limit
	Busy                            // too many unfinished uploads; retrying later can help
)

// Error is an error that the caller can act on. Any other error from this package is an I/O error,
// such as a full disk.
type Error struct {
	Kind    Kind
	Message string // a sentence that names the bucket, object, or value
}

func (e *Error) Error() string { return e.Message }

func errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func objectNotFound(bucket, name string) *Error {
	return errorf(ObjectNotFound, "No such object: %s/%s", bucket, name)
}
