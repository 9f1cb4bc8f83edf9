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
