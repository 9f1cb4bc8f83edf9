package courses_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
	"heek.kr/heektime/internal/lecturespb"
)

// school is a server that records its requests.
type school struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

func newSchool(t *testing.T, handler http.HandlerFunc) *school {
	t.Helper()
	s := &school{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
		s.mu.Unlock()
		if got := r.Header.Get("User-Agent"); got != courses.DefaultUserAgent {
			t.Errorf("User-Agent is %q", got)
		}
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// checkRequests compares the requests in order.
func (s *school) checkRequests(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.requests, want) {
		t.Errorf("requests\n%s\nwant\n%s", strings.Join(s.requests, "\n"), strings.Join(want, "\n"))
	}
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSNUExcelRequests(t *testing.T) {
	rows := export(2)
	// The columns differ from day to day: they move, new ones appear, and headers gain words and line
	// breaks.
	rows[2] = slices.Insert(rows[2], 1, "개설대학")
	rows[3], rows[4] = slices.Insert(rows[3], 1, "하늘대학"), slices.Insert(rows[4], 1, "하늘대학")
	rows[2][13], rows[2][6], rows[2][9] = "강의실\n(동-호)(#연건, *평창)", "교과목명 ", "강 의"
	rows[4][17], rows[4][18] = "ⓔ®하늘대학", "영어"
	s := newSchool(t, handler("application/vnd.ms-excel", xlstest.FromStrings(rows)))
	client := start(t, courses.Config{})
	for _, test := range []struct {
		options []string
		want    string
	}{
		{nil, "GET /sugang/cc/cc100InterfaceExcel.action?srchCurrPage=1&srchLanguage=ko&srchOpenSchyy=2026&srchOpenShtm=U000200002U000300001&srchPageSize=9999&workType=EX"},
		{[]string{"request", "2013", "query.srchDeptCd", "별"}, "POST /sugang/cc/cc100excel.action srchCurrPage=1&srchDeptCd=%EB%B3%84&srchOpenSchyy=2026&srchOpenShtm=U000200002U000300001&srchPageSize=9999&workType=EX"},
		{[]string{"request", "plain"}, "GET /"},
	} {
		s.requests = nil
		lectures, _ := mustRead(t, client, payload(append(test.options, "adapter", "snu-xls", "url", s.URL)...))
		s.checkRequests(t, test.want)
		checkEqual(t, lectures[1], &lecturespb.Lecture{
			Identifier: "G000.101-001", Name: "별 보기의 기초 0", Professor: "나별이", Credit: 3, HoursPerWeek: 3, CurriculumType: "전선",
			Category: []string{"전선", "하늘대학", "별학과", "2학년"}, Metas: []*lecturespb.Lecture_Meta{tag("영강")},
			Times: []*lecturespb.Lecture_LectureTime{at(0, 660, 735, "001-101"), at(2, 660, 735, "001-101")},
		})
	}
	for semester, term := range map[lecturespb.Semester]string{
		lecturespb.Semester_spring: "U000200001U000300001", lecturespb.Semester_summer: "U000200001U000300002", lecturespb.Semester_winter: "U000200002U000300002",
	} {
		s.requests = nil
		req := payload("adapter", "snu-xls", "url", s.URL)
		req.Semester = semester
		mustRead(t, client, req)
		if !strings.Contains(s.requests[0], "srchOpenShtm="+term) {
			t.Errorf("%s: request %s", semester, s.requests[0])
		}
	}
	req := payload("adapter", "snu-xls", "url", s.URL)
	req.Semester = lecturespb.Semester_unknown
	if _, _, err := read(t.Context(), client, req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("unknown semester: error %v, want InvalidArgument", err)
	}
}

// areaTable returns the page of a liberal-arts area, in EUC-KR. Like the real one, it claims to be an
// Excel file in UTF-8.
func areaTable(t *testing.T, rows ...[12]string) []byte {
	t.Helper()
	page := "\n\n<meta http-equiv=\"Content-Type\" content=\"application/vnd.ms-excel;charset=utf-8\">\n<html><body>" +
		"<table><tr><td>학년도</td><td>2026</td></tr><tr><td>교과목명</td><td>&nbsp;</td></tr></table><br>\n<TABLE><TR>"
	for _, h := range []string{"학년", "교과목번호", "강좌번호", "강좌명", "교과구분", "학점-강의시간-실험시간", "교시", "구분", "강의실", "담당교수", "수강정원", "비고"} {
		page += "<TD>" + h + "</TD>\n"
	}
	page += "</TR>\n"
	for _, row := range rows {
		page += "<tr>"
		for _, c := range row {
			page += "<td class=\"pstyle2\">" + c + "&nbsp;</td>\n"
		}
		page += "</tr>\n"
	}
	data, err := korean.EUCKR.NewEncoder().String(page + "</table></body></html>")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(data)
}

func TestSNUPagesOverHTTP(t *testing.T) {
	stars := [12]string{"1학년", "G01.001", "001", "별 이야기", "교양", "3-2-2", "월&nbsp;3,4", "이론", "001-207", "나별이", "30", ""}
	lab := stars
	lab[6], lab[7], lab[8] = "수&nbsp;6-1.5", "실험반1", "-"
	otherCourse := [12]string{"", "G01.002", "&nbsp;", "달 이야기", "교양", "1-0-2", "&nbsp;&nbsp;", "", "-", "", "30", "수강제한"}
	pages := map[string][]byte{"11": areaTable(t, stars, lab, otherCourse), "12": areaTable(t, stars), "13": areaTable(t)}
	s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.ms-excel;charset=utf-8")
		w.Write(pages[r.URL.Query().Get("yungyuk_code")])
	})
	lectures, report := mustRead(t, start(t, courses.Config{}), payload("adapter", "snu-html",
		"url", s.URL+"/ssg/Ssg02102.jsp", "terms", "1 여름 2 겨울",
		"pages", "하늘 = ?gaesul_year={year}&gaesul_hakgi={term}&yungyuk_code=11\n우주 = ?gaesul_year={year}&gaesul_hakgi={term}&yungyuk_code=12\n\n빈 영역 = ?yungyuk_code=13\n"))
	s.checkRequests(t, "GET /ssg/Ssg02102.jsp?gaesul_year=2026&gaesul_hakgi=2&yungyuk_code=11", "GET /ssg/Ssg02102.jsp?gaesul_year=2026&gaesul_hakgi=2&yungyuk_code=12",
		"GET /ssg/Ssg02102.jsp?yungyuk_code=13")
	if report.Rows != 4 || report.Merged != 2 || len(lectures) != 2 {
		t.Errorf("report %+v, want 4 rows, 2 merged", report)
	}
	checkEqual(t, lectures[0], &lecturespb.Lecture{
		Identifier: "G01.001-001", Name: "별 이야기", Professor: "나별이", Credit: 3, HoursPerWeek: 4, CurriculumType: "교양",
		Category: []string{"교양", "1학년", "하늘", "우주"},
		Times:    []*lecturespb.Lecture_LectureTime{at(0, 660, 770, "001-207"), at(2, 840, 915, "")},
	})
	checkEqual(t, lectures[1], &lecturespb.Lecture{
		Identifier: "G01.002", Name: "달 이야기", Credit: 1, HoursPerWeek: 2, CurriculumType: "교양", Category: []string{"교양", "하늘"},
	})
}

