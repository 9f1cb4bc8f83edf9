package account

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// Tx is a transaction on a project. It is valid only during the function it is passed to.
type Tx struct {
	store   *Store
	project *project
	done    []operation
	undo    []func()
}

// do applies an operation.
func (tx *Tx) do(op operation) {
	tx.undo = append(tx.undo, tx.project.apply(op))
	tx.done = append(tx.done, op)
}

// rollback undoes all operations.
func (tx *Tx) rollback() {
	for _, undo := range slices.Backward(tx.undo) {
		undo()
	}
	tx.done, tx.undo = nil, nil
}

// Now returns the time of the emulator's clock.
func (tx *Tx) Now() time.Time { return tx.store.clock.Now() }

// User returns the account with a uid.
func (tx *Tx) User(localID string) (*User, bool) { return tx.project.users.Get(localID) }

// ByEmail returns the account with an email address, ignoring case.
func (tx *Tx) ByEmail(email string) (*User, bool) {
	return tx.byLocalID(tx.project.byEmail[NormalizeEmail(email)])
}

// ByPhone returns the account with a phone number.
func (tx *Tx) ByPhone(number string) (*User, bool) { return tx.byLocalID(tx.project.byPhone[number]) }

// ByProvider returns the account linked to a provider's user.
func (tx *Tx) ByProvider(providerID, rawID string) (*User, bool) {
	switch providerID {
	case ProviderPassword:
		u, ok := tx.ByEmail(rawID)
		return u, ok && slices.ContainsFunc(u.Providers, func(p Provider) bool { return p.ProviderID == ProviderPassword })
	case ProviderPhone:
		return tx.ByPhone(rawID)
	}
	return tx.byLocalID(tx.project.byProvider[providerKey{providerID, rawID}])
}

// ByProviderEmail returns the first account, by uid, with a provider that has an email address. It
// scans all accounts.
func (tx *Tx) ByProviderEmail(email string) (found *User, ok bool) {
	email = NormalizeEmail(email)
	tx.project.users.Scan(func(_ string, u *User) bool {
		if slices.ContainsFunc(u.Providers, func(p Provider) bool { return NormalizeEmail(p.Email) == email }) {
			found, ok = u, true
		}
		return !ok
	})
	return found, ok
}

// byLocalID returns the account with a uid from an index; "" means that the index has no entry.
func (tx *Tx) byLocalID(localID string) (*User, bool) {
	if localID == "" {
		return nil, false
	}
	return tx.project.users.Get(localID)
}

// Page returns up to n accounts, ordered by uid and starting after a uid.
func (tx *Tx) Page(after string, n int) []*User {
	var page []*User
	tx.project.users.Ascend(after, func(id string, u *User) bool {
		if id != after || after == "" {
			page = append(page, u)
		}
		return len(page) < n
	})
	return page
}

// Count returns the number of accounts.
func (tx *Tx) Count() int { return tx.project.users.Len() }

// Create adds an account. An empty uid is replaced by 28 random letters and digits, as in
// production.
func (tx *Tx) Create(u User) (*User, error) {
	if u.LocalID == "" {
		u.LocalID = RandomID(28)
	}
	if _, ok := tx.User(u.LocalID); ok {
		return nil, ErrIDExists
	}
	if u.CreatedAt == 0 {
		u.CreatedAt = Milliseconds(tx.Now().UnixMilli())
	}
	return tx.Put(u)
}

// Put adds or replaces an account. The error is one of this package's Err values.
func (tx *Tx) Put(u User) (*User, error) {
	u.Email = NormalizeEmail(u.Email)
	if u.Sessions == "" {
		u.Sessions = RandomID(8)
	}
	u = u.withDerivedProviders()
	if err := tx.project.checkUnique(&u); err != nil {
		return nil, err
	}
	tx.do(operation{Put: &u})
	return &u, nil
}

// Delete removes an account, if it exists.
func (tx *Tx) Delete(localID string) {
	if _, ok := tx.User(localID); ok {
		tx.do(operation{Delete: localID})
	}
}

// Clear removes all accounts. Codes stay, as in the official emulator, because some create
// accounts.
func (tx *Tx) Clear() { tx.do(operation{Clear: true}) }

// PutCode adds a code and removes codes that expired long ago.
func (tx *Tx) PutCode(c Code) {
	now := tx.Now()
	for id, old := range tx.project.codes {
		if now.After(old.Expires.Add(expiredRetention)) {
			tx.do(operation{DeleteCode: id})
		}
	}
	c.Number = tx.project.nextCode
	tx.do(operation{Code: &c})
}

// expiredRetention is how long an expired code is kept, so that it is reported as expired.
const expiredRetention = 7 * 24 * time.Hour

// Code returns a code, which may have expired.
func (tx *Tx) Code(id string) (Code, bool) {
	c, ok := tx.project.codes[id]
	return c, ok
}

// DeleteCode removes a code.
func (tx *Tx) DeleteCode(id string) { tx.do(operation{DeleteCode: id}) }

// Codes returns the codes that were sent and have not expired, oldest first.
func (tx *Tx) Codes() []Code {
	var codes []Code
	for _, c := range tx.project.codes {
		if c.Kind != KindTemporaryProof && !tx.Now().After(c.Expires) {
			codes = append(codes, c)
		}
	}
	slices.SortFunc(codes, func(a, b Code) int { return cmp.Compare(a.Number, b.Number) })
	return codes
}

// Settings returns the project's settings.
func (tx *Tx) Settings() Settings {
	if tx.project.settings == nil {
		return tx.store.defaults
	}
	return *tx.project.settings
}

// SetSettings changes the project's settings.
func (tx *Tx) SetSettings(s Settings) { tx.do(operation{Settings: &s}) }

// NormalizeEmail returns the form of an email address that must be unique: lower case.
func NormalizeEmail(email string) string { return strings.ToLower(email) }

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// RandomID returns n random letters and digits.
func RandomID(n int) string {
	id := make([]byte, 0, n)
	var buffer [64]byte
	for len(id) < n {
		rand.Read(buffer[:]) // never fails
		for _, b := range buffer {
			// 248 is the largest multiple of 62 below 256, so all characters are equally likely.
			if b < 248 && len(id) < n {
				id = append(id, alphanumeric[b%62])
			}
		}
	}
	return string(id)
}
