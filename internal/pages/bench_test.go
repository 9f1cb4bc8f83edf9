package pages_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heek.kr/heektime/internal/pages/catalog"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/webpage"
	"heek.kr/heektime/internal/schema"
)

// The budget is 3 ms for a page. On a busy machine, cpu-ms/op has the processor time of the process.
func BenchmarkPage(b *testing.B) {
	t := &share.Timetable{UID: "u1", Username: "byeoli", ID: "abcdefghij", Title: "3학년 2학기 시간표", Semester: schema.Semester{Year: 2026, Term: schema.SecondTerm}}
	var list schema.CourseList
	for i := range 5000 {
		l := schema.Lecture{
			Identifier: fmt.Sprintf("CS%04d-01", i), Title: fmt.Sprintf("데이터베이스시스템 %d", i), Professor: "정연돈", Credit: 3, Category: []string{"정보대학", fmt.Sprintf("학과 %d", i/50)},
			Times: []schema.LectureTime{{Weekday: i % 5, TimeBegin: 540 + i%5*75, TimeEnd: 615 + i%5*75, Room: "정보관 202"}, {Weekday: (i + 2) % 5, TimeBegin: 540 + i%5*75, TimeEnd: 615 + i%5*75, Room: "정보관 202"}},
		}
		list = append(list, l)
		if i < 8 {
			t.Lectures = append(t.Lectures, share.Lecture{Lecture: l, ID: fmt.Sprint(i)})
		}
	}
	s := &catalog.Semester{School: "고려대학교-서울", ID: "2026-0900", Semester: schema.Semester{Year: 2026, Term: schema.SecondTerm}}
	c := catalog.New(list)
	const origin = "https://heektime.example"
	for name, render := range map[string]func() (webpage.Page, error){
		"timetable": func() (webpage.Page, error) { return webpage.Timetable(t, share.Korean, origin) },
		"lecture":   func() (webpage.Page, error) { return webpage.Lecture(s, c, &list[0], share.Korean, origin, time.Now()) },
		"semester": func() (webpage.Page, error) {
			return webpage.Group(s, c, nil, nil, 1, share.Korean, origin, time.Now())
		},
		"department": func() (webpage.Page, error) {
			return webpage.Group(s, c, c.Colleges[0], c.Colleges[0].Departments[0], 1, share.Korean, origin, time.Now())
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				if _, err := render(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b)-began)/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime returns the processor time of this process in milliseconds.
func processorTime(b *testing.B) float64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
}

// BenchmarkStart starts the service's process and stops it when it serves. The budget is 60 ms.
func BenchmarkStart(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "pages")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "heek.kr/heektime/run/pages").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var used time.Duration
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), binary)
		cmd.Env = append(os.Environ(), "PORT=0", "GOOGLE_CLOUD_PROJECT=demo-test", "PUBLIC_URL=https://heektime.example", "LECTURES_BUCKET=lists",
			"FIRESTORE_EMULATOR_HOST=127.0.0.1:1", "STORAGE_EMULATOR_HOST=127.0.0.1:1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		line := make([]byte, 4096)
		if n, err := out.Read(line); err != nil || !strings.Contains(string(line[:n]), "serving") {
			b.Fatalf("%v: %s", err, line[:n])
		}
		cmd.Process.Kill()
		cmd.Wait() // ignore that it was killed
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
