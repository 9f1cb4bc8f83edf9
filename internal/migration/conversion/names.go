package conversion

import "heek.kr/heektime/internal/migration/legacydb"

// Names decides which username and which address to sign in with each user has. Both must be unique, as
// package email normalizes them, and in the old database they are not. The oldest user, by created_at and
// key, keeps a name; others get a suffix that is derived from their key. The result depends only on which
// users there are, not on the order in which they were put, so copy, follow and verify agree.
//
// A username that nobody could claim today gets a suffix, too, but its user still signs in with the
// old one.
//
// It is safe for concurrent use. It takes about 300 bytes for a user.
type Names struct{}

// Name is what a user is called.
type Name struct {
	// Username is the one in users/{uid}.
	Username string
	// Address is what the user signs in with, normalized by package email.
	Address string
}

// NewNames returns names without users.
func NewNames(m *legacydb.Mapping) *Names {
	panic("TODO")
}

// Put adds or replaces a user and returns the keys of the other users whose names changed by that. They
// have to be converted again.
func (n *Names) Put(user legacydb.User) (changed []string) {
	panic("TODO")
}

// Remove removes a user and returns the keys of the other users whose names changed by that.
func (n *Names) Remove(key string) (changed []string) {
	panic("TODO")
}

// Reserve makes nobody get a username that an account of the new side has, and returns the keys of the users whose
// names changed by that.
func (n *Names) Reserve(username string) (changed []string) {
	panic("TODO")
}

// Of returns the names of a user. ok is false if the user was not put.
func (n *Names) Of(key string) (name Name, ok bool) {
	panic("TODO")
}
