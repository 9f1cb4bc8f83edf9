package markdown

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

func services(d *spec.Deployment) string {
	var rows [][]string
	for _, s := range d.Services {
		callers := "anyone"
		if !s.Public {
			callers = codes(s.Invokers)
		}
		protocol := "HTTP"
		if s.HTTP2 {
			protocol = "HTTP/2 (`h2c`)"
		}
		rows = append(rows, []string{
			link(s.Name), s.Purpose, callers, protocol, duration(s.Timeout), fmt.Sprintf("%d MiB", s.MemoryMiB),
			strconv.FormatFloat(float64(s.MilliCPU)/1000, 'g', -1, 64), strconv.Itoa(s.Concurrency), fmt.Sprintf("%d–%d", s.MinInstances, s.MaxInstances),
		})
	}
	return table([]string{"service", "what it does", "who may call", "protocol", "request timeout", "memory", "CPU", "requests at a time", "instances"}, rows)
}

func environment(d *spec.Deployment) string {
	var out strings.Builder
	for i, s := range d.Services {
		if i > 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "### %s\n\n", s.Name)
		var rows [][]string
		for _, v := range s.Environment {
			need := "optional"
			if v.Required {
				need = "**required**"
			}
			rows = append(rows, []string{code(v.Name), need, value(v), v.Purpose})
		}
		out.WriteString(table([]string{"variable", "", "value", "what for"}, rows))
		for _, f := range s.Files {
			fmt.Fprintf(&out, "\nThe image contains `%s` as `%s`.\n", f.Source, f.Path)
		}
	}
	return out.String()
}

// value says where a variable gets its value.
func value(v spec.Variable) string {
	switch v := v.Value; v.Kind {
	case spec.KindConstant, spec.KindFile:
		return code(v.Text)
	case spec.KindDefault:
		if v.Text == "" {
			return "unset"
		}
		return "unset, which is " + code(v.Text)
	case spec.KindProjectID:
		return "the project's id"
	case spec.KindDatabase:
		return "the database's id; unset is " + code(spec.DefaultDatabase)
	case spec.KindServiceURL:
		return "URL of " + link(v.Text)
	case spec.KindBucketName:
		return "name of the bucket " + code(v.Text)
	case spec.KindQueueName:
		return "name of the queue " + code(v.Text)
	case spec.KindEmails:
		return "address of " + codes(v.Accounts)
	case spec.KindAPIKey:
		return "the project's API key"
	case spec.KindOrigins:
		return "origins of the web apps"
	case spec.KindSiteURL:
		return "origin of the web app"
	}
	if v.Required {
		return "secret " + code(v.Value.Text)
	}
	return "secret " + code(v.Value.Text) + ", if it has a version"
}

func accounts(d *spec.Deployment) string {
	grants := map[string][]string{}
	for _, g := range d.Grants() {
		on := ""
		if g.On.Kind != spec.OnProject {
			on = fmt.Sprintf(" on the %s `%s`", g.On.Kind, g.On.ID)
		}
		grants[g.Account] = append(grants[g.Account], fmt.Sprintf("`%s`%s: %s", g.Role, on, g.Why))
	}
	var rows [][]string
	for _, a := range d.Accounts {
		roles := "none"
		if g := grants[a.ID]; g != nil {
			roles = strings.Join(g, "<br>")
		}
		rows = append(rows, []string{code(a.ID), a.Purpose, roles})
	}
	return table([]string{"service account", "what it does", "roles"}, rows)
}

func queues(d *spec.Deployment) string {
	var rows [][]string
	for _, q := range d.Queues {
		r := q.Retry
		rows = append(rows, []string{
			code(q.ID), q.Purpose, target(q.Target), duration(q.DispatchDeadline),
			fmt.Sprintf("%g a second, %d at a time", q.MaxDispatchesPerSecond, q.MaxConcurrentDispatches),
			fmt.Sprintf("up to %d attempts within %s; the delay starts at %s, doubles up to %d times, and is capped at %s",
				r.MaxAttempts, duration(r.Span()), duration(r.MinBackoff), r.MaxDoublings, duration(r.MaxBackoff)),
		})
	}
	return table([]string{"queue", "what for", "calls", "deadline of an attempt", "rate", "retries"}, rows)
}

func jobs(d *spec.Deployment) string {
	var rows [][]string
	for _, j := range d.Jobs {
		retries := "none: the next run comes soon"
		if r := j.Retry; r.Count > 0 {
			retries = fmt.Sprintf("up to %d; the delay starts at %s, doubles up to %d times, and is capped at %s", r.Count, duration(r.MinBackoff), r.MaxDoublings, duration(r.MaxBackoff))
		}
		rows = append(rows, []string{code(j.ID), j.Purpose, code(j.Schedule), j.TimeZone, target(j.Target), duration(j.AttemptDeadline), retries})
	}
	return table([]string{"job", "what it does", "schedule (cron)", "time zone", "calls", "deadline of an attempt", "retries"}, rows)
}

func triggers(d *spec.Deployment) string {
	var rows [][]string
	for _, t := range d.Triggers {
		rows = append(rows, []string{code(t.ID), t.Purpose, code(t.Event), code(t.Database), code(t.Document), target(t.Target)})
	}
	return table([]string{"trigger", "what the function does", "event", "database", "documents", "calls"}, rows)
}

func storage(d *spec.Deployment) string {
	var rows [][]string
	for _, b := range d.Buckets {
		deleted := "not kept"
		if b.SoftDelete > 0 {
			deleted = "kept for " + duration(b.SoftDelete)
		}
		rows = append(rows, []string{
			"bucket " + code(b.ID), b.Purpose,
			fmt.Sprintf("name: `PROJECT%s`; region: `%s`, chosen [when it is made](deploy.md#where-the-lists-are); uniform access; deleted objects: %s; CORS: %s from the web apps' origins, with %s, remembered for %s",
				b.Suffix, b.Region, deleted, strings.Join(b.CORSMethods, ", "), codes(b.CORSHeaders), duration(b.CORSMaxAge)),
		})
	}
	rows = append(rows, []string{
		"images " + code(d.Images.Repository), "the images of the services",
		fmt.Sprintf("the newest %d of each service stay; others are deleted after %s", d.Images.Keep, duration(d.Images.DeleteAfter)),
	})
	for _, s := range d.Secrets {
		how := "empty, except while keys are changed"
		if s.Make != "" {
			how = "a new value: " + code(s.Make)
		}
		rows = append(rows, []string{"secret " + code(s.ID), s.Purpose, how})
	}
	return table([]string{"", "what for", ""}, rows)
}

func target(t spec.Target) string {
	return fmt.Sprintf("`POST %s` of %s as %s", t.Path, link(t.Service), code(t.Account))
}

// link points to a service's environment.
func link(service string) string { return "[" + service + "](#" + service + ")" }

func code(text string) string { return "`" + text + "`" }

func codes(texts []string) string { return "`" + strings.Join(texts, "`, `") + "`" }

// duration is "90 s", "6 min", "1 h 45 min" or "7 days".
func duration(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "days"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d -= n * unit.length
		}
	}
	return strings.Join(parts, " ")
}

func backups(d *spec.Deployment) string {
	var rows [][]string
	for _, b := range d.Backups {
		when := string(b.Recurrence)
		if b.Recurrence == spec.Weekly {
			when += ", on " + b.Day.String()
		}
		rows = append(rows, []string{code(b.ID), when, fmt.Sprintf("%d days", int(b.Retention.Hours())/24), b.Purpose})
	}
	return table([]string{"schedule", "when", "kept for", "what for"}, rows)
}
