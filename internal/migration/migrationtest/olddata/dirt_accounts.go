package olddata

import (
	"time"

	"heek.kr/heektime/internal/schema"
)

// hash returns a dirt of the password hash.
func hash(what, text string) dirt {
	return dirt{what, func(s *spoiler) { s.PasswordHash, s.Password = &text, "" }}
}

// accountDirt has accounts that nobody can sign in to, and times that no clock showed.
var accountDirt = []dirt{
	{"password hash is NULL", func(s *spoiler) { s.PasswordHash, s.Password = nil, "" }},
	hash("password hash is empty", ""),
	hash("password hash is of another method", "$2b$12$abcdefghijklmnopqrstuuWvzU6ipQ1bJ3r0WZQv0xP6r1v6Jm1yK"),
	hash("password hash is cut off", "pbkdf2:sha256:10$salt"),
	hash("password hash has a billion rounds", "pbkdf2:sha256:1000000000$salt$00"),
	{"user's name is NULL", func(s *spoiler) { s.Name = nil }},
	{"user's name has 300 characters", func(s *spoiler) { s.Name = ptr(repeat("김", 300)) }},
	{"user's times are NULL", func(s *spoiler) { s.CreatedAt, s.UpdatedAt = nil, nil }},
	{"user was updated before they were created", func(s *spoiler) { s.UpdatedAt = ptr(s.CreatedAt.AddDate(-1, 0, 0)) }},
	{"user was created in year 1", func(s *spoiler) { s.CreatedAt = ptr(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)) }},
	{"user was created in year 20250", func(s *spoiler) { s.CreatedAt = ptr(time.Date(20250, 1, 1, 0, 0, 0, 0, time.UTC)) }},
	{"user has nothing but an id", func(s *spoiler) {
		s.Username, s.PasswordHash, s.Password, s.Name, s.CreatedAt, s.UpdatedAt = nil, nil, "", nil, nil, nil
	}},
	{"user has 60 timetables", func(s *spoiler) {
		for len(s.Timetables) < 60 {
			s.Timetables = append(s.Timetables, s.g.timetable(s.r, &User{ID: s.ID, CreatedAt: ptr(localTime(s.r))}, 0))
		}
	}},
}

// title returns a dirt of a timetable's and a lecture's title.
func title(what string, text *string) dirt {
	return dirt{what, func(s *spoiler) { s.timetable().Title, s.lecture().Title = text, text }}
}

// timetableDirt has timetables that belong nowhere, and titles.
var timetableDirt = []dirt{
	title("title has 500 characters", ptr(repeat("아주 긴 제목 ", 500))),
	title("title has 500 emoji", ptr(repeat("🎓", 500))),
	title("title would be cut within a character of several", ptr(repeat("가", schema.MaxTitle-1)+"👨‍👩‍👧")),
	title("title would be cut between letter and accent", ptr(repeat("가", schema.MaxTitle-1)+"e\u0301")),
	title("title is NULL", nil),
	title("title is empty", ptr("")),
	title("title has control characters", ptr("a\x01b\n\tc\u2028")),
	{"timetable's user is NULL", func(s *spoiler) { s.timetable().UserID = nil }},
	{"timetable's user is unknown", func(s *spoiler) { s.timetable().UserID = ptr(newUUID(s.r)) }},
	{"timetable's semester is NULL", func(s *spoiler) { s.timetable().SemesterID = nil }},
	{"timetable's semester is unknown", func(s *spoiler) { s.timetable().SemesterID = ptr("korea_univ_anam/1999-1학기") }},
	{"timetable's semester is empty", func(s *spoiler) { s.timetable().SemesterID = ptr("") }},
	{"timetable's semester has no slash", func(s *spoiler) { s.timetable().SemesterID = ptr("2019-1학기") }},
	{"timetable's semester is of a closed school", func(s *spoiler) { s.timetable().SemesterID = ptr("closed_univ/2012-2학기") }},
	{"timetable's times are NULL", func(s *spoiler) { s.timetable().CreatedAt, s.timetable().UpdatedAt = nil, nil }},
	{"timetable's id is in upper case", func(s *spoiler) { s.rename("ABCDEF" + hexID(s.r)[6:]) }},
	{"timetable's id is short", func(s *spoiler) { s.rename(hexID(s.r)[:10]) }},
	{"timetable has 150 lectures", func(s *spoiler) {
		for t := s.timetable(); len(t.Lectures) < 150; {
			t.Lectures = append(t.Lectures, lecture(s.r, &Timetable{ID: t.ID, CreatedAt: ptr(localTime(s.r))}))
		}
	}},
}

// rename changes the id of the timetable.
func (s *spoiler) rename(id string) {
	s.timetable().ID = id
	for _, l := range s.timetable().Lectures {
		l.TimetableID = &id
	}
}
