package schema

import "heek.kr/heektime/internal/lecturespb"

// MinutesPerDay is the end of a day in minutes after midnight.
const MinutesPerDay = 24 * 60

// Period is one class hour of a school. TimeBegin and TimeEnd are minutes after midnight, Asia/Seoul.
type Period struct {
	Period    int `firestore:"period" json:"period"`
	TimeBegin int `firestore:"timeBegin" json:"timeBegin"`
	TimeEnd   int `firestore:"timeEnd" json:"timeEnd"`
}

// Proto converts the period for the course service.
func (p Period) Proto() *lecturespb.Period {
	return &lecturespb.Period{Period: int32(p.Period), TimeBegin: int32(p.TimeBegin), TimeEnd: int32(p.TimeEnd)}
}
