package conversion_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/email"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// user makes a user. created is a day of 2020, "" for NULL.
func user(id, username, created string) legacydb.User {
	u := legacydb.User{ID: id, Username: &username}
	if created != "" {
		created = "2020-01-" + created + " 00:00:00"
		u.CreatedAt = &created
	}
	return u
}

const oldDomain = "@user.heektime.heek.kr"

// It is long because of its table of names.
func TestNames(t *testing.T) {
	suffix := func(base string) string { return base + "-*" }
	long := strings.Repeat("가", 40)
	for name, c := range map[string]struct {
		users             []legacydb.User
		username, address string // of user a; a * stands for a suffix, = for the username, and old for what it was
	}{
		"clean":                         {[]legacydb.User{user("a", "희경minsu", "01")}, "희경minsu", "희경minsu" + oldDomain},
		"upper case":                    {[]legacydb.User{user("a", "Minsu", "01")}, "Minsu", "minsu" + oldDomain},
		"NFD":                           {[]legacydb.User{user("a", norm.NFD.String("희경이네"), "01")}, "희경이네", "희경이네" + oldDomain},
		"the older of two":              {[]legacydb.User{user("a", "minsu", "01"), user("b", "MINSU", "02")}, "minsu", "minsu" + oldDomain},
		"the younger of two":            {[]legacydb.User{user("a", "minsu", "02"), user("b", "MINSU", "01")}, suffix("minsu"), "="},
		"the greater id of two":         {[]legacydb.User{user("b", "minsu", "01"), user("a", "MINSU", "01")}, "MINSU", "minsu" + oldDomain},
		"NULL is younger than any":      {[]legacydb.User{user("a", "minsu", ""), user("b", "MINSU", "31")}, suffix("minsu"), "="},
		"too short":                     {[]legacydb.User{user("a", "kim", "01")}, suffix("kim"), "kim" + oldDomain},
		"too long":                      {[]legacydb.User{user("a", long, "01")}, suffix(strings.Repeat("가", 25)), long + oldDomain},
		"longer than an address can be": {[]legacydb.User{user("a", strings.Repeat("가", 300), "01")}, suffix(strings.Repeat("가", 25)), "old"},
		"slash":                         {[]legacydb.User{user("a", "kim/minsu", "01")}, suffix("kim_minsu"), "kim/minsu" + oldDomain},
		"address":                       {[]legacydb.User{user("a", "Kim@Korea.ac.kr", "01")}, suffix("Kim"), "kim@korea.ac.kr"},
		"two at signs":                  {[]legacydb.User{user("a", "kim@a@b.kr", "01")}, suffix("kim"), "old"},
		"only an at sign":               {[]legacydb.User{user("a", "@minsu", "01")}, suffix("user"), "old"},
		"another's address":             {[]legacydb.User{user("a", "minsu"+oldDomain, "02"), user("b", "minsu", "01")}, suffix("minsu"), "="},
		"an older user's address":       {[]legacydb.User{user("a", "minsu", "02"), user("b", "minsu"+oldDomain, "01")}, suffix("minsu"), "="},
		"spaces around":                 {[]legacydb.User{user("a", " minsu ", "01")}, "minsu", "minsu" + oldDomain},
		"spaces within":                 {[]legacydb.User{user("a", "kim min su", "01")}, suffix("kim_min_su"), "old"},
		"empty":                         {[]legacydb.User{user("a", "", "01")}, suffix("user"), "="},
		"NULL":                          {[]legacydb.User{{ID: "a"}}, suffix("user"), "="},
		"dots":                          {[]legacydb.User{user("a", "..", "01")}, suffix("user"), "old"},
		"two dots within":               {[]legacydb.User{user("a", "kim..su", "01")}, "kim..su", "old"},
		"zero-width space":              {[]legacydb.User{user("a", "kim\u200bsu", "01")}, suffix("kim_su"), "old"},
		"full-width":                    {[]legacydb.User{user("a", "ｍｉｎｓｕ", "01")}, suffix("minsu"), "ｍｉｎｓｕ" + oldDomain},
		"ligature":                      {[]legacydb.User{user("a", "ﬁne12", "01")}, suffix("fine12"), "ﬁne12" + oldDomain},
		"emoji of several":              {[]legacydb.User{user("a", "👨‍👩‍👧12", "01")}, suffix("👨_👩_👧12"), "old"},
		"not UTF-8":                     {[]legacydb.User{user("a", "kim\xff\xfe", "01")}, suffix("kim"), "="},
		"parentheses":                   {[]legacydb.User{user("a", "kim(su)", "01")}, suffix("kim_su"), "old"},
	} {
		t.Run(name, func(t *testing.T) {
			names := conversion.NewNames(legacydb.Default())
			for _, u := range c.users {
				names.Put(u)
			}
			got, ok := names.Of("a")
			if !ok {
				t.Fatal("no name")
			}
			want := c.username
			if base, cut := strings.CutSuffix(want, "*"); cut && strings.HasPrefix(got.Username, base) {
				want = base + got.Username[len(base):]
			}
			address := c.address
			switch address {
			case "=":
				address = got.Username + oldDomain
			case "old": // the user enters what they always have
				address, _ = email.ForSignIn(*c.users[0].Username)
			}
			if got.Username != want || !strings.EqualFold(got.Address, address) {
				t.Errorf("%q with %q, want %q with %q", got.Username, got.Address, c.username, c.address)
			}
			if err := schema.CheckUsername(got.Username); err != nil {
				t.Error(err)
			}
		})
	}
}

