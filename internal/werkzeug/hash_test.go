package werkzeug_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/internal/werkzeug"
)

const plain = "비밀번호 1234"

// knownHashes are hashes of plain by method. Werkzeug 2.2 made those of PBKDF2, Python's hashlib those of
// scrypt, called as Werkzeug 3 does.
var knownHashes = map[string]string{
	"pbkdf2:sha256:50000":  "$bYBmswM5rSfC1tXZ$e54445de5050b6b9eaa3f0a0bbc77d682e9f2e6b5af89afe226a5d2818a4b01e",
	"pbkdf2:sha256:260000": "$bMas2FH5VTKPpeFP$ada9354050d02fefa4f88a152fce5b5e4e5c6eaec66144ba5a08d383361ad611",
	"pbkdf2:sha1:1000":     "$FMDjDijl1MP0IEpj$b34a1cf67d588c60378d48a4eb48611c3c883a98",
	"pbkdf2:sha512:2000":   "$zKz2GGxMQLIL5YFR$88ee3b3e4b43fcc8b5707c9c26f1c18aba66a479a995f9f5ed6d1a6a40e605bf853ce5e1b0b4f07bc3c7e6cd9ac419c8f9183f420c017a2621240cfd4d8bbbbb",
	"scrypt:32768:8:1":     "$WtfyUEhLQrLIUdIk$2028726c4e21afcd35ac58a130a648a4d9109a18952bc35793738b30baa7ee88d171a91e0ccbf1985b5a2dc2b2af9c55ee9272df0dda4e926c375b50eaaf857c",
	"scrypt:1024:8:2":      "$WtfyUEhLQrLIUdIk$e644c49f00ad7fb3fbaf24b754e60b807c38e6ebecfaf8a7864ddd9e023dbb653a0c8761bd4d0911dd7d1ae0670d871aa0827fe55c69ab70ae755bd628a22b14",
}

func TestVerify(t *testing.T) {
	cases := map[string]string{ // method as written → complete method
		"pbkdf2:sha256": "pbkdf2:sha256:260000",
		"pbkdf2":        "pbkdf2:sha256:260000",
		"scrypt":        "scrypt:32768:8:1",
	}
	for method := range knownHashes {
		cases[method] = method
	}
	for written, meant := range cases {
		h, err := werkzeug.Parse(written + knownHashes[meant])
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		for _, c := range []struct {
			plain string
			want  bool
		}{{plain, true}, {plain + " ", false}, {"", false}} {
			if ok, err := h.Verify(c.plain); ok != c.want || err != nil {
				t.Errorf("%s: Verify(%q) = %v, %v; want %v", written, c.plain, ok, err, c.want)
			}
		}
		if got := fmt.Sprintf("%v %+v %#v %s", h, h, h, h); got != strings.Repeat(meant+" ", 3)+meant {
			t.Errorf("%s prints as %s", written, got)
		}
	}
}