func TestMJUFields(t *testing.T) {
	s := newSchool(t, handler("application/json", fixture(t, "mju.json")))
	lectures, _ := mustRead(t, start(t, courses.Config{}), payload("adapter", "mju-json", "url", s.URL+"/list-{year}-{term}.json"))
	s.checkRequests(t, "GET /list-2026-2.json")
	for i, want := range []*lecturespb.Lecture{
		{Identifier: "GAN00101-0101", Name: "별자리와 이야기", Professor: "나별이", Credit: 3, HoursPerWeek: 3, CurriculumType: "교선",
			Category: []string{"인문캠퍼스", "가온캠퍼스교양", "교선", "1학년"}, Metas: []*lecturespb.Lecture_Meta{tag("영강")},
			Times: []*lecturespb.Lecture_LectureTime{at(0, 540, 615, "G101"), at(2, 540, 615, "G102")}},
		{Identifier: "GAN00101-0102", Name: "별자리와 이야기", Credit: 1.5, HoursPerWeek: 2, CurriculumType: "교선",
			Category: []string{"자연캠퍼스", "가온캠퍼스교양", "교선"}, Metas: []*lecturespb.Lecture_Meta{tag("온라인")},
			Times: []*lecturespb.Lecture_LectureTime{at(1, 1080, 1190, "")}},
		{Identifier: "GAN00102-0103", Name: "졸업연구", Credit: 3, CurriculumType: "전필", Category: []string{"인문캠퍼스", "별학과", "전필", "4학년"}},
	} {
		checkEqual(t, lectures[i], want)
	}
}

