package conversion

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// Names decides which username and which address to sign in with each user has. Both must be unique, as
// package email normalizes them, and in the old database they are not. The oldest user, by created_at and
// key, keeps a name; others get a suffix that is derived from their key. The result depends only on which
// users there are, not on the order in which they were put, so copy, follow and verify agree.
//
// A username that nobody could claim today gets a suffix, too, but its user still signs in with the
// old one, even if no address can contain it; see [email.ForSignIn].
//
// It is safe for concurrent use. It takes about 500 bytes for a user.
type Names struct {
	mapping *legacydb.Mapping

	mu    sync.Mutex
	users map[string]*person
	// claims are the users with a normalized name, the oldest first.
	claims map[string][]*person
	// tries are the users who need a suffix and have tried the name. Only a name that one user tried is
	// used, so that who is who does not depend on who came first.
	tries map[string][]*person
	// reserved are names of accounts that the old database does not have.
	reserved map[string]bool
}

// person is a user with what their name depends on.
type person struct {
	key     string
	created int64 // microseconds since 1970, the maximum if unknown
	raw     string
	claim   string // normalized, "" if nobody can enter the username
	natural string // username without a suffix, "" if nobody could claim it

	tries []string
	name  Name
}

// Name is what a user is called.
type Name struct {
	// Username is the one in the user's document.
	Username string
	// Address is what the user signs in with, normalized by package email.
	Address string

	renamed bool // Username has a suffix
	moved   bool // Address is not that of the old username
}

// IsRenamed reports whether the username is not the one that the user had.
func (n Name) IsRenamed() bool { return n.renamed }

// SignsInAnew reports whether the user cannot sign in with the old username any more, but with Username.
func (n Name) SignsInAnew() bool { return n.moved }

// NewNames returns names without users.
func NewNames(m *legacydb.Mapping) *Names {
	return &Names{
		mapping: m, users: map[string]*person{}, claims: map[string][]*person{}, tries: map[string][]*person{}, reserved: map[string]bool{},
	}
}

// addressOf is the address of the account that somebody who enters a username signs in to: the username is an
// address, or becomes one. It returns "" for a username that nobody can enter.
func addressOf(username string) string {
	username = strings.TrimSpace(username)
	if !strings.Contains(username, "@") {
		username += "@" + email.OldDomain
	}
	address, err := email.ForSignIn(username)
	if err != nil {
		return ""
	}
	return address
}

func (n *Names) person(user legacydb.User) *person {
	p := &person{key: user.ID, created: math.MaxInt64}
	if user.CreatedAt != nil {
		if t, err := legacydb.ParseTime(*user.CreatedAt, n.mapping.TimeZone); err == nil {
			p.created = t.UnixMicro()
		}
	}
	if user.Username != nil {
		p.raw = strings.ToValidUTF8(*user.Username, string('\uFFFD'))
	}
	if user.Username != nil && utf8.ValidString(*user.Username) {
		p.claim = addressOf(p.raw)
	}
	natural := norm.NFC.String(strings.TrimSpace(p.raw))
	// A name that nobody could claim cannot contain an @.
	if p.claim != "" && schema.CheckUsername(natural) == nil {
		p.natural = natural
	}
	return p
}

func (p *person) older(other *person) int {
	return cmp.Or(cmp.Compare(p.created, other.created), cmp.Compare(p.key, other.key))
}

// Put adds or replaces a user and returns the keys of the other users whose names changed by that. They
// have to be converted again.
func (n *Names) Put(user legacydb.User) (changed []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	s := settling{n: n, before: map[*person]Name{}}
	if old := n.users[p.key]; old != nil {
		if old.raw == p.raw && old.created == p.created {
			return nil
		}
		s.detach(old)
	}
	n.users[p.key] = p
	if p.claim != "" {
		group := n.claims[p.claim]
		i, _ := slices.BinarySearchFunc(group, p, (*person).older)
		n.claims[p.claim] = slices.Insert(group, i, p)
		s.occupied(p.claim)
	}
	s.add(p)
	return s.settle(p.key)
}

// Remove removes a user and returns the keys of the other users whose names changed by that.
func (n *Names) Remove(key string) (changed []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.users[key]
	if p == nil {
		return nil
	}
	s := settling{n: n, before: map[*person]Name{}}
	s.detach(p)
	delete(n.users, key)
	return s.settle(key)
}

// Reserve makes nobody get a username that an account has which the old database does not have, and
// returns the keys of the users whose names changed by that.
func (n *Names) Reserve(username string) (changed []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := cmp.Or(addressOf(username), username)
	if n.reserved[name] {
		return nil
	}
	n.reserved[name] = true
	s := settling{n: n, before: map[*person]Name{}}
	s.occupied(name)
	return s.settle("")
}

