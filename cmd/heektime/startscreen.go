package main

import (
	"context"
	"fmt"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/local"
	"heek.kr/heektime/cmd/heektime/internal/student"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/schema"
)

// createStudent gives the demo university a student with timetables in the semester that has the
// most lectures, of those around now, about which students are notified, if there are any. It reports
// whether there is one. A failure is shown but does not stop dev. Real schools get no student.
func (o *devOptions) createStudent(ctx context.Context, b *local.Backend, rows []row, screen *screen) bool {
	now := b.Cloud.Clock.Now()
	isNear := func(r row) bool { return schema.SemesterID(r.Semester).IsNear(now) }
	var most row
	for _, r := range rows {
		if r.URL == "" || isNear(most) && !isNear(r) {
			continue
		}
		if r.Lectures > most.Lectures || isNear(r) && !isNear(most) {
			most = r
		}
	}
	if o.demoURL == "" || most.School == "" {
		return false
	}
	err := student.Create(ctx, student.Config{
		Project: o.project, Bucket: o.bucket, AuthService: b.URLs["auth"], Authentication: b.Cloud.AuthAddress(),
		Firestore: b.Cloud.FirestoreAddress(), Storage: b.Cloud.StorageAddress(),
	}, schema.SemesterPath(most.School, schema.SemesterID(most.Semester)))
	if err != nil {
		screen.printf("could not create the demo student: %v", err)
	}
	return err == nil
}

// printStartScreen prints what to open first, webApp among it, the addresses that clients are configured with, and
// the commands that work on a running dev.
func (o *devOptions) printStartScreen(b *local.Backend, hasStudent bool, webApp, logPath string, firebase *firebase.Config) {
	var s strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&s, "%-15s%s\n", name, fmt.Sprintf(format, args...))
	}
	if hasStudent {
		line("shared page", "%s   what others see of the demo student's timetable", b.PagesURL()+student.SharedPage)
	}
	line("console", "%s   documents, users, tasks, rules decisions", b.Cloud.ConsoleURL())
	switch {
	case o.web:
		line("web app", "%s   from its sources, with reload", webApp)
	case webApp != "":
		line("web app", "%s   forwards API paths to the services", webApp)
	}
	if hasStudent {
		line("demo student", "%s, password %s", student.Email, student.Password)
		line("", "old apps: username %s, same password", student.Username)
	}
	if o.demoURL != "" {
		line("demo school", "%s   shows how to make it misbehave", o.demoURL)
	}
	line("service logs", "%s", logPath)
	s.WriteByte('\n')
	line("Firestore", "%s   project %s", b.Cloud.FirestoreAddress(), o.project)
	line("Auth", "http://%s", b.Cloud.AuthAddress())
	line("Storage", "http://%s   bucket %s", b.Cloud.StorageAddress(), o.bucket)
	line("Tasks", "%s   also Scheduler", b.Cloud.TasksAddress())
	line("Messaging", "http://%s   push messages go to the console's page", b.Cloud.MessagingAddress())
	for _, svc := range deployment.Table().Services {
		switch url := b.URLs[svc.Name]; {
		case url == "":
		case svc.Name == "compat-server" && o.oldServer != "":
			line(svc.Name, "%s   in front of %s", url, o.oldServer)
		case svc.Public:
			line(svc.Name, "%s", url)
		default:
			line(svc.Name, "%s   internal", url)
		}
	}
	for _, rules := range firebase.DescribeRules(nil) {
		line("rules", "%s", rules)
	}
	line("open to", "%s", firebase.Reach())
	config := "" // the other commands find the hub through the same file
	if o.config != "" {
		config = " --config " + o.config
	}
	fmt.Printf(`
%[1]s
heektime status%[2]s                     show the last refresh of each semester
heektime refresh%[2]s SCHOOL SEMESTER    refresh one semester's course list now
heektime user%[2]s show USER             show an account, by uid, email or username
Ctrl-C stops everything.
`, s.String(), config)
}
