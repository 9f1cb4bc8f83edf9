package courses

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/lecturespb"
)

// readTable reads a table with the adapter sheet. options are lines of KEY: VALUE.
func readTable(t *testing.T, data, options string) (*listBuilder, error) {
	t.Helper()
	r := &request{options: map[string]string{}, periods: hourlyPeriods(15), semester: lecturespb.Semester_spring, year: 2026}
	for line := range strings.Lines(options) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			r.options[key] = value
		}
	}
	if err := sheet().checkOptions(r.options); err != nil {
		return nil, err
	}
	m, err := newSheetMapping(r)
	if err != nil {
		return nil, err
	}
	l := newListBuilder(t.Context(), 1000)
	rows := newSheetRows(m, l)
	for row, err := range (response{origin: "the file", data: []byte(data)}).tableRows(m.tableSpec) {
		if err != nil {
			return l, err
		}
		rows.read(row)
	}
	return l, rows.finish()
}

// formatList returns the lectures and what was skipped, one a line.
func formatList(l *listBuilder) string {
	var b strings.Builder
	for _, lec := range l.lectures {
		fmt.Fprintf(&b, "%s %s; %s; %v; %s; %s\n", lec.Identifier, lec.Name, lec.Professor, lec.Credit, formatMeetings([]meeting{lec.Times}), lec.Url)
	}
	for _, s := range l.report.Examples {
		fmt.Fprintf(&b, "%s: %s\n", s.Row, s.Reason)
	}
	return b.String()
}

const required = "url: file:///x\ncolumn.identifier: code\ncolumn.title: title\n"

