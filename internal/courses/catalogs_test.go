package courses_test

import (
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/korean"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// The real course lists are not part of the repository. Without them, these tests are skipped.

// catalog returns the path of a real list, or skips the test if there is none.
func catalog(t testing.TB, path ...string) string {
	t.Helper()
	return sharedPath(t, append([]string{"catalogs"}, path...)...)
}

// sharedPath returns a path in the directory of real lists, or skips the test if it does not exist.
func sharedPath(t testing.TB, path ...string) string {
	t.Helper()
	shared := os.Getenv("HEEKTIME_SHARED")
	if shared == "" {
		root, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			if root == filepath.Dir(root) {
				t.Fatal("no go.mod in any parent directory")
			}
			root = filepath.Dir(root)
		}
		shared = filepath.Join(root, "..", "shared")
	}
	file := filepath.Join(append([]string{shared}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("no real course lists (%v); set HEEKTIME_SHARED to the directory that contains %s/", err, path[0])
	}
	return file
}

func fileURL(path string) string { return "file://" + filepath.ToSlash(path) }

// gunzip returns the uncompressed content of a file.
func gunzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const (
	snuFirst  = "2014-1_20140108T1243.xls.gz"
	snuSecond = "2014-1_20140112T0358.xls.gz"
)

func TestSNUExcel(t *testing.T) {
	client := start(t, courses.Config{FilesRoot: "/"})
	for _, test := range []struct {
		file                    string
		rows, english, withTime int
	}{
		{snuFirst, 7633, 698, 4353},
		{snuSecond, 7643, 705, 4356},
	} {
		t.Run(test.file, func(t *testing.T) {
			url := fileURL(catalog(t, "snu-xls", test.file))
			lectures, report := mustRead(t, client, payload("adapter", "snu-xls", "url", url))
			if report.Rows != test.rows || report.Lectures != test.rows {
				t.Errorf("report %+v, want %d rows, each a lecture", report, test.rows)
			}
			english, withTime := 0, 0
			for _, lec := range lectures {
				if len(lec.Metas) > 0 {
					english++
				}
				if len(lec.Times) > 0 {
					withTime++
				}
			}
			if english != test.english || withTime != test.withTime {
				t.Errorf("got %d lectures in English and %d with times, want %d and %d", english, withTime, test.english, test.withTime)
			}
			// Two groups of a section meet simultaneously in two rooms.
			groups := byIdentifier(t, lectures, "032.010-001")
			if len(groups.Times) != 3 || !proto.Equal(groups.Times[1], at(0, 1020, 1070, "001-101, 001-102")) {
				t.Errorf("times of 032.010-001: %v", groups.Times)
			}
			// The first of the two meetings is blank, and so is its room.
			checkEqual(t, byIdentifier(t, lectures, "446.482-001"), &lecturespb.Lecture{
				Identifier: "446.482-001", Name: "설계·제조 및 실습", Professor: "김종원", Credit: 3, HoursPerWeek: 4,
				CurriculumType: "전선", Category: []string{"전선", "기계항공공학부", "4학년"},
				Times: []*lecturespb.Lecture_LectureTime{at(4, 600, 710, "301-118")},
			})
			checkEqual(t, byIdentifier(t, lectures, "100.501-001"), &lecturespb.Lecture{
				Identifier: "100.501-001", Name: "인문학 세미나", Subtitle: "현대영화이론", Credit: 1, HoursPerWeek: 1,
				CurriculumType: "전선", Category: []string{"전선", "인문대학"},
			})
		})
	}
}

// TestSNUDifferences checks that two downloads differ in exactly the courses that changed, whatever the
// counts of students do.
func TestSNUDifferences(t *testing.T) {
	client := start(t, courses.Config{FilesRoot: "/"})
	var lists, rows [2]map[string]string
	for i, name := range []string{snuFirst, snuSecond} {
		path := catalog(t, "snu-xls", name)
		lectures, _ := mustRead(t, client, payload("adapter", "snu-xls", "url", fileURL(path)))
		lists[i] = map[string]string{}
		for _, lec := range lectures {
			data, err := proto.MarshalOptions{Deterministic: true}.Marshal(lec)
			if err != nil {
				t.Fatal(err)
			}
			lists[i][lec.Identifier] = string(data)
		}
		rows[i] = stableRows(t, gunzip(t, path))
	}
	want, got := differences(rows[0], rows[1]), differences(lists[0], lists[1])
	if len(want) < 100 {
		t.Fatalf("only %d rows changed; the test compares the wrong columns", len(want))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d lectures differ, want %d\n got %q\nwant %q", len(got), len(want), got, want)
	}
	t.Logf("%d courses changed", len(want))
}

// stableRows returns a file's rows by identifier, reduced to the columns that are part of a lecture. Of
// the language, it keeps only whether it is English.
func stableRows(t *testing.T, data []byte) map[string]string {
	t.Helper()
	rows := map[string]string{}
	var header []string
	for row, err := range spreadsheet.Rows(data, spreadsheet.XLS, spreadsheet.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Number < 3 {
			continue
		}
		if row.Number == 3 {
			header = slices.Clone(row.Cells)
			continue
		}
		cell := map[string]string{}
		for i, name := range header {
			cell[name] = row.Cells[i]
		}
		key := []string{}
		for _, name := range []string{"교과구분", "개설학과", "교과목명", "부제명", "학점", "강의", "실습", "주담당교수", "수업교시", "강의실(동-호)"} {
			key = append(key, strings.TrimSpace(cell[name]))
		}
		if cell["학년"] == "0" { // open to all years, like a blank cell
			cell["학년"] = ""
		}
		key = append(key, cell["학년"])
		if cell["강의언어"] == "영어" {
			key = append(key, "English")
		}
		rows[cell["교과목번호"]+"-"+cell["강좌번호"]] = strings.Join(key, "|")
	}
	return rows
}

// differences returns the keys that are in only one of the maps or have different values.
func differences(a, b map[string]string) []string {
	var keys []string
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			keys = append(keys, key)
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// snuPages returns the options url and pages for the real pages. Areas are named for the files.
func snuPages(t testing.TB) (base, pages string, files []string) {
	t.Helper()
	dir := catalog(t, "snu-html")
	files, err := filepath.Glob(filepath.Join(dir, "*.htm"))
	if err != nil || len(files) != 19 {
		t.Fatalf("found %d pages, want 19; error %v", len(files), err)
	}
	for _, f := range files {
		pages += areaOf(f) + " = " + filepath.Base(f) + "\n"
	}
	return fileURL(dir) + "/", pages, files
}

func areaOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".htm") }

