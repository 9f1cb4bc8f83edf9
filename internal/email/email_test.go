package email_test

import (
	"strings"
	"testing"

	"heek.kr/heektime/internal/email"
)

func TestNormalize(t *testing.T) {
	for text, want := range map[string]string{
		" Me@Example.COM\n":                              "me@example.com",
		"old_user@" + email.OldDomain:                    "old_user@" + email.OldDomain,
		"하나@user.heektime.heek.kr":                       "하나@user.heektime.heek.kr",
		"\u1112\u1161\u1102\u1161@user.heektime.heek.kr": "하나@user.heektime.heek.kr", // decomposed
		"a+tag@b.kr":                                     "a+tag@b.kr",
		"a/b@c.kr":                                       "a/b@c.kr",
		"user":                                           "",
		"":                                               "",
		"@b.kr":                                          "",
		"a@":                                             "",
		"a@b":                                            "",
		"a@b@c.kr":                                       "",
		"a b@c.kr":                                       "",
		"a\x00@c.kr":                                     "",
		"a\u200b@c.kr":                                   "",
		"a@b..kr":                                        "",
		"a@-b.kr":                                        "",
		"a..b@c.kr":                                      "",
		".a@c.kr":                                        "",
		`"a"@c.kr`:                                       "",
		"a\xff@c.kr":                                     "",
		strings.Repeat("a", 250) + "@b.kr":               "",
	} {
		got, err := email.Normalize(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Normalize(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

// Usernames that no address can contain have an address all the same, however their client has sent them.
func TestForSignIn(t *testing.T) {
	sameAs := func(text string) string {
		got, err := email.ForSignIn(text)
		if err != nil {
			t.Errorf("ForSignIn(%q): %v", text, err)
		}
		return got
	}
	for text, other := range map[string]string{
		" Me@Example.COM\n":            "me@example.com",
		"kim hee@" + email.OldDomain:   "Kim Hee ",
		"@kim":                         " @KIM",
		"kim@":                         "kim@@" + email.OldDomain,
		"e\u0301 e@" + email.OldDomain: "\u00e9 e",
	} {
		if got := sameAs(text); got != sameAs(other) {
			t.Errorf("%q and %q sign in to different accounts", text, other)
		}
	}
	seen := map[string]string{}
	for _, text := range []string{"kim hee", "kim  hee", "kimhee@" + email.OldDomain, "kim\thee", "kim@", "@kim", "..", "a@b@c.kr", strings.Repeat("희경", 600)} {
		address := sameAs(text)
		if other, taken := seen[address]; taken {
			t.Errorf("%q and %q sign in to the same account", text, other)
		}
		seen[address] = text
		if normalized, err := email.Normalize(address); err != nil || normalized != address {
			t.Errorf("the address %q of %q is not normalized", address, text)
		}
	}
	for _, text := range []string{"", " ", "@" + email.OldDomain, " @" + email.OldDomain, "kim\xff", strings.Repeat("a ", 4096)} {
		if got, err := email.ForSignIn(text); err == nil {
			t.Errorf("ForSignIn(%q) = %q, want an error", text[:min(len(text), 20)], got)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add(" Me@Example.COM")
	f.Add("İ@ß.kr")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := email.Normalize(text)
		if err != nil {
			return
		}
		if twice, err := email.Normalize(once); err != nil || twice != once {
			t.Errorf("Normalize(%q) = %q, but normalizing again gives %q, %v", text, once, twice, err)
		}
	})
}