// TestSheetMapping is long because it is a table of what the mapping can express.
func TestSheetMapping(t *testing.T) {
	for _, test := range []struct{ name, options, data, want string }{
		{"days, begin and end in columns", "column.times: {day} {start}~{end}\ntimes: 월 11:00~12:15\ncolumn.room: room",
			"code,title,day,start,end,room\nA1,별,월,11:00,12:15,401\nA2,달,,,,\nA3,해,월,11:00,,402\nA4,땅,\"월\n수\",\"9:00\n10:00\",\"9:50\n10:50\",\"401\n402\"\n",
			"A1 별; ; 0; 0 660-735 401; \nA2 달; ; 0; ; \nA4 땅; ; 0; 0 540-590 401+2 600-650 402; \n" +
				"row 4: day (column 3), start (column 4), end (column 5): column end is empty, but day is not\n"},
		{"several columns of meetings", "column.times: t1 + t2 + t3\ntimes: 월3,4\ncolumn.room: r1 + r2 + r3",
			"code,title,t1,r1,t2,r2,t3,r3\nA1,별,월3,401,,,수4,403\nA2,달,월3,401,화3,402,수4,403\n",
			"A1 별; ; 0; 0 660-710 401+2 720-770 403; \nA2 달; ; 0; 0 660-710 401+1 660-710 402+2 720-770 403; \n"},
		{"a row for each meeting", "column.identifier: {dept}-{code}\ncolumn.times: time\ntimes: 월3,4\ncolumn.professor: who",
			"dept,code,title,time,who\nCS,1,별,월3,나별이\nCS,2,달,화3,\nCS,1,별,수3,김하나\nCS,,해,수3,\n",
			"CS-1 별; 나별이, 김하나; 0; 0 660-710+2 660-710; \nCS-2 달; ; 0; 1 660-710; \nrow 5: dept (column 1), code (column 2): column code is empty, but dept is not\n"},
		{"an unreadable row of a lecture", "column.times: time\ntimes: 월3,4",
			"code,title,time\nA1,별,월3\nA2,달,화3\nA1,별,언젠가\n",
			"A2 달; ; 0; 1 660-710; \nrow 2: the lecture is incomplete: its row 4 cannot be read\nrow 4: time (column 3): time \"언젠가\" cannot be read from character 1, \"언젠가\": expected a weekday\n"},
		{"continued rows", "continued: yes\ncolumn.times: time\ntimes: 월3,4\nskip: state is 폐강\ncolumn.room: room",
			"code,title,time,room,state\nA1,별,월3,401,\n,,수3,402,\nA2,달,월3,,폐강\n,,화3,,\nA3,해,월3,,\n,,어느날,,\n,,목3,,\n합계,,,,\n",
			"A1 별; ; 0; 0 660-710 401+2 660-710 402; \nrow 4: skipped by the rule “state is 폐강”\nrow 5: it continues row 4, which is left out\n" +
				"row 6: the lecture is incomplete: its row 7 cannot be read\nrow 7: time (column 3): time \"어느날\" cannot be read from character 1, \"어느날\": expected a weekday\n" +
				"row 8: it continues row 7, which is left out\nrow 9: no title\n"},
		{"room of two columns, or another", "column.times: time\ntimes: 월3,4\ncolumn.room: {building}-{room} | place",
			"code,title,time,building,room,place\nA1,별,월3,별관,401,\nA2,달,월3,별관,,\nA3,해,월3,미정,-,운동장\n",
			"A1 별; ; 0; 0 660-710 별관-401; \nA2 달; ; 0; 0 660-710 별관; \nA3 해; ; 0; 0 660-710 운동장; \n"},
		{"credits in sentences", "column.credit: hours\npattern.credit: ^(\\d+(?:\\.\\d+)?)(?: TO \\d+)? hours?\\.$",
			"code,title,hours\nA1,별,1 TO 4 hours.\nA2,달,3 hours.\nA3,해,\nA4,땅,See department\n",
			"A1 별; ; 1; ; \nA2 달; ; 3; ; \nA3 해; ; 0; ; \nrow 5: hours (column 3): option pattern.credit does not match \"See department\"\n"},
		{"code and title in one column", "column.identifier: course\ncolumn.title: course\npattern.identifier: ^(\\S+)\npattern.title: ^\\S+ - (.*)$",
			"course,x\nA1 - 별,\nA2,\n", "A1 별; ; 0; ; \nrow 3: course (column 1): option pattern.title does not match \"A2\"\n"},
		{"placeholders of the school", "placeholders: Arranged, 별도 공지\ncolumn.times: time\ntimes: 월3,4\ncolumn.professor: who\ncolumn.credit: credit",
			"code,title,time,who,credit\nA1,별,ARRANGED,별도공지,arranged\n", "A1 별; ; 0; ; \n"},
		{"links behind cells", "url.link: yes\ncolumn.url: plan",
			"<html><table><tr><td>code<td>title<td>plan<tr><td>A1<td>별<td><a href='https://school.example/view?a=1&section=2'>보기</a><tr><td>A2<td>달<td>https://school.example/2" +
				"<tr><td>A3<td>해<td><a href='javascript:view()'>보기</a></table></html>",
			"A1 별; ; 0; ; https://school.example/view?a=1&section=2\nA2 달; ; 0; ; https://school.example/2\nA3 해; ; 0; ; \n"},
		{"entities in a URL", "column.url: plan", "code,title,plan\nA1,별 &amp; 달,https://school.example/?a=1&amp;b=2&section=1&copy=2\n",
			"A1 별 & 달; ; 0; ; https://school.example/?a=1&b=2&section=1&copy=2\n"},
		{"JSON", "rows: data.list\ncolumn.professor: teacher.name\ncolumn.times: {meetings.day} {meetings.start}~{meetings.end}\ntimes: 월 11:00~12:15\ncolumn.room: meetings.room",
			`{"data": {"list": [{"code": 101, "title": "별", "teacher": {"name": "나별이"}, "meetings": [{"day": "월", "start": "11:00", "end": "12:15", "room": "401"},` +
				`{"day": "수", "start": "13:00", "end": "14:15", "room": null}]}, {"code": "102", "title": "달", "teacher": null, "meetings": []}, {"code": "103", "title": {"ko": "해"}}]}}`,
			"101 별; 나별이; 0; 0 660-735 401+2 780-855; \n102 달; ; 0; ; \nrow 3: field title is an object instead of a text; its fields are \"ko\"\n"},
		{"headings and codes without digits", "column.credit: credit",
			"<table><tr><td>code<td>title<td>credit<tr><td colspan=3>2학년<tr><td>1.23457E+11<td>별<td>3<tr><td>A2<td>달<td>3</table>",
			"A2 달; ; 3; ; \nrow 2: all of its cells have the same text: it is a heading\nrow 3: code (column 1): 1.23457E+11 is a code whose digits a spreadsheet program has dropped\n"},
		{"errors of a spreadsheet program", "column.credit: credit", "code,title,credit,other\nA1,별,#DIV/0!,\nA2,달,3,#REF!\nA3,해,####,\n",
			"A2 달; ; 3; ; \nrow 2: credit (column 3) has the error #DIV/0!\nrow 4: credit (column 3) has the error ####\n"},
		{"rows that lost or gained a delimiter", "column.credit: credit", "code,title,credit,x\nA1,별,3,\nA2,별, 달,3\nA3,해,3\n\nA4,땅,별,3,\nA5,물,3,\n",
			"A1 별; ; 3; ; \nA5 물; ; 3; ; \nrow 3: the line next to it has too few cells: it may be the other half of this row\nrow 4: it has 3 cells, the header 4: it may be cut off\n" +
				"row 6: it has 5 cells, the header 4: a delimiter in a cell may lack quotes\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := required + test.options
			l, err := readTable(t, test.data, options)
			if err != nil {
				t.Fatal(err)
			}
			if got := formatList(l); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestSheetMappingErrors(t *testing.T) {
	for _, test := range []struct{ options, want string }{
		{"column.times: {day} {start\ntimes: 월3", "option column.times is \"{day} {start\": a { without a } behind it"},
		{"column.room: day}", "option column.room is \"day}\": a } without a { before it"},
		{"column.room: {}", "option column.room is \"{}\": a column's name is missing between { and }"},
		{"column.credit: a |  | b", "option column.credit is \"a |  | b\": a column's name is missing"},
		{"column.credit: c\npattern.credit: (\\d+", "option pattern.credit is not a regular expression"},
		{"column.credit: c\npattern.credit: \\d+", "option pattern.credit has 0 groups in parentheses"},
		{"pattern.credit: (\\d+)", "option pattern.credit requires option column.credit"},
		{"url.link: yes", "option url.link requires option column.url"},
		{"url.link: maybe", "option url.link is \"maybe\", must be one of yes, no"},
		{"format: csv\nrows: data", "option rows requires format json"},
		{"colunm.room: room", "adapter sheet has no option \"colunm.room\""},
	} {
		_, err := readTable(t, "", required+test.options)
		if err == nil || !strings.Contains(status.Convert(err).Message(), test.want) {
			t.Errorf("%s: error %v, want %q", test.options, err, test.want)
		}
	}
}

func TestMissingColumn(t *testing.T) {
	for _, test := range []struct{ options, data, want string }{
		{"column.times: 시각\ntimes: 월3\ncolumn.credit: 학점", "code,title,시간,학점\nA1,별,월3,3\n",
			"the file has no column 시각 (option column.times); its columns that no option names are 시간; the header is code | title | 시간 | 학점"},
		{"column.room: {건물} {호실}\ncolumn.times: 시간\ntimes: 월3\nskip: 상태 is 폐강", "code,title,시간,건물\nA1,별,월3,3\n",
			"the file has no column 호실 (option column.room), 상태 (option skip); all of its other columns are in use; the header is code | title | 시간 | 건물"},
		{"column.credit: 학점", "A1,별,월3,3\n", "the file has no header with code, title, 학점; the most similar row is A1 | 별 | 월3 | 3"},
		{"rows: list\ncolumn.credit: credits", `{"list": [{"code": "A", "title": "B", "credit": 3}]}`,
			"the file: json: no row has the field credits; the first row has \"code\", \"credit\", \"title\": unsupported file"},
	} {
		_, err := readTable(t, test.data, required+test.options)
		if got := status.Convert(err).Message(); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}