func TestKorea(t *testing.T) {
	const form = "pCampus=1&pCol=&pCourCd=&pCourCls=&pCourDiv=00&pCourNm=&pCredit=&pDay=&pDept=&pEndTime=&pGradCd=0136&pGroupCd=&pProf=&pStartTime=&pTerm=2R&pYear=2026"
	for _, test := range []struct {
		request, fixture string
		requests         []string
	}{
		{"current", "korea-rows.json", []string{"GET /p/v/lectList?lang=ko", "POST /d/v/lectHakbu " + form}},
		{"data", "korea-data.json", []string{"GET /", "POST /view?attribute=lectHakbuData " + form}},
	} {
		t.Run(test.request, func(t *testing.T) {
			s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1", Path: "/"})
					return
				}
				if _, err := r.Cookie("JSESSIONID"); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=UTF-8" {
					http.Error(w, "no session", http.StatusForbidden)
					return
				}
				w.Write(fixture(t, test.fixture))
			})
			lectures, _ := mustRead(t, start(t, courses.Config{}), payload("adapter", "korea", "url", s.URL, "request", test.request, "division", "00"))
			s.checkRequests(t, test.requests...)
			checkEqual(t, lectures[0], &lecturespb.Lecture{
				Identifier: "STAR101-01", Name: "별 보기의 기초", Professor: "나별이", Credit: 3, HoursPerWeek: 3, CurriculumType: "전공선택",
				Category: []string{"별학과", "전공선택"}, Metas: []*lecturespb.Lecture_Meta{tag("영강")},
				Times: []*lecturespb.Lecture_LectureTime{at(1, 540, 705, "별관 401호"), at(3, 1080, 1130, "별관 402호")},
			})
			checkEqual(t, lectures[1], &lecturespb.Lecture{
				Identifier: "STAR101-02", Name: "별 보기의 기초", Credit: 3, HoursPerWeek: 3, CurriculumType: "전공선택", Category: []string{"별학과", "전공선택"},
			})
		})
	}
}

func TestKoreaErrorMessage(t *testing.T) {
	s := newSchool(t, handler("application/json", []byte(`{"code": "500", "message": "조회 기간이 아닙니다."}`)))
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload("adapter", "korea", "url", s.URL))
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "조회 기간이 아닙니다.") {
		t.Errorf("error %v, want FailedPrecondition with the school's message", err)
	}
}

// TestPeriods checks that the request's periods replace the adapter's own.
func TestPeriods(t *testing.T) {
	s := newSchool(t, handler("application/json", fixture(t, "korea-rows.json")))
	client := start(t, courses.Config{})
	req := payload("adapter", "korea", "url", s.URL)
	req.Periods = []*lecturespb.Period{{Period: 1, TimeBegin: 480, TimeEnd: 530}, {Period: 2, TimeBegin: 540, TimeEnd: 590}, {Period: 7, TimeBegin: 900, TimeEnd: 950}}
	lectures, _ := mustRead(t, client, req)
	checkEqual(t, lectures[0].Times[0], at(1, 480, 590, "별관 401호"))
	req.Periods = req.Periods[:2]
	if _, report, err := read(t.Context(), client, req); status.Code(err) != codes.OK || report.Skipped != 1 || !strings.Contains(report.Examples[0].Reason, "period 7") {
		t.Errorf("period that is not in the table: error %v, report %+v", err, report)
	}
	req.Periods[1].Period = 1
	if _, _, err := read(t.Context(), client, req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("duplicated period: error %v, want InvalidArgument", err)
	}
	req.Periods[1].Period, req.Periods[1].TimeEnd = 2, 2000
	if _, _, err := read(t.Context(), client, req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("period beyond midnight: error %v, want InvalidArgument", err)
	}
}