func TestSNUPages(t *testing.T) {
	base, pages, files := snuPages(t)
	client := start(t, courses.Config{FilesRoot: "/"})
	lectures, report := mustRead(t, client, payload("adapter", "snu-html", "url", base, "pages", pages))
	if report.Rows != 3064 || report.Lectures != 1161 || report.Skipped != 0 {
		t.Errorf("report %+v, want 3,064 rows and 1,161 lectures", report)
	}
	areas, meetings := rawSections(t, files)
	if len(areas) != len(lectures) {
		t.Errorf("got %d lectures of %d sections", len(lectures), len(areas))
	}
	for _, lec := range lectures {
		got := slices.DeleteFunc(slices.Clone(lec.Category), func(c string) bool { return !strings.HasPrefix(c, "2013_1_") })
		if !slices.Equal(got, areas[lec.Identifier]) {
			t.Errorf("areas of %s: %q, want %q", lec.Identifier, got, areas[lec.Identifier])
		}
		if got := occupied(lec.Times); !slices.Equal(got, meetings[lec.Identifier]) {
			t.Errorf("%s %v: half hours %v, want %v", lec.Identifier, lec.Times, got, meetings[lec.Identifier])
		}
	}
	checkEqual(t, byIdentifier(t, lectures, "028.001"), &lecturespb.Lecture{ // blank section
		Identifier: "028.001", Name: "생물의 진화", Professor: "Bruce Waldman", Credit: 3, HoursPerWeek: 3, CurriculumType: "교양",
		Category: []string{"교양", "1학년", "2013_1_core_biology"},
		Times:    []*lecturespb.Lecture_LectureTime{at(1, 840, 915, "500-L307"), at(3, 840, 915, "500-L307")},
	})
	checkEqual(t, byIdentifier(t, lectures, "010.017B-002"), &lecturespb.Lecture{ // 수 9,9,3-1.5
		Identifier: "010.017B-002", Name: "초급중국어 1", Professor: "이윤희", Credit: 3, HoursPerWeek: 4, CurriculumType: "교양",
		Category: []string{"교양", "1학년", "2013_1_basics_all", "2013_1_basics_foreign"},
		Times:    []*lecturespb.Lecture_LectureTime{at(0, 660, 735, "014-101A"), at(2, 1020, 1070, "002-110"), at(2, 660, 735, "002-110")},
	})
	if lec := byIdentifier(t, lectures, "010.001-001"); !proto.Equal(lec.Times[0], at(0, 660, 770, "001-207")) { // 월 3,4
		t.Errorf("010.001-001 meets %v", lec.Times)
	}
}

// rawSections reads the pages with regular expressions, independently of the adapter. It returns, by
// identifier, the areas of a section in the order of the files and the half hours in which it meets.
func rawSections(t *testing.T, files []string) (areas map[string][]string, meetings map[string][]int) {
	t.Helper()
	areas, meetings = map[string][]string{}, map[string][]int{}
	cell := regexp.MustCompile(`<td class="pstyle2">([^<]*)</td>`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		page, err := korean.EUCKR.NewDecoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}
		cells := cell.FindAllSubmatch(page, -1)
		for row := range slices.Chunk(cells, 12) {
			text := func(i int) string {
				return strings.TrimSpace(strings.ReplaceAll(html.UnescapeString(string(row[i][1])), "\u00a0", " "))
			}
			id := strings.TrimSuffix(text(1)+"-"+text(2), "-")
			if !slices.Contains(areas[id], areaOf(file)) {
				areas[id] = append(areas[id], areaOf(file))
			}
			day, units, _ := strings.Cut(text(6), " ")
			if units == "" {
				continue
			}
			for unit := range strings.SplitSeq(units, ",") {
				begin, length, _ := strings.Cut(unit, "-")
				first, halves := halfHours(t, begin), 2
				if length != "" {
					halves = halfHours(t, length)
				}
				for h := range halves {
					at := slices.Index([]string{"월", "화", "수", "목", "금", "토", "일"}, day)*48 + 16 + first + h
					if !slices.Contains(meetings[id], at) {
						meetings[id] = append(meetings[id], at)
					}
				}
			}
			slices.Sort(meetings[id])
		}
	}
	return areas, meetings
}

