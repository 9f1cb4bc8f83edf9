package conversion_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// FuzzLecture checks that whatever a row has, it becomes a document that the schema allows or is left out with
// a reason, and that the document becomes the same row.
func FuzzLecture(f *testing.F) {
	f.Add("x", "제목", "3", `[{"weekday":0,"timeBegin":540,"timeEnd":615,"room":""}]`, `["a",null]`, `[{"name":"b"}]`, "2022-03-01 09:00:00")
	f.Add("", "\xff\x00", "NaN", "{", "[[[", "[1,2,{},[]]", "infinity")
	f.Add("\u202e", strings.Repeat("e\u0301", 400), "-1e999", `[{"weekday":1e3}]`, `"x"`, `["\ud800"]`, "10000-01-01")
	c := converter(f, legacydb.Default())
	f.Fuzz(func(t *testing.T, identifier, title, credit, times, category, tags, created string) {
		row := cleanLecture()
		row.Identifier, row.Title, row.Credit, row.Times, row.Category, row.Tags, row.CreatedAt = &identifier, &title, &credit, &times, &category, &tags, &created
		doc, findings := c.Lecture(row)
		if doc == nil {
			t.Fatalf("left out: %s", describe(findings))
		}
		check(t, doc)
		if back, aside := c.LectureRow(*doc, &row); len(aside) > 0 || !reflect.DeepEqual(*back, row) {
			t.Errorf("becomes another row: %+v, aside %v", back, aside)
		}
		// Converted again from scratch, it says the same.
		fresh, aside := c.LectureRow(*doc, nil)
		if len(aside) > 0 {
			t.Fatalf("aside %v", aside)
		}
		fresh.UserID, fresh.SemesterID = row.UserID, row.SemesterID
		if again, findings := c.Lecture(*fresh); again == nil || conversion.Hash(again) != conversion.Hash(doc) {
			t.Errorf("differs: %v, %s", conversion.Compare(doc, again), describe(findings))
		}
	})
}

// FuzzUser does the same for users. Names that somebody else has in another spelling are in names_test.go.
func FuzzUser(f *testing.F) {
	for _, name := range []string{"minsu", "\x00", "\xff", "a@b.kr", "__x__", "..", strings.Repeat("ﷺ", 100), "\u200b\u200b\u200b\u200b", "ǅ", "-user-abcdef", "İİİİ"} {
		f.Add(name, "pbkdf2:sha256:1$a$00", "2022-03-01")
	}
	f.Fuzz(func(t *testing.T, name, hash, created string) {
		c := converter(t, legacydb.Default())
		row := cleanUser()
		row.Username, row.PasswordHash, row.CreatedAt = &name, &hash, &created
		c.Names().Put(row)
		docs, findings := c.User(row)
		if docs == nil {
			t.Fatalf("left out: %s", describe(findings))
		}
		for _, doc := range docs.All() {
			check(t, doc)
		}
		if back, aside := c.UserRow(*docs.User, &row); len(aside) > 0 || !reflect.DeepEqual(*back, row) {
			t.Errorf("%q becomes %q, aside %v", name, *back.Username, aside)
		}
	})
}

// TestRandomBytes runs the fuzz targets' checks on mutations of their seeds, in every run of the tests.
func TestRandomBytes(t *testing.T) {
	c := converter(t, legacydb.Default())
	r := rand.New(rand.NewPCG(7, 15))
	seeds := []string{*cleanLecture().Times, *cleanLecture().Category, *cleanLecture().Tags, "2022-03-01 09:00:00", "3", "[null]", `[{"weekday":"6"}]`}
	mutate := func() *string {
		text := []byte(seeds[r.IntN(len(seeds))])
		for range r.IntN(4) {
			switch i := r.IntN(len(text) + 1); r.IntN(3) {
			case 0:
				text = append(text[:i:i], append([]byte{byte(r.Uint32())}, text[i:]...)...)
			case 1:
				text = text[:i]
			default:
				text = append(text, text[:i]...)
			}
		}
		s := string(text)
		return &s
	}
	for range 3000 {
		row := cleanLecture()
		row.Title, row.Credit, row.Times, row.Category, row.Tags, row.UpdatedAt = mutate(), mutate(), mutate(), mutate(), mutate(), mutate()
		doc, findings := c.Lecture(row)
		if doc == nil {
			t.Fatalf("%+v is left out: %s", row, describe(findings))
		}
		check(t, doc)
		if back, aside := c.LectureRow(*doc, &row); len(aside) > 0 || !reflect.DeepEqual(*back, row) {
			t.Errorf("%+v becomes %+v, aside %v", row, back, aside)
		}
	}
}
