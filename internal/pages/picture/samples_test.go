package picture

import (
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

func lecture(id, title, professor string, times ...schema.LectureTime) share.Lecture {
	return share.Lecture{Lecture: schema.Lecture{Identifier: id, Title: title, Professor: professor, Times: times}}
}

// at makes a meeting from clock times such as 1330.
func at(weekday, begin, end int, room string) schema.LectureTime {
	return schema.LectureTime{
		Weekday: weekday, TimeBegin: begin/100*60 + begin%100, TimeEnd: end/100*60 + end%100, Room: room,
	}
}

// usual is what most timetables look like.
func usual() *share.Timetable {
	return &share.Timetable{
		Title: "3학년 2학기 시간표", Username: "byeoli", Semester: schema.Semester{Year: 2026, Term: schema.SecondTerm},
		Lectures: []share.Lecture{
			lecture("CS201", "자료구조", "김나무", at(0, 900, 1015, "공학관 301"), at(2, 900, 1015, "공학관 301")),
			lecture("CS301", "운영체제", "이바다", at(0, 1030, 1145, "전산관/101"), at(3, 1030, 1145, "전산관/101")),
			lecture("MA101", "선형대수학 및 연습", "박하늘", at(1, 1200, 1315, "과학관 B102"), at(3, 1200, 1315, "과학관 B102")),
			lecture("EN110", "Academic English Ⅱ", "J. Smith", at(2, 1330, 1520, "국제관 205")),
			lecture("PH210", "서양철학의 이해와 현대사회의 여러 문제들", "최별",
				at(1, 1500, 1615, "인문관 대강당"), at(4, 1030, 1145, "인문관 대강당")),
			lecture("AR115", "사진과 영상", "정구름", at(4, 1300, 1550, "예술관 지하 1층 스튜디오 ②")),
			lecture("CS499", "졸업논문", "김나무"),
		},
	}
}

// crowded has 15 lectures on each of seven days, from 7:00 to 23:30.
func crowded() *share.Timetable {
	t := &share.Timetable{
		Title: "이름이 아주아주 긴 시간표 이름이 아주아주 긴 시간표 이름이 아주아주 긴 시간표", Username: "someone_with_a_long_name",
		Semester: schema.Semester{Year: 2026, Term: schema.WinterTerm},
	}
	for i := range 15 {
		name := string(rune('A' + i))
		l := lecture(name+"00", "제목이 긴 과목 "+name, "교수"+name)
		for day := range 7 {
			begin := 7*60 + i*66
			l.Times = append(l.Times, schema.LectureTime{Weekday: day, TimeBegin: begin, TimeEnd: min(begin+50, 23*60+30), Room: "본관 101"})
		}
		t.Lectures = append(t.Lectures, l)
	}
	return t
}

// strange has what people write into a document that they share: markup, emoji, reversed and stacked
// letters, Hanja, invisible names; short, late and overlapping meetings.
func strange() *share.Timetable {
	t := usual()
	t.Title = "🌸\u202e봄</text><script>🎹 내 시간표 ㅤ 한글 \x00"
	t.Lectures = append(t.Lectures,
		lecture("X1", "漢文講讀 ①② 𝓕𝓪𝓷𝓬𝔂", "م. علي", at(0, 1000, 1200, "\u202eabc")),
		lecture("X2", "띄어쓰기없이아주긴과목이름데이터베이스시스템설계및실습프로젝트", "뷁쀍", at(0, 930, 1130, "강의실")),
		lecture("X3", "Z̸̡a̵l̴g̷o̶ Pneumonoultramicroscopicsilicovolcanoconiosis", "", at(0, 1110, 1300, "")),
		lecture("X4", "짧은", "", at(5, 2230, 2400, "온라인"), at(1, 900, 910, "x")))
	for i := range 15 {
		t.Lectures = append(t.Lectures, lecture("Y"+string(rune('A'+i)), "겹침 강의", "", at(5, 900+i, 1200, "방")))
	}
	return t
}
