package objects

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// uploadLife is how long a resumable upload can be gone on with.
	// Source: https://cloud.google.com/storage/docs/resumable-uploads#session-uris.
	uploadLife = 7 * 24 * time.Hour
	// uploadIdle is how long an upload may pause when others need its place: who begins uploads and leaves them must not
	// keep others out.
	uploadIdle = time.Minute
)

// Upload is a resumable upload: an object that arrives in pieces, over several requests, some of them sent again.
// It stays known for a while after its end, for a client that lost the answer to its last request.
type Upload struct {
	ID string
	PutRequest
	Total int64 // bytes announced at the start; -1 if none were

	store *Store
	mu    sync.Mutex
	draft *Draft // nil once it ended
	used  time.Time
	done  *outcome
}

type outcome struct {
	object Object
	err    error
}

// uploads are the resumable uploads by their ID.
type uploads struct {
	max  int
	mu   sync.Mutex
	byID map[string]*Upload
}

// StartUpload starts a resumable upload, if p has a chance at this moment. A Busy [Error] says that there are too many.
func (s *Store) StartUpload(p PutRequest, total int64) (*Upload, error) {
	if err := s.CheckPut(p); err != nil {
		return nil, err
	}
	if total > s.maxObject {
		return nil, errorf(TooLarge, "The object is larger than the %d bytes that this emulator takes.", s.maxObject)
	}
	if err := s.makeRoom(); err != nil {
		return nil, err
	}
	d, err := s.NewDraft()
	if err != nil {
		return nil, err
	}
	var id [32]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	u := &Upload{ID: base64.RawURLEncoding.EncodeToString(id[:]), PutRequest: p, Total: total, store: s, draft: d, used: s.clock.Now()}
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	s.uploads.byID[u.ID] = u
	return u, nil
}

// makeRoom forgets uploads that are too old, and when places or bytes get scarce those that ended or pause for long.
func (s *Store) makeRoom() error {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	now := s.clock.Now()
	scarce := len(s.uploads.byID) >= s.uploads.max || s.pending.Load() > s.maxPending/2
	for id, u := range s.uploads.byID {
		u.mu.Lock()
		age, ended := now.Sub(u.used), u.done != nil
		u.mu.Unlock()
		if age >= uploadLife || scarce && (ended || age >= uploadIdle) {
			delete(s.uploads.byID, id)
			u.end()
		}
	}
	if len(s.uploads.byID) >= s.uploads.max {
		return errorf(Busy, "%d resumable uploads are under way already; try again when some have ended.", s.uploads.max)
	}
	return nil
}

// Upload returns a resumable upload that was started and not forgotten.
func (s *Store) Upload(id string) (*Upload, error) {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	u, ok := s.uploads.byID[id]
	if !ok {
		return nil, errorf(UploadNotFound, "No such resumable upload; it expired, was cancelled, or this emulator was restarted.")
	}
	return u, nil
}

// CancelUpload forgets an upload and what arrived of it.
func (s *Store) CancelUpload(id string) error {
	u, err := s.Upload(id)
	if err != nil {
		return err
	}
	s.uploads.mu.Lock()
	delete(s.uploads.byID, id)
	s.uploads.mu.Unlock()
	u.end()
	return nil
}

func (us *uploads) clear() {
	us.mu.Lock()
	all := us.byID
	us.byID = map[string]*Upload{}
	us.mu.Unlock()
	for _, u := range all {
		u.end()
	}
}

// end gives up what is not finished.
func (u *Upload) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done == nil {
		u.finish(Object{}, errorf(UploadNotFound, "The resumable upload was given up."))
	}
}

// finish wants mu to be held.
func (u *Upload) finish(o Object, err error) {
	u.draft.Abort()
	u.draft = nil
	u.done = &outcome{o, err}
}

// State returns how many bytes have arrived, and the upload's outcome once it has one.
func (u *Upload) State() (received int64, done bool, o Object, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.object.Size, true, u.done.object, u.done.err
	}
	return u.draft.Size(), false, Object{}, nil
}

// Append adds bytes that belong at offset. What arrived before is skipped, so a piece can be sent twice, or by two
// requests at once; a gap is refused with an Invalid [Error] and changes nothing.
func (u *Upload) Append(offset int64, p []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.err
	}
	return u.append(offset, p)
}

// append wants mu to be held and the upload to go on.
func (u *Upload) append(offset int64, p []byte) error {
	have := u.draft.Size()
	if offset > have {
		return errorf(Invalid, "Invalid request. The bytes should start at offset %d, not at %d.", have, offset)
	}
	if u.Total >= 0 && offset+int64(len(p)) > u.Total {
		return errorf(Invalid, "Invalid request. %d bytes were announced, but these reach to %d.", u.Total, offset+int64(len(p)))
	}
	skip := min(have-offset, int64(len(p)))
	_, err := u.draft.Write(p[skip:])
	return err
}

// Finish adds the last bytes as [Upload.Append] does and puts the object in place. To an upload that has finished it
// returns the same outcome again. Checksums in sums that are not empty replace those given at the start.
func (u *Upload) Finish(offset int64, p []byte, sums Checksums) (Object, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used = u.store.clock.Now()
	if u.done != nil {
		return u.done.object, u.done.err
	}
	end := offset + int64(len(p))
	if end < u.draft.Size() || u.Total >= 0 && end != u.Total {
		return Object{}, errorf(Invalid, "Invalid request. The upload cannot end at %d bytes: %d arrived before and %d were announced (-1: none).",
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