func TestChungAng(t *testing.T) {
	s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["year"] != "2026" || body["shtm"] != "2" || body["colgcd"] != "00000" {
			t.Errorf("request body %v, error %v", body, err)
		}
		w.Write(fixture(t, "chungang.json"))
	})
	req := payload("adapter", "chungang", "url", s.URL)
	req.Periods = []*lecturespb.Period{{Period: 3, TimeBegin: 660, TimeEnd: 710}, {Period: 4, TimeBegin: 720, TimeEnd: 770}}
	lectures, _ := mustRead(t, start(t, courses.Config{}), req)
	checkEqual(t, lectures[0], &lecturespb.Lecture{
		Identifier: "10001-01", Name: "별 & 달", Professor: "나별이", Credit: 3, HoursPerWeek: 3, CurriculumType: "전공",
		Category: []string{"하늘대학", "별학부", "별학전공", "전공", "2학년"}, Metas: []*lecturespb.Lecture_Meta{tag("영강")},
		Times: []*lecturespb.Lecture_LectureTime{at(0, 630, 705, "101관(별관) 401호"), at(2, 660, 770, "101관(별관) 401호")},
	})
	checkEqual(t, lectures[1], &lecturespb.Lecture{
		Identifier: "10002-01", Name: "별 이야기", Credit: 0.5, HoursPerWeek: 1, CurriculumType: "교양", Category: []string{"하늘대학", "교양"},
	})
	if len(s.requests) != 1 || !strings.HasPrefix(s.requests[0], "POST /std/usk/sUskSif001/selectSbjt.ajax ") {
		t.Errorf("requests %q", s.requests)
	}
}

// sheetOptions maps the columns of sheetRows.
var sheetOptions = []string{
	"adapter", "sheet", "column.identifier", "학수번호", "column.section", "분반", "column.title", "교과목명", "column.professor", "담당교수",
	"column.credit", "학점", "column.hours", "학점", "hours.number", "2", "column.times", "강의시간", "column.room", "강의실", "column.category", "이수구분, 개설학과",
	"column.url", "강의계획서", "times", "월(11:00~12:15) | 월3,4", "tag.영강", "비고 contains ⓔ | 언어 is 영어", "tag.온라인", "비고 contains 온라인", "skip", "상태 is 폐강",
}

var sheetRows = [][]string{
	{"2026학년도 2학기 개설강좌"},
	{"순번", "이수구분", "개설학과", "학수번호", "분반", "교과목명(영문)", "담당교수", "학점 (시간)", "강의시간", "강의실", "비고", "언어", "상태", "강의계획서", "신청인원"},
	{"1", "전선", "별학과", "STAR101", "01", "별 보기의 기초", "나별이", "3(4)", "월(11:00~12:15)/수3,4", "401/402", "ⓔ, 온라인 병행", "한국어", "", "https://school.example/1", "10"},
	{"2", "교양", "", "STAR102", "01", "달 보기", "미정", "2(2)", "미정", "", "", "영어", "", "javascript:alert(1)", "3"},
	{"3", "교양", "", "STAR103", "01", "해 보기", "", "2(2)", "", "", "", "", "폐강", "", "0"},
	{},
	{"합계", "", "", "", "", "", "", "", "", "", "", "", "", "", "13"},
}

// checkSheet reads sheetRows from s with sheetOptions and more.
func checkSheet(t *testing.T, s *school, more ...string) {
	t.Helper()
	req := payload(append(append([]string{"url", s.URL + "/courses"}, more...), sheetOptions...)...)
	req.Periods = []*lecturespb.Period{{Period: 3, TimeBegin: 660, TimeEnd: 710}, {Period: 4, TimeBegin: 720, TimeEnd: 770}}
	lectures, report := mustRead(t, start(t, courses.Config{}), req)
	if report.Rows != 4 || report.Skipped != 2 || !strings.Contains(report.Examples[0].Reason, "상태 is 폐강") || !strings.Contains(report.Examples[1].Reason, "no course code") {
		t.Errorf("report %+v, want 4 rows, 2 skipped", report)
	}
	if len(lectures) != 2 {
		t.Fatalf("got %d lectures, want 2", len(lectures))
	}
	checkEqual(t, lectures[0], &lecturespb.Lecture{
		Identifier: "STAR101-01", Name: "별 보기의 기초", Professor: "나별이", Credit: 3, HoursPerWeek: 4, Category: []string{"전선", "별학과"},
		Times: []*lecturespb.Lecture_LectureTime{at(0, 660, 735, "401"), at(2, 660, 770, "402")},
		Metas: []*lecturespb.Lecture_Meta{tag("영강"), tag("온라인")}, Url: "https://school.example/1",
	})
	checkEqual(t, lectures[1], &lecturespb.Lecture{
		Identifier: "STAR102-01", Name: "달 보기", Credit: 2, HoursPerWeek: 2, Category: []string{"교양"}, Metas: []*lecturespb.Lecture_Meta{tag("영강")},
	})
}

