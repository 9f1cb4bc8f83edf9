package demo

import "fmt"

// row is a section as JSON, with the fields of Korea University. The adapter needs about ten of them and
// must ignore the others.
type row struct {
	RowID        int     `json:"ROWID"`
	Year         string  `json:"YEAR"`
	Term         string  `json:"TERM"`
	Campus       string  `json:"CAMPUS"`
	GradCode     string  `json:"GRAD_CD"`
	GradName     string  `json:"GRAD_NM"`
	CollegeCode  string  `json:"COL_CD"`
	DeptCode     string  `json:"DEPT_CD"`
	Department   string  `json:"DEPARTMENT"`
	CourseCode   string  `json:"COUR_CD"`
	Class        string  `json:"COUR_CLS"`
	Title        string  `json:"COUR_NM"`
	Category     string  `json:"ISU_NM"`
	Professor    *string `json:"PROF_NM"`
	Credit       string  `json:"CREDIT"`
	Hours        string  `json:"TIME"`
	TimeRoom     *string `json:"TIME_ROOM"`
	English      string  `json:"ENG_YN"`
	EnglishShare string  `json:"ENG100"`
	Online       string  `json:"MOOC_YN"`
	Flexible     string  `json:"FLEXIBLE_TERM"`
	FlexibleFrom string  `json:"FLEXIBLE_FR_DT"`
	FlexibleTo   string  `json:"FLEXIBLE_TO_DT"`
	Absolute     string  `json:"ABSOLUTE_YN"`
	FreeAttend   string  `json:"ATTEND_FREE_YN"`
	Unproctored  string  `json:"NO_SUPERVISOR_YN"`
	Exchange     string  `json:"EXCH_COR_YN"`
	Limited      string  `json:"LMT_YN"`
	Quota        int     `json:"LMT_CNT"`
	Registered   int     `json:"APPLY_CNT"` // differs in every response
	Remark       string  `json:"ETC"`
	Params       string  `json:"PARAMS"`
}

const (
	campus        = "1"    // Seoul, the only campus
	undergraduate = "0136" // the only level
)

// row returns s as row i of the response to the request with the given number.
func (s *section) row(year, term string, i int, request int64) row {
	class := fmt.Sprintf("%02d", s.class)
	return row{
		RowID: i + 1, Year: year, Term: term, Campus: campus, GradCode: undergraduate, GradName: "대학",
		CollegeCode: s.course.collegeCode, DeptCode: s.course.department.code, Department: s.course.department.name,
		CourseCode: s.course.code, Class: class, Title: s.title, Category: s.course.category,
		Professor: s.orNull(s.professor), Credit: s.credit, Hours: s.course.hours, TimeRoom: s.orNull(s.timeRoom()),
		English: yesNo(s.english), EnglishShare: percent(s.english), Online: yesNo(s.online), Flexible: "N",
		Absolute: yesNo(s.quota < 25), FreeAttend: "N", Unproctored: "N", Exchange: yesNo(s.quota > 60), Limited: yesNo(s.limited),
		Quota: s.quota, Registered: int((int64(i)*31 + request*7) % int64(s.quota+1)), Remark: s.remark,
		Params: s.course.code + "@" + class,
	}
}

// orNull returns text, or null if it is empty and s has nulls instead of empty strings.
func (s *section) orNull(text string) *string {
	if text == "" && s.nulls {
		return nil
	}
	return &text
}

func yesNo(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

func percent(all bool) string {
	if all {
		return "100"
	}
	return ""
}