// Of returns the names of a user. ok is false if the user was not put.
func (n *Names) Of(key string) (name Name, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.users[key]
	if p == nil {
		return Name{}, false
	}
	return p.name, true
}

// settling is one change of who has which claim, and what follows from it.
type settling struct {
	n      *Names
	queue  []*person
	before map[*person]Name
}

func (s *settling) add(p *person) {
	if _, known := s.before[p]; !known {
		s.before[p] = p.name
	}
	s.queue = append(s.queue, p)
}

// occupied queues everyone whose name may depend on a change of who claims or tries a name. Of those who
// claim it, that is the oldest, and the second who was or becomes the oldest.
func (s *settling) occupied(name string) {
	for i, p := range s.n.claims[name] {
		if i == 2 {
			break
		}
		s.add(p)
	}
	for _, p := range s.n.tries[name] {
		s.add(p)
	}
}

// detach takes a person's claim and tries back.
func (s *settling) detach(p *person) {
	s.try(p, nil)
	if p.claim == "" {
		return
	}
	without(s.n.claims, p.claim, p)
	s.occupied(p.claim)
}

// try replaces the names that a person has tried.
func (s *settling) try(p *person, names []string) {
	for _, name := range p.tries {
		if !slices.Contains(names, name) {
			without(s.n.tries, name, p)
			s.occupied(name)
		}
	}
	for _, name := range names {
		if !slices.Contains(p.tries, name) {
			s.occupied(name)
			s.n.tries[name] = append(s.n.tries[name], p)
		}
	}
	p.tries = names
}

func without(m map[string][]*person, name string, p *person) {
	rest := slices.DeleteFunc(m[name], func(other *person) bool { return other == p })
	if m[name] = rest; len(rest) == 0 {
		delete(m, name)
	}
}

// settle names everyone in the queue and returns whose names changed, except for one key. It ends: whom a
// person competes with for the first name they try depends on claims alone, for the second on the first,
// and so on.
func (s *settling) settle(except string) []string {
	for len(s.queue) > 0 {
		p := s.queue[0]
		s.queue = s.queue[1:]
		if s.n.users[p.key] != p {
			continue // replaced
		}
		var tries []string
		p.name, tries = s.n.nameOf(p)
		s.try(p, tries)
	}
	changed := map[string]bool{}
	for p, name := range s.before {
		if s.n.users[p.key] == p && p.key != except && p.name != name {
			changed[p.key] = true
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

// nameOf returns the name of a person and the names with a suffix that were tried for it.
func (n *Names) nameOf(p *person) (Name, []string) {
	owns := p.claim != "" && n.claims[p.claim][0] == p
	if owns && p.natural != "" && !n.reserved[p.claim] {
		return Name{Username: p.natural, Address: p.claim}, nil
	}
	var tries []string
	for i := 0; ; i++ {
		username := p.suffixed(i)
		address := addressOf(username)
		tries = append(tries, address)
		others := slices.ContainsFunc(n.tries[address], func(other *person) bool { return other != p })
		if others || n.reserved[address] || len(n.claims[address]) > 0 {
			continue
		}
		name := Name{Username: username, Address: p.claim, renamed: true}
		if !owns {
			name.Address, name.moved = address, true
		}
		return name, tries
	}
}

// Lengths of suffixes in hexadecimal digits: a short one that people can remember, and a long one for the
// few whose short one is somebody else's.
const shortSuffix, longSuffix = 6, 16

// suffixed returns the i-th username with a suffix that a person tries.
func (p *person) suffixed(i int) string {
	sum := sha256.Sum256([]byte(p.key + "/" + strconv.Itoa(i)))
	digits := longSuffix
	if i == 0 {
		digits = shortSuffix
	}
	suffix := "-" + hex.EncodeToString(sum[:])[:digits]
	return plain(p.raw, schema.MaxUsername-len(suffix)) + suffix
}

// plain returns what of a name a username may begin with, at most a number of characters. Of an address it
// is the part before the @: usernames are public.
func plain(name string, length int) string {
	name, _, _ = strings.Cut(strings.TrimSpace(name), "@")
	var kept []rune
	for _, r := range norm.NFC.String(norm.NFKC.String(name)) {
		if schema.CheckUsername("aaa"+string(r)) != nil {
			r = '_'
		}
		// Not two separators in a row: an address cannot contain two dots.
		if strings.ContainsRune("._-~", r) && (len(kept) == 0 || strings.ContainsRune("._-~", kept[len(kept)-1])) {
			continue
		}
		if kept = append(kept, r); len(kept) == length {
			break
		}
	}
	return cmp.Or(strings.TrimRight(string(kept), "._-~"), "user")
}

// isReserved reports whether a user would have their own username if it were not reserved.
func (n *Names) isReserved(key string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.users[key]
	return p != nil && p.natural != "" && n.reserved[p.claim]
}