func TestParseMalformed(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	sum64 := strings.Repeat("ab", 64)
	for name, text := range map[string]string{
		"empty":                 "",
		"a password":            "hunter2secret",
		"no salt":               "pbkdf2:sha256:1000$$" + sum,
		"two parts":             "pbkdf2:sha256:1000$" + sum,
		"four parts":            "pbkdf2:sha256:1000$salt$" + sum + "$",
		"not hex":               "pbkdf2:sha256:1000$salt$" + strings.Repeat("zz", 32),
		"odd digits":            "pbkdf2:sha256:1000$salt$" + sum[1:],
		"short":                 "pbkdf2:sha256:1000$salt$" + sum[2:],
		"empty hash":            "pbkdf2:sha256:1000$salt$",
		"sha1 of 32 bytes":      "pbkdf2:sha1:1000$salt$" + sum,
		"md5":                   "pbkdf2:md5:1000$salt$" + sum[:32],
		"no digest":             "pbkdf2:$salt$" + sum,
		"no rounds":             "pbkdf2:sha256:$salt$" + sum,
		"zero rounds":           "pbkdf2:sha256:0$salt$" + sum,
		"negative rounds":       "pbkdf2:sha256:-1$salt$" + sum,
		"signed rounds":         "pbkdf2:sha256:+1000$salt$" + sum,
		"leading zero":          "pbkdf2:sha256:01000$salt$" + sum,
		"space":                 "pbkdf2:sha256: 1000$salt$" + sum,
		"too many rounds":       "pbkdf2:sha256:2000001$salt$" + sum,
		"rounds above int64":    "pbkdf2:sha256:99999999999999999999$salt$" + sum,
		"more parameters":       "pbkdf2:sha256:1000:1$salt$" + sum,
		"salted digest":         "sha256$salt$" + sum,
		"plain":                 "plain$$password",
		"upper case":            "PBKDF2:sha256:1000$salt$" + sum,
		"scrypt of 32 bytes":    "scrypt:1024:8:1$salt$" + sum,
		"scrypt: two":           "scrypt:1024:8$salt$" + sum64,
		"scrypt: N of 1":        "scrypt:1:8:1$salt$" + sum64,
		"scrypt: odd N":         "scrypt:1000:8:1$salt$" + sum64,
		"scrypt: much memory":   "scrypt:131072:8:1$salt$" + sum64,
		"scrypt: much work":     "scrypt:32768:8:8$salt$" + sum64,
		"scrypt: huge products": "scrypt:1048576:1048576:1048576$salt$" + sum64,
		"too long":              "pbkdf2:sha256:1000$" + strings.Repeat("s", 600) + "$" + sum,
	} {
		h, err := werkzeug.Parse(text)
		if !errors.Is(err, werkzeug.ErrMalformed) {
			t.Errorf("%s: %v, %v", name, h, err)
			continue
		}
		for _, secret := range []string{"abab", "hunter2", "password$", "zzzz"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error quotes the hash: %v", name, err)
			}
		}
	}
}

// Every text that parses has a hash within the limits.
func FuzzParse(f *testing.F) {
	for method, rest := range knownHashes {
		f.Add(method + rest)
	}
	f.Add("scrypt:1048576:1:1$s$" + strings.Repeat("00", 64))
	f.Fuzz(func(t *testing.T, text string) {
		h, err := werkzeug.Parse(text)
		if err != nil {
			if h != nil || !errors.Is(err, werkzeug.ErrMalformed) {
				t.Errorf("%v, %v", h, err)
			}
			return
		}
		if cost := h.Cost(); cost < 0 || cost > 4*werkzeug.MaxRounds {
			t.Errorf("%v costs %d", h, cost)
		}
		again, err := werkzeug.Parse(h.String() + text[strings.Index(text, "$"):])
		if err != nil || again.String() != h.String() {
			t.Errorf("%v parses back as %v, %v", h, again, err)
		}
		if h.Cost() < 3000 {
			if _, err := h.Verify("x"); err != nil {
				t.Errorf("%v: %v", h, err)
			}
		}
	})
}

// BenchmarkVerify measures each method per round, and bare PBKDF2 for comparison.
func BenchmarkVerify(b *testing.B) {
	for _, method := range []string{"pbkdf2:sha1:260000", "pbkdf2:sha256:260000", "pbkdf2:sha512:260000", "scrypt:32768:8:1"} {
		digits := map[string]int{"pbkdf2:sha1:260000": 40, "pbkdf2:sha256:260000": 64}[method]
		if digits == 0 {
			digits = 128
		}
		h, err := werkzeug.Parse(method + "$saltsaltsaltsalt$" + strings.Repeat("00", digits/2))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(method, func(b *testing.B) {
			for b.Loop() {
				h.Verify(plain)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(h.Cost()), "ns/round")
		})
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			pbkdf2.Key(sha256.New, plain, []byte("saltsaltsaltsalt"), 260_000, 32)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/260_000, "ns/round")
	})
}
