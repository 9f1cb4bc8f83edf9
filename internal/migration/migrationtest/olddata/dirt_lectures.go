package olddata

import (
	"fmt"
	"math"

	"golang.org/x/text/unicode/norm"
)

// times returns a dirt of a lecture's times: one more of them.
func times(what string, weekday, begin, end *int32) dirt {
	return dirt{what, func(s *spoiler) {
		s.lecture().Times = append(s.lecture().Times, LectureTime{weekday, begin, end, ptr("정보관 202")})
	}}
}

// credit returns a dirt of a lecture's credit.
func credit(what string, value float64) dirt {
	return dirt{what, func(s *spoiler) { s.lecture().Credit = &value }}
}

func i32(n int32) *int32 { return &n }

// lectureDirt has lectures that belong nowhere, and lectures with values out of bounds.
var lectureDirt = []dirt{
	{"lecture's timetable is NULL", func(s *spoiler) { s.lecture().TimetableID = nil }},
	{"lecture's timetable is unknown", func(s *spoiler) { s.lecture().TimetableID = ptr(hexID(s.r)) }},
	{"lecture is NULL but for its ids", func(s *spoiler) {
		*s.lecture() = Lecture{ID: s.lecture().ID, TimetableID: s.lecture().TimetableID}
	}},
	{"lecture's identifier has 200 characters", func(s *spoiler) { s.lecture().Identifier = ptr(repeat("COSE101-", 200)) }},
	{"lecture's professor has 800 characters", func(s *spoiler) { s.lecture().Professor = ptr(repeat("홍길동, ", 800)) }},
	credit("credit is negative", -3),
	credit("credit is 1000", 1000),
	credit("credit is NaN", math.NaN()),
	credit("credit is infinite", math.Inf(1)),
	credit("credit is not a multiple of anything", 2.0/3),
	times("time ends before it begins", i32(2), i32(720), i32(600)),
	times("time ends when it begins", i32(2), i32(720), i32(720)),
	times("time begins before midnight", i32(2), i32(-30), i32(60)),
	times("time ends after midnight", i32(2), i32(1380), i32(1500)),
	times("time's weekday is 7", i32(7), i32(600), i32(675)),
	times("time's weekday is negative", i32(-1), i32(600), i32(675)),
	times("time's weekday is NULL", nil, i32(600), i32(675)),
	times("time's begin is NULL", i32(2), nil, i32(675)),
	times("time is NULL", nil, nil, nil),
	{"time's room is NULL", func(s *spoiler) { s.lecture().Times[0].Room = nil }},
	{"time's room has 400 characters", func(s *spoiler) { s.lecture().Times[0].Room = ptr(repeat("정보관 ", 400)) }},
	{"lecture has a time twice", func(s *spoiler) { s.lecture().Times = append(s.lecture().Times, s.lecture().Times...) }},
	{"lecture has 20 times", func(s *spoiler) {
		for n := int32(0); len(s.lecture().Times) < 20; n++ {
			s.lecture().Times = append(s.lecture().Times, LectureTime{i32(n % 5), i32(480 + 10*n), i32(490 + 10*n), nil})
		}
	}},
	{"lecture has a tag twice", func(s *spoiler) { s.lecture().Tags = []*string{ptr("영강"), ptr("온라인"), ptr("영강")} }},
	{"lecture has a tag in two forms", func(s *spoiler) { s.lecture().Tags = []*string{ptr("영강"), ptr(norm.NFD.String("영강"))} }},
	{"lecture's tag is NULL or empty", func(s *spoiler) { s.lecture().Tags = []*string{nil, ptr(""), ptr("영강")} }},
	{"lecture's tag has 400 characters", func(s *spoiler) { s.lecture().Tags = []*string{ptr(repeat("영강", 400))} }},
	{"lecture has 12 tags", func(s *spoiler) {
		for n := range 12 {
			s.lecture().Tags = append(s.lecture().Tags, ptr(fmt.Sprintf("tag %02d", n)))
		}
	}},
	{"lecture has 30 categories", func(s *spoiler) {
		for n := range int32(30) {
			s.lecture().Categories = append(s.lecture().Categories, LectureCategory{i32(2 + n), ptr(fmt.Sprintf("분류 %d", n))})
		}
	}},
	{"lecture has two categories at one position", func(s *spoiler) { s.lecture().Categories[1].Position = i32(0) }},
	{"lecture's category has no position", func(s *spoiler) { s.lecture().Categories[0].Position = nil }},
	{"lecture's category is NULL", func(s *spoiler) { s.lecture().Categories[0].Name = nil }},
	{"lecture's category has 400 characters", func(s *spoiler) { s.lecture().Categories[0].Name = ptr(repeat("전공", 400)) }},
	{"lecture's times are NULL", func(s *spoiler) { s.lecture().CreatedAt, s.lecture().UpdatedAt = nil, nil }},
}
