package objects

import (
	"sync"
	"time"
)

// Upload is a resumable upload: an object that arrives in chunks over several requests, some of
// them repeated. It is kept after it ends, for clients that did not receive the last response.
type Upload struct {
	ID string
	PutRequest
	Total int64 // bytes announced at the start; -1 if none were

	store *Store
	mu    sync.Mutex
	draft *Draft // nil once result is set
	used  time.Time
	done  *uploadResult // nil while unfinished
}

// uploadResult is how an upload ended.
type uploadResult struct {
	object Object
	err    error
}

// abandon ends the upload unless it has finished.
func (u *Upload) abandon() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done == nil {
		u.finish(Object{}, errorf(UploadNotFound, "The resumable upload expired or was canceled."))
	}
}

// finish sets the result. The caller holds mu.
func (u *Upload) finish(o Object, err error) {
	u.draft.Abort()
	u.draft = nil
	u.done = &uploadResult{o, err}
}

// State returns the number of bytes received and, once the upload is done, its result.
func (u *Upload) State() (received int64, done bool, o Object, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.object.Size, true, u.done.object, u.done.err
	}
	return u.draft.Size(), false, Object{}, nil
}

// Append adds the bytes at offset. Bytes that were already received are skipped, so a chunk can be
// sent twice, even concurrently. A gap is an Invalid [Error] and changes nothing.
func (u *Upload) Append(offset int64, p []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.err
	}
	return u.append(offset, p)
}

// append adds bytes to an unfinished upload. The caller holds mu.
func (u *Upload) append(offset int64, p []byte) error {
	have := u.draft.Size()
	if offset > have {
		return errorf(Invalid, "Invalid request. The bytes should start at offset %d, not at %d.", have, offset)
	}
	if u.Total >= 0 && offset+int64(len(p)) > u.Total {
		return errorf(Invalid, "Invalid request. The bytes end at %d, beyond the announced size of %d.", offset+int64(len(p)), u.Total)
	}
	skip := min(have-offset, int64(len(p)))
	_, err := u.draft.Write(p[skip:])
	return err
}

// Finish adds the last bytes as [Upload.Append] does and publishes the object. If the upload has
// finished, it returns the same result again. Non-empty checksums in sums replace those given at
// the start.
func (u *Upload) Finish(offset int64, p []byte, sums Checksums) (Object, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.object, u.done.err
	}
	end := offset + int64(len(p))
	if end < u.draft.Size() || u.Total >= 0 && end != u.Total {
		return Object{}, errorf(Invalid, "Invalid request. The upload cannot end at %d bytes: %d were received and %d announced (-1: unknown).",
			end, u.draft.Size(), u.Total)
	}
	if err := u.append(offset, p); err != nil {
		return Object{}, err
	}
	put := u.PutRequest
	put.Checksums = sums.Or(put.Checksums)
	u.finish(u.store.Put(put, u.draft))
	return u.done.object, u.done.err
}
