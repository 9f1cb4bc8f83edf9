package objects

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// uploadExpiry is the lifetime of a resumable upload after its last request.
	// Source: https://cloud.google.com/storage/docs/resumable-uploads#session-uris.
	uploadExpiry = 7 * 24 * time.Hour
	// uploadIdle is how long an upload may pause when space is scarce, so that abandoned uploads do
	// not block new ones.
	uploadIdle = time.Minute
)

// uploads holds the resumable uploads.
type uploads struct {
	max  int
	mu   sync.Mutex
	byID map[string]*Upload
}

// StartUpload starts a resumable upload, unless p would fail now. The error is a Busy [Error] if
// there are too many uploads.
func (s *Store) StartUpload(p PutRequest, total int64) (*Upload, error) {
	if err := s.CheckPut(p); err != nil {
		return nil, err
	}
	if total > s.maxObject {
		return nil, errorf(TooLarge, "The object is larger than %d bytes, the limit of this emulator.", s.maxObject)
	}
	if err := s.evictUploads(); err != nil {
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

// evictUploads removes expired uploads and, if slots or bytes are scarce, those that ended or are
// idle.
func (s *Store) evictUploads() error {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	now := s.clock.Now()
	scarce := len(s.uploads.byID) >= s.uploads.max || s.pending.Load() > s.maxPending/2
	for id, u := range s.uploads.byID {
		u.mu.Lock()
		age, ended := now.Sub(u.used), u.done != nil
		u.mu.Unlock()
		if age >= uploadExpiry || scarce && (ended || age >= uploadIdle) {
			delete(s.uploads.byID, id)
			u.abandon()
		}
	}
	if len(s.uploads.byID) >= s.uploads.max {
		return errorf(Busy, "There are already %d unfinished resumable uploads; try again when some have ended.", s.uploads.max)
	}
	return nil
}

// Upload returns a resumable upload.
func (s *Store) Upload(id string) (*Upload, error) {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	u, ok := s.uploads.byID[id]
	if !ok {
		return nil, errorf(UploadNotFound, "No such resumable upload; it expired, was canceled, or this emulator was restarted.")
	}
	return u, nil
}

// CancelUpload removes an upload and the bytes received so far.
func (s *Store) CancelUpload(id string) error {
	u, err := s.Upload(id)
	if err != nil {
		return err
	}
	s.uploads.mu.Lock()
	delete(s.uploads.byID, id)
	s.uploads.mu.Unlock()
	u.abandon()
	return nil
}

// clear abandons all uploads.
func (us *uploads) clear() {
	us.mu.Lock()
	all := us.byID
	us.byID = map[string]*Upload{}
	us.mu.Unlock()
	for _, u := range all {
		u.abandon()
	}
}
