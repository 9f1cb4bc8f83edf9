package schema

import "heek.kr/heektime/internal/lecturespb"

// FromProto sets l to a lecture of the course service. It reuses the lists that l has.
func (l *Lecture) FromProto(from *lecturespb.Lecture) {
	*l = Lecture{
		Identifier: from.GetIdentifier(), Title: from.GetName(), Professor: from.GetProfessor(), Credit: from.GetCredit(),
		Category: from.GetCategory(), URL: from.GetUrl(), Times: l.Times[:0], Metas: l.Metas[:0],
	}
	for _, t := range from.GetTimes() {
		l.Times = append(l.Times, LectureTime{
			Weekday: int(t.GetWeekday()), TimeBegin: int(t.GetTimeBegin()), TimeEnd: int(t.GetTimeEnd()), Room: t.GetRoom(),
		})
	}
	for _, m := range from.GetMetas() {
		if tag := m.GetTag(); tag != "" {
			l.Metas = append(l.Metas, Tag(tag))
		}
	}
}