func halfHours(t *testing.T, s string) int {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(2 * f)
}

// occupied returns the half hours of a week in which a lecture meets, even for part of them.
func occupied(times []*lecturespb.Lecture_LectureTime) []int {
	var halves []int
	for _, m := range times {
		for h := m.TimeBegin / 30; 30*h < m.TimeEnd; h++ {
			if at := int(m.Weekday*48 + h); !slices.Contains(halves, at) {
				halves = append(halves, at)
			}
		}
	}
	slices.Sort(halves)
	return halves
}

func TestMJU(t *testing.T) {
	path := catalog(t, "mju-json", "lectures-2025-20.json.gz")
	client := start(t, courses.Config{FilesRoot: "/"})
	lectures, report := mustRead(t, client, payload("adapter", "mju-json", "url", fileURL(path)))
	if report.Rows != 2507 || report.Lectures != 2507 {
		t.Errorf("report %+v, want 2,507 rows, each a lecture", report)
	}
	var rows []map[string]*string
	if err := json.Unmarshal(gunzip(t, path), &rows); err != nil {
		t.Fatal(err)
	}
	timed := regexp.MustCompile(`([월화수목금토일])(\d\d):(\d\d)~(\d\d):(\d\d)\(([^)]*)\)`)
	placeholders := 0
	for i, row := range rows {
		lec := lectures[i]
		if want := *row["curinum"] + "-" + *row["coursecls"]; lec.Identifier != want {
			t.Fatalf("lecture %d is %s, want %s", i, lec.Identifier, want)
		}
		var want []*lecturespb.Lecture_LectureTime
		if row["lecttime"] != nil {
			for _, m := range timed.FindAllStringSubmatch(*row["lecttime"], -1) {
				n := func(i int) int32 {
					v, _ := strconv.Atoi(m[i])
					return int32(v)
				}
				room := m[6]
				if room == "미배정" {
					room = ""
				}
				if begin := n(2)*60 + n(3); begin > 0 {
					want = append(want, at(int32(strings.Index("월화수목금토일", m[1])/3), begin, n(4)*60+n(5), room))
				} else {
					placeholders++
				}
			}
		}
		if !slices.EqualFunc(lec.Times, want, func(a, b *lecturespb.Lecture_LectureTime) bool { return proto.Equal(a, b) }) {
			t.Errorf("%s %q: times %v, want %v", lec.Identifier, *row["lecttime"], lec.Times, want)
		}
		if lec.Professor == "미배정" {
			t.Errorf("%s has a placeholder as professor", lec.Identifier)
		}
	}
	if placeholders != 3 {
		t.Errorf("got %d placeholders for a time, want 3", placeholders)
	}
	checkEqual(t, lectures[0], &lecturespb.Lecture{
		Identifier: "KMA00101-0001", Name: "성서와인간이해", Professor: "김진옥", Credit: 2, HoursPerWeek: 2, CurriculumType: "교필",
		Category: []string{"자연캠퍼스", "자연캠퍼스교양", "교필"}, Times: []*lecturespb.Lecture_LectureTime{at(0, 540, 650, "Y2508")},
	})
}

// TestTruncatedCatalogs checks that a truncated list is never accepted as complete.
func TestTruncatedCatalogs(t *testing.T) {
	dir := t.TempDir()
	client := start(t, courses.Config{FilesRoot: dir})
	for adapter, data := range map[string][]byte{
		"snu-xls":  gunzip(t, catalog(t, "snu-xls", snuFirst)),
		"mju-json": gunzip(t, catalog(t, "mju-json", "lectures-2025-20.json.gz")),
		"snu-html": must(os.ReadFile(catalog(t, "snu-html", "2013_1_basics_science.htm"))),
	} {
		for _, share := range []float64{0.1, 0.5, 0.9} {
			file := filepath.Join(dir, "truncated")
			if err := os.WriteFile(file, data[:int(share*float64(len(data)))], 0o600); err != nil {
				t.Fatal(err)
			}
			lectures, report, err := read(t.Context(), client, payload("adapter", adapter, "url", fileURL(file)))
			if err == nil || len(lectures) > 0 {
				t.Errorf("%s: the first %.0f %% gave %d lectures and error %v, want an error only", adapter, 100*share, len(lectures), err)
			}
			checkReport(t, report)
		}
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
