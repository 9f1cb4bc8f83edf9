package account

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// Tx is one change of a project, or one look at it. It is valid while the function that got it runs.
type Tx struct {
	store   *Store
	project *project
	done    []operation
	undo    []func()
}

func (tx *Tx) do(op operation) {
	tx.undo = append(tx.undo, tx.project.apply(op))
	tx.done = append(tx.done, op)
}

func (tx *Tx) rollback() {
	for _, undo := range slices.Backward(tx.undo) {
		undo()
	}
	tx.done, tx.undo = nil, nil
}

// Now is the time of the cloud's clock.
func (tx *Tx) Now() time.Time { return tx.store.clock.Now() }

// User returns the account with a uid.
func (tx *Tx) User(localID string) (*User, bool) { return tx.project.users.Get(localID) }

// ByEmail returns the account that has an address, in any case.
func (tx *Tx) ByEmail(email string) (*User, bool) {
	return tx.indexed(tx.project.byEmail[NormalEmail(email)])
}

// ByPhone returns the account that has a phone number.
func (tx *Tx) ByPhone(number string) (*User, bool) { return tx.indexed(tx.project.byPhone[number]) }

// ByProvider returns the account that a provider's user is linked to.
func (tx *Tx) ByProvider(providerID, rawID string) (*User, bool) {
	switch providerID {
	case ProviderPassword:
		u, ok := tx.ByEmail(rawID)
		return u, ok && slices.ContainsFunc(u.Providers, func(p Provider) bool { return p.ProviderID == ProviderPassword })
	case ProviderPhone:
		return tx.ByPhone(rawID)
	}
	return tx.indexed(tx.project.byProvider[providerKey{providerID, rawID}])
}

// ByProviderEmail returns the first account, by uid, that has a provider with an address. It looks at every account.
func (tx *Tx) ByProviderEmail(email string) (found *User, ok bool) {
	email = NormalEmail(email)
	tx.project.users.Scan(func(_ string, u *User) bool {
		if slices.ContainsFunc(u.Providers, func(p Provider) bool { return NormalEmail(p.Email) == email }) {
			found, ok = u, true
		}
		return !ok
	})
	return found, ok
}

func (tx *Tx) indexed(localID string) (*User, bool) {
	if localID == "" {
		return nil, false
	}
	return tx.project.users.Get(localID)
}

// Page returns up to n accounts, by uid, after one.
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

// Count is the number of accounts.
func (tx *Tx) Count() int { return tx.project.users.Len() }

// Create adds an account. Without a uid it gets one of 28 letters and digits, as real ones have.
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

// Put replaces the account of the same uid, or adds it. The error is one of this package's Err values.
func (tx *Tx) Put(u User) (*User, error) {
	u.Email = NormalEmail(u.Email)
	if u.Sessions == "" {
		u.Sessions = RandomID(8)
	}
	u = u.withOwnProviders()
	if err := tx.project.free(&u); err != nil {
		return nil, err
	}
	tx.do(operation{Put: &u})
	return &u, nil
}

// Delete removes an account, if it is there.
func (tx *Tx) Delete(localID string) {
	if _, ok := tx.User(localID); ok {
		tx.do(operation{Delete: localID})
	}
}

// Clear removes every account. Codes stay, as in the official emulator: some make new accounts.
func (tx *Tx) Clear() { tx.do(operation{Clear: true}) }

// PutCode keeps a code until it expires, and forgets those that have.
func (tx *Tx) PutCode(c Code) {
	now := tx.Now()
	for id, old := range tx.project.codes {
		if now.After(old.Expires.Add(expiredFor)) {
			tx.do(operation{Used: id})
		}
	}
	c.Number = tx.project.nextCode
	tx.do(operation{Code: &c})
}

// expiredFor is how long an expired code is still known as such.
const expiredFor = 7 * 24 * time.Hour

// Code returns a code, which may have expired.
func (tx *Tx) Code(id string) (Code, bool) {
	c, ok := tx.project.codes[id]
	return c, ok
}

// UseCode forgets a code.
func (tx *Tx) UseCode(id string) { tx.do(operation{Used: id}) }

// Codes returns the codes that have not expired, oldest first.
func (tx *Tx) Codes() []Code {
	var codes []Code
	for _, c := range tx.project.codes {
		if !tx.Now().After(c.Expires) {
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

// NormalEmail is an address in the form that is unique: lower case.
func NormalEmail(email string) string { return strings.ToLower(email) }

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// RandomID returns n random letters and digits.
func RandomID(n int) string {
	id := make([]byte, 0, n)
	var buffer [64]byte
	for len(id) < n {
		rand.Read(buffer[:]) // never fails
		for _, b := range buffer {
			// 248 is the largest multiple of 62 in a byte: every letter is as likely as the others.
			if b < 248 && len(id) < n {
				id = append(id, alphanumeric[b%62])
			}
		}
	}
	return string(id)
}