func csvOf(rows [][]string, delimiter string) string {
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				b.WriteString(delimiter)
			}
			b.WriteString(`"` + c + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func TestSheet(t *testing.T) {
	text := csvOf(sheetRows, ",")
	euc, err := korean.EUCKR.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	table := "<html><body><table>"
	for _, row := range sheetRows {
		table += "<tr><td>" + strings.Join(row, "</td><td>") + "</td></tr>"
	}
	table += "</table></body></html>"
	book := excelize.NewFile()
	defer book.Close()
	if _, err := book.NewSheet("강좌"); err != nil {
		t.Fatal(err)
	}
	for i, row := range sheetRows {
		if err := book.SetSheetRow("강좌", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var xlsx bytes.Buffer
	if err := book.Write(&xlsx); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		body    []byte
		options []string
	}{
		{"csv", []byte(text), nil},
		{"csv with all options", []byte(euc), []string{"format", "csv", "charset", "euc-kr", "delimiter", ",", "header.row", "2"}},
		{"csv with tabs", []byte(csvOf(sheetRows, "\t")), []string{"delimiter", "tab"}},
		{"xlsx", xlsx.Bytes(), []string{"sheet", "강좌"}},
		{"xls", xlstest.FromStrings(sheetRows), nil},
		{"html", []byte(table), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkSheet(t, newSchool(t, handler("application/octet-stream", test.body)), test.options...)
		})
	}
}

// TestSheetHeaderErrors checks that the error shows the header of the file.
func TestSheetHeaderErrors(t *testing.T) {
	rows := slices.Clone(sheetRows)
	rows[1] = slices.Clone(rows[1])
	rows[1][3], rows[1][14] = "과목코드", strings.Repeat("긴 이름 ", 500)
	s := newSchool(t, handler("text/csv", []byte(csvOf(rows, ","))))
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload(append(sheetOptions, "url", s.URL)...))
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "학수번호") || !strings.Contains(err.Error(), "과목코드 | 분반") || len(err.Error()) > 1500 {
		t.Errorf("error %v, want FailedPrecondition with the header", err)
	}
	rows[1][3], rows[1][14] = "학수번호(구)", "학수번호(신)"
	s = newSchool(t, handler("text/csv", []byte(csvOf(rows, ","))))
	_, _, err = read(t.Context(), start(t, courses.Config{}), payload(append(sheetOptions, "url", s.URL)...))
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), `could be "학수번호(구)" or "학수번호(신)"`) {
		t.Errorf("error %v, want FailedPrecondition with both columns", err)
	}
}

// TestEmptyList checks that a list without rows succeeds. Whether it is published is up to the caller.
func TestEmptyList(t *testing.T) {
	for adapter, body := range map[string][]byte{
		"snu-xls": xlstest.FromStrings(export(0)), "snu-html": areaTable(t), "mju-json": []byte("[]"),
		"korea": []byte(`{"code": "200", "rows": []}`), "chungang": []byte(`{"selectSust": []}`),
	} {
		s := newSchool(t, handler("application/octet-stream", body))
		if lectures, report := mustRead(t, start(t, courses.Config{}), payload("adapter", adapter, "url", s.URL)); len(lectures) > 0 || report.Rows > 0 {
			t.Errorf("%s: report %+v, want no rows", adapter, report)
		}
	}
}

// TestStableOrder checks that the same response gives the same lectures in the same order.
func TestStableOrder(t *testing.T) {
	s := newSchool(t, handler("text/csv", []byte(csvOf(sheetRows, ","))))
	client := start(t, courses.Config{})
	var first string
	for range 20 {
		req := payload(append(sheetOptions, "url", s.URL)...)
		req.Periods = []*lecturespb.Period{{Period: 3, TimeBegin: 660, TimeEnd: 710}, {Period: 4, TimeBegin: 720, TimeEnd: 770}}
		lectures, _ := mustRead(t, client, req)
		text := fmt.Sprint(lectures[0].Metas, lectures[1].Metas, lectures[0].Category)
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatalf("got %s, before it was %s", text, first)
		}
	}
}
