package school

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/schema"
)

const valid = `
schools:
  - id: 가온대학교-서울
    name: 가온대학교
    legacyId: gaon_univ
    source:
      adapter: sheet
      options: {url: "${SCHOOL}/list.csv", charset: euc-kr}
    periods:
      - {period: 1, timeBegin: "09:00", timeEnd: "10:15"}
      - {period: 2, timeBegin: "10:30", timeEnd: "24:00"}
    semesters:
      - {id: 2026-0900, year: 2026, term: 2학기, schedule: "*/30 8-20 * 8-9 *", options: {charset: utf-8}, firstDay: 2026-09-01, lastDay: "2026-12-21", holidays: [2026-10-02], classDays: [2026-10-09]}
      - {id: 2026-0300, year: 2026, term: 1학기, status: hidden}
`

func lookup(name string) (string, bool) { return "https://school.test", name == "SCHOOL" }

func TestParse(t *testing.T) {
	f, err := Parse(strings.NewReader(valid), lookup)
	if err != nil {
		t.Fatal(err)
	}
	s, sem, err := f.Find("가온대학교-서울", "2026-0900")
	if err != nil {
		t.Fatal(err)
	}
	options := s.SourceOptions(sem)
	want := map[string]string{"adapter": "sheet", "url": "https://school.test/list.csv", "charset": "utf-8"}
	for k, v := range want {
		if options[k] != v {
			t.Errorf("option %s = %q, want %q", k, options[k], v)
		}
	}
	if got := s.PeriodsOf(sem); len(got) != 2 || got[0] != (schema.Period{Period: 1, TimeBegin: 540, TimeEnd: 615}) || got[1].TimeEnd != 1440 {
		t.Errorf("periods = %v", got)
	}
	if sem.FirstDay != "2026-09-01" || sem.LastDay != "2026-12-21" || len(sem.Holidays) != 1 || len(sem.ClassDays) != 1 {
		t.Errorf("dates = %v to %v without %v and with %v", sem.FirstDay, sem.LastDay, sem.Holidays, sem.ClassDays)
	}
	if sem.Status != schema.StatusNormal || s.Loss() != DefaultMaxLoss {
		t.Errorf("defaults: status %q, loss %v", sem.Status, s.Loss())
	}
}

