package main

import (
	"context"
	"fmt"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/student"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/schema"
)

// enrol gives the demo university a student, who has timetables of the semester with the most lectures; with a real school file
// there is none. A failure is no reason to end: it is told, and the result says whether there is a student.
func (o *devOptions) enrol(ctx context.Context, b *local.Backend, rows []row, screen *screen) bool {
	var most row
	for _, r := range rows {
		if r.URL != "" && r.Lectures > most.Lectures {
			most = r
		}
	}
	if o.demoURL == "" || most.School == "" {
		return false
	}
	err := student.Enrol(ctx, student.Config{
		Project: o.project, Bucket: o.bucket, AuthService: b.URLs["auth"], Authentication: b.Cloud.AuthAddress(),
		Firestore: b.Cloud.FirestoreAddress(), Storage: b.Cloud.StorageAddress(),
	}, schema.SemesterPath(most.School, schema.SemesterID(most.Semester)))
	if err != nil {
		screen.say("there is no demo student: %v", err)
	}
	return err == nil
}

// whereToLook ends the start with addresses: first what a newcomer opens, then what clients are configured with.
func (o *devOptions) whereToLook(b *local.Backend, enrolled bool, logPath, reach string) {
	var s strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&s, "%-15s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("look here", "%s   documents, users, tasks, and what the rules decided", b.Cloud.ConsoleURL())
	if at := b.Cloud.HostingAddress(); at != "" {
		line("the web app", "http://%s   with the services below it, as firebase.json says", at)
	}
	if enrolled {
		line("a student", "%s, password %s; in old apps %s", student.Address, student.Password, student.Username)
	}
	if o.demoURL != "" {
		line("the school", "%s   says how to make it misbehave", o.demoURL)
	}
	line("the log", "%s", logPath)
	s.WriteByte('\n')
	line("Firestore", "%s   project %s", b.Cloud.FirestoreAddress(), o.project)
	line("Auth", "http://%s", b.Cloud.AuthAddress())
	line("Storage", "http://%s   bucket %s", b.Cloud.StorageAddress(), o.bucket)
	line("Tasks", "%s   queue %s", b.Cloud.TasksAddress(), b.Queue.Name)
	var private []string
	for _, svc := range deployment.Table().Services {
		switch url := b.URLs[svc.Name]; {
		case url == "":
		case svc.Public:
			line(svc.Name, "%s", url)
		default:
			private = append(private, svc.Name+" "+url)
		}
	}
	line("behind them", "%s", strings.Join(private, ", "))
	line("open to", "%s", reach)
	fmt.Printf(`
%s
heektime status                     the last refresh of every semester
heektime refresh SCHOOL SEMESTER    read one list now
heektime user show USER             what there is of somebody, by uid, address or username
Ctrl-C ends it.
`, s.String())
}
