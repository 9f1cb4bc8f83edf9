package olddata

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Config says what to generate. The zero value is the demo database.
type Config struct {
	Seed uint64
	// Users is the number of users, 2,000 if 0.
	Users int
	// LecturesPerUser is the average, 8 if 0. Users have up to 4 timetables.
	LecturesPerUser int
	// Clean omits all dirt.
	Clean bool
}

// Million is a database of 30,000 users with about 1,000,000 lectures.
func Million() Config { return Config{Users: 30_000, LecturesPerUser: 33} }

// Generator makes demo data. It is safe for concurrent use.
type Generator struct{ config Config }

// New returns a generator.
func New(config Config) *Generator {
	if config.Users == 0 {
		config.Users = 2000
	}
	if config.LecturesPerUser == 0 {
		config.LecturesPerUser = 8
	}
	return &Generator{config}
}

// Len returns the number of users.
func (g *Generator) Len() int { return g.config.Users }

// random returns the source of everything about user i.
func (g *Generator) random(i int) *rand.Rand { return rand.New(rand.NewPCG(g.config.Seed, uint64(i))) }

// User returns user i, counted from 0.
func (g *Generator) User(i int) *User {
	r := g.random(i)
	created := localTime(r)
	u := &User{
		ID:           newUUID(r),
		Username:     ptr(username(i)),
		PasswordHash: ptr(hashes()[i%distinctPasswords]),
		Password:     passwordOf(i % distinctPasswords),
		Name:         ptr(pick(r, "김희경", "이영희", "박철수", "Jane Doe", "남궁민수", "최")),
		CreatedAt:    ptr(created),
		UpdatedAt:    ptr(created.Add(time.Duration(r.IntN(1e6)) * time.Second)),
	}
	dirt, isFirst := g.dirtOf(i)
	for n := range r.IntN(5) {
		u.Timetables = append(u.Timetables, g.timetable(r, u, n))
	}
	if dirt != nil {
		if len(u.Timetables) == 0 {
			u.Timetables = append(u.Timetables, g.timetable(r, u, 0))
		}
		if t := u.Timetables[0]; len(t.Lectures) == 0 {
			t.Lectures = append(t.Lectures, lecture(r, t))
		}
		u.Dirt = dirt.name
		dirt.spoil(&spoiler{g: g, r: r, i: i, first: isFirst, User: u})
	}
	return u
}

func (g *Generator) timetable(r *rand.Rand, u *User, n int) *Timetable {
	created := u.CreatedAt.Add(time.Duration(n*200*24+r.IntN(1000)) * time.Hour)
	t := &Timetable{
		ID:         hexID(r),
		UserID:     ptr(u.ID),
		SemesterID: ptr(semesterID(r)),
		Title:      ptr(pick(r, "시간표", "1안", "2안 (플랜 B)", "Timetable", "🎓 마지막 학기")),
		CreatedAt:  ptr(created),
		UpdatedAt:  ptr(created),
	}
	// Users have two timetables on average, so each has half of a user's lectures on average.
	for range r.IntN(g.config.LecturesPerUser + 1) {
		t.Lectures = append(t.Lectures, lecture(r, t))
	}
	return t
}

func lecture(r *rand.Rand, t *Timetable) *Lecture {
	created := t.CreatedAt.Add(time.Duration(r.IntN(1e6)) * time.Second)
	l := &Lecture{
		ID:          newUUID(r),
		TimetableID: ptr(t.ID),
		Identifier:  ptr(fmt.Sprintf("COSE%03d-%02d", r.IntN(500), 1+r.IntN(9))),
		Title:       ptr(pick(r, "자료구조", "운영체제", "확률과 통계", "Academic English", "글쓰기")),
		Professor:   ptr(pick(r, "홍길동", "임꺽정", "Turing, A.", "")),
		Credit:      ptr(pick(r, 3.0, 2, 1, 0.5, 0)),
		CreatedAt:   ptr(created),
		UpdatedAt:   ptr(created),
	}
	for range 1 + r.IntN(2) {
		begin := int32(540 + 30*r.IntN(16))
		l.Times = append(l.Times, LectureTime{
			Weekday: ptr(int32(r.IntN(5))), TimeBegin: ptr(begin), TimeEnd: ptr(begin + 75),
			Room: ptr(pick(r, "정보관 202", "우당교양관 101", "")),
		})
	}
	l.Categories = []LectureCategory{{ptr(int32(0)), ptr("전공")}, {ptr(int32(1)), ptr(pick(r, "필수", "선택"))}}
	if r.IntN(4) == 0 {
		l.Tags = []*string{ptr(pick(r, "영강", "온라인", "P/NP"))}
	}
	return l
}

// username returns the clean username of user i: Hangul in NFC for half of them.
func username(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("고양이cat%d", i)
	}
	return fmt.Sprintf("student%d", i)
}

func ptr[T any](value T) *T { return &value }

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func newUUID(r *rand.Rand) string {
	id, err := uuid.NewRandomFromReader(reader{r})
	if err != nil {
		panic(err) // reader never fails
	}
	return id.String()
}

func hexID(r *rand.Rand) string {
	var raw [16]byte
	_, _ = reader{r}.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

type reader struct{ r *rand.Rand }

func (r reader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.r.Uint32())
	}
	return len(p), nil
}

// localTime returns a moment of the years 2017 to 2025, at random hours, night included: where a zone is
// confused, some dates change.
func localTime(r *rand.Rand) time.Time {
	begin := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	return begin.Add(time.Duration(r.Int64N(9*365*24*3600*1e6)) * time.Microsecond)
}

// repeat returns a text of n characters.
func repeat(text string, n int) string {
	return string([]rune(strings.Repeat(text, n))[:n])
}