// A reserved name is nobody's username, but who has it still signs in with it.
func TestReserve(t *testing.T) {
	names := conversion.NewNames(legacydb.Default())
	names.Put(user("a", "minsu", "01"))
	names.Put(user("b", "other", "01"))
	if changed := names.Reserve("Minsu"); !slices.Equal(changed, []string{"a"}) {
		t.Errorf("changed %v, want a", changed)
	}
	if changed := names.Reserve("Minsu"); len(changed) != 0 {
		t.Errorf("changed again: %v", changed)
	}
	if got, _ := names.Of("a"); !strings.HasPrefix(got.Username, "minsu-") || got.Address != "minsu"+oldDomain {
		t.Errorf("got %+v", got)
	}
	taken, _ := names.Of("a")
	if changed := names.Put(user("c", taken.Username, "31")); !slices.Equal(changed, []string{"a"}) {
		t.Errorf("changed %v, want a: their name with a suffix is somebody's username", changed)
	}
	if c, _ := names.Of("c"); c.Username != taken.Username {
		t.Errorf("c is called %q, want the name they chose", c.Username)
	}
	names.Reserve(taken.Username)
	if c, _ := names.Of("c"); c.Username == taken.Username {
		t.Errorf("c is called %q, which is reserved", c.Username)
	}
}

// Names depend on the users, not on the order in which they came, and Put and Remove report whose changed.
func TestNamesDoNotDependOnOrder(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 15))
		pool := []string{"minsu", "MINSU", "Minsu", norm.NFD.String("희경희경"), "희경희경", "kim", "KIM", " kim ", "minsu" + oldDomain, "a/b", "", "user"}
		names := conversion.NewNames(legacydb.Default())
		present := map[string]legacydb.User{}
		known := map[string]conversion.Name{}
		for step := range 200 {
			u := user(fmt.Sprint("id", r.IntN(20)), pool[r.IntN(len(pool))], fmt.Sprintf("%02d", 1+r.IntN(5)))
			var changed []string
			switch r.IntN(6) {
			case 0:
				changed = names.Remove(u.ID)
				delete(present, u.ID)
			case 1: // somebody chooses a name that another has with a suffix
				if other, ok := names.Of(fmt.Sprint("id", r.IntN(20))); ok {
					u.Username = &other.Username
				}
				fallthrough
			default:
				changed = names.Put(u)
				present[u.ID] = u
			}
			for id := range present {
				now, _ := names.Of(id)
				if before, ok := known[id]; ok && before != now && id != u.ID && !slices.Contains(changed, id) {
					t.Fatalf("seed %d, step %d: %s changed from %v to %v, not reported", seed, step, id, before, now)
				} else if ok && before == now && slices.Contains(changed, id) {
					t.Fatalf("seed %d, step %d: %s did not change", seed, step, id)
				}
				known[id] = now
			}
			if _, ok := present[u.ID]; !ok {
				delete(known, u.ID)
			}
		}
		fresh := conversion.NewNames(legacydb.Default())
		for _, u := range present {
			fresh.Put(u)
		}
		usernames, addresses := map[string]string{}, map[string]string{}
		for id := range present {
			a, _ := names.Of(id)
			b, _ := fresh.Of(id)
			if a != b {
				t.Errorf("seed %d: %s is %v after changes and %v from scratch", seed, id, a, b)
			}
			if other, taken := usernames[a.Username]; taken {
				t.Errorf("seed %d: %s and %s are both called %s", seed, id, other, a.Username)
			}
			if other, taken := addresses[a.Address]; taken {
				t.Errorf("seed %d: %s and %s both sign in with %s", seed, id, other, a.Address)
			}
			usernames[a.Username], addresses[a.Address] = id, id
		}
	}
}