// TestParseWithByteOrderMark checks that files of editors that begin with one are read, and that an
// empty second document does no harm.
func TestParseWithByteOrderMark(t *testing.T) {
	for name, text := range map[string]string{"byte order mark": "\ufeff" + valid, "document markers": "---" + valid + "---\n# the end\n"} {
		if f, err := Parse(strings.NewReader(text), lookup); err != nil || len(f.Schools) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRareSchedules checks that a schedule that is due once in many years is accepted.
func TestRareSchedules(t *testing.T) {
	for _, cron := range []string{"0 0 29 2 *", "0 0 31 12 *", "0 0 31 2 1"} {
		if _, err := Parse(strings.NewReader(strings.Replace(valid, "*/30 8-20 * 8-9 *", cron, 1)), lookup); err != nil {
			t.Errorf("%s: %v", cron, err)
		}
	}
}

func TestSlot(t *testing.T) {
	f, err := Parse(strings.NewReader(valid), lookup)
	if err != nil {
		t.Fatal(err)
	}
	sem := &f.Schools[0].Semesters[0]
	seoul, _ := time.LoadLocation("Asia/Seoul")
	for _, c := range []struct{ now, want string }{
		{"2026-08-03 10:29", "2026-08-03 10:00"},
		{"2026-08-03 10:30", "2026-08-03 10:30"},
		{"2026-08-03 23:10", "2026-08-03 20:30"},
		{"2026-08-03 07:59", "2026-08-02 20:30"},
		{"2026-11-20 12:00", "2026-09-30 20:30"},
	} {
		now, _ := time.ParseInLocation("2006-01-02 15:04", c.now, seoul)
		got, ok := sem.Slot(now.UTC())
		if s := got.In(seoul).Format("2006-01-02 15:04"); !ok || s != c.want {
			t.Errorf("Slot(%s) = %s, %v, want %s", c.now, s, ok, c.want)
		}
	}
	if _, ok := f.Schools[0].Semesters[1].Slot(time.Now()); ok {
		t.Error("Slot of a semester without a schedule: got ok, want false")
	}
}

// TestParseErrors checks that the error for each mistake names it.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown key", "name: 가온대학교", "nmae: 가온대학교", `unknown field "nmae"; did you mean name?`},
		{"unknown key in capitals", "timeBegin", "TimeBegin", "did you mean timeBegin?"},
		{"schedule on no day", "*/30 8-20 * 8-9 *", "0 0 31 2 *", "is never due"},
		{"schedule on no day of several months", "*/30 8-20 * 8-9 *", "0 0 31 2,4,6,9,11 *", "is never due"},
		{"second document", "    semesters:", "    semesters: []\n---\nschools:\n  - semesters:", "line 13 begins a second YAML document"},
		{"byte order mark within", "name: 가온대학교", "\ufeffname: 가온대학교", "line 4 contains a byte order mark"},
		{"UTF-16", "\nschools", "\xff\xfeschools", "UTF-16"},
		{"EUC-KR", "name: 가온대학교", "name: \xb0\xa1", "line 4: byte 0xb0"},
		{"no semesters", "    semesters:", "    maxLoss: 0.5\n  - id: b\n    name: b\n    source: {adapter: sheet}\n    semesters:", "schools[0] (가온대학교-서울): semesters is empty"},
		{"duplicated school", "\nschools:", "\nschools:\n  - {id: b, name: b, legacyId: 가온대학교-서울, source: {adapter: sheet}, semesters: [{id: 2026-0900, year: 2026, term: 2학기}]}", `id "가온대학교-서울" is duplicated: schools[0] (b) has it, too`},
		{"slash in id", "id: 가온대학교-서울", "id: 가온/서울", "document id"},
		{"term", "term: 2학기", "term: 3학기", "3학기"},
		{"semester id", "id: 2026-0900", "id: 2026-9", "2026-9"},
		{"cron", "*/30 8-20 * 8-9 *", "*/30 8-20 *", "five fields"},
		{"cron with seconds", "*/30 8-20 * 8-9 *", "0 */30 8-20 * 8-9 *", "five fields"},
		{"variable", "${SCHOOL}", "${SCHUL}", "SCHUL"},
		{"time of day", `"09:00"`, `"9h"`, "9h"},
		{"duplicated period", "period: 2", "period: 1", "is duplicated"},
		{"duplicated semester", "id: 2026-0300", "id: 2026-0900", "is duplicated"},
		{"status", "status: hidden", "status: secret", "secret"},
		{"first day", "firstDay: 2026-09-01", "firstDay: 2026-09-31", `semesters[0] (2026-0900): firstDay: "2026-09-31" is not a date`},
		{"last day before the first", "2026-12-21", "2026-08-21", "lastDay 2026-08-21 is not within 200 days after firstDay 2026-09-01"},
		{"dates of the year before", "firstDay: 2026-09-01", "firstDay: 2025-09-01", "firstDay 2025-09-01 is not in 2026 or 2027"},
		{"holiday", "holidays: [2026-10-02]", "holidays: [2026-10-2]", `holidays[0]: "2026-10-2" is not a date`},
		{"holiday outside", "holidays: [2026-10-02]", "holidays: [2026-10-02, 2026-12-25]", "holidays[1]: 2026-12-25 is not between firstDay and lastDay"},
		{"holiday with classes", "classDays: [2026-10-09]", "classDays: [2026-10-02]", "classDays[0]: 2026-10-02 is duplicated"},
		{"dates that are not a list", "holidays: [2026-10-02]", "holidays: 2026-10-02", "[13:"},
		{"unknown date", "lastDay:", "lastday:", "did you mean lastDay?"},
		{"adapter", "adapter: sheet", "adapter:", "source.adapter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(valid, c.from, c.to, 1)
			if text == valid {
				t.Fatalf("%q is not in the file", c.from)
			}
			_, err := Parse(strings.NewReader(text), lookup)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not contain %q", err, c.want)
			}
		})
	}
}
