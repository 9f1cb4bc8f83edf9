// Package tfvars writes the table of the deployment for OpenTofu: deploy/deployment.auto.tfvars.json, which
// deploy/table.tf declares as variable "deployment". Values are in the form that the google provider takes:
// durations as "360s", memory as "512Mi", Cloud Run's names of settings.
package tfvars

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// Path is where the file is, from the root of the repository. OpenTofu loads it by its name.
const Path = "deploy/deployment.auto.tfvars.json"

// File returns the content of the file.
func File(d *spec.Deployment) ([]byte, error) {
	t := table{
		Region: d.Region, Labels: d.Labels,
		Accounts: map[string]string{},
		Services: map[string]service{}, Queues: map[string]queue{}, Jobs: map[string]job{}, Triggers: map[string]trigger{},
		Buckets: map[string]bucket{}, Secrets: map[string]string{}, Backups: map[string]backup{},
	}
	for _, a := range d.Accounts {
		t.Accounts[a.ID] = a.Purpose
	}
	for _, g := range d.Grants() {
		t.Grants = append(t.Grants, grant{Account: g.Account, Role: g.Role, Kind: string(g.On.Kind), On: g.On.ID})
	}
	for _, s := range d.Services {
		t.Services[s.Name] = serviceOf(d, &s)
	}
	for _, q := range d.Queues {
		t.Queues[q.ID] = queueOf(&q)
	}
	for _, j := range d.Jobs {
		t.Jobs[j.ID] = jobOf(&j)
	}
	for _, tr := range d.Triggers {
		t.Triggers[tr.ID] = trigger{
			Service: tr.Target.Service, Path: tr.Target.Path, Account: tr.Target.Account,
			Event: tr.Event, Database: tr.Database, Document: tr.Document,
		}
	}
	for _, b := range d.Buckets {
		t.Buckets[b.ID] = bucket{
			Region: b.Region, Suffix: b.Suffix, SoftDeleteSeconds: int(b.SoftDelete / time.Second),
			CORSMethods: b.CORSMethods, CORSHeaders: b.CORSHeaders, CORSMaxAgeSeconds: int(b.CORSMaxAge / time.Second),
		}
	}
	for _, b := range d.Backups {
		t.Backups[b.ID] = backup{Retention: b.RetentionSeconds(), Day: b.DayOfWeek()}
	}
	for _, s := range d.Secrets {
		t.Secrets[s.ID] = s.Purpose
	}
	t.Alerts = alertsOf(d)
	t.Images = images{Repository: d.Images.Repository, Keep: d.Images.Keep, DeleteAfter: seconds(d.Images.DeleteAfter)}
	t.StartupProbe = probe{
		TimeoutSeconds: int(d.StartupProbe.Timeout / time.Second), PeriodSeconds: int(d.StartupProbe.Period / time.Second),
		FailureThreshold: d.StartupProbe.Failures,
	}
	text, err := json.MarshalIndent(struct {
		Deployment table `json:"deployment"`
	}{t}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", Path, err)
	}
	return append(text, '\n'), nil
}

// ingress are the provider's names of the ingress settings.
var ingress = map[spec.Ingress]string{
	spec.IngressAll:          "INGRESS_TRAFFIC_ALL",
	spec.IngressInternal:     "INGRESS_TRAFFIC_INTERNAL_ONLY",
	spec.IngressLoadBalancer: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}

func serviceOf(d *spec.Deployment, s *spec.Service) service {
	out := service{
		Account: s.Account, Public: s.Public, Ingress: ingress[s.Ingress], HTTP2: s.HTTP2,
		Timeout: seconds(s.Timeout), Memory: fmt.Sprintf("%dMi", s.MemoryMiB), CPU: cpu(s.MilliCPU),
		Concurrency: s.Concurrency, MinInstances: s.MinInstances, MaxInstances: s.MaxInstances,
		Generation: "EXECUTION_ENVIRONMENT_GEN1", Environment: map[string]variable{},
	}
	if s.SecondGeneration {
		out.Generation = "EXECUTION_ENVIRONMENT_GEN2"
	}
	for _, v := range s.Environment {
		if value, ok := variableOf(d, v); ok {
			out.Environment[v.Name] = value
		}
	}
	return out
}

// variableOf says where deploy/ finds the value of a variable; ok is false if it stays unset.
func variableOf(d *spec.Deployment, v spec.Variable) (variable, bool) {
	out := variable{Kind: string(v.Value.Kind), Required: v.Required, ID: v.Value.Text}
	switch v.Value.Kind {
	case spec.KindDefault:
		return variable{}, false
	case spec.KindFile:
		out.Kind = string(spec.KindConstant) // the image has the file at the path that the table says
	case spec.KindEmails:
		out.Accounts = v.Value.Accounts
	case spec.KindBucketName, spec.KindConstant, spec.KindProjectID, spec.KindDatabase, spec.KindServiceURL, spec.KindQueueName,
		spec.KindSecret, spec.KindAPIKey, spec.KindOrigins, spec.KindSiteURL:
	}
	return out, true
}

func queueOf(q *spec.Queue) queue {
	return queue{
		MaxDispatchesPerSecond: q.MaxDispatchesPerSecond, MaxConcurrentDispatches: q.MaxConcurrentDispatches,
		MaxAttempts: q.Retry.MaxAttempts, MinBackoff: seconds(q.Retry.MinBackoff), MaxBackoff: seconds(q.Retry.MaxBackoff),
		MaxDoublings: q.Retry.MaxDoublings,
	}
}

func jobOf(j *spec.Job) job {
	return job{
		Schedule: j.Schedule, TimeZone: j.TimeZone,
		Service: j.Target.Service, Path: j.Target.Path, Account: j.Target.Account,
		AttemptDeadline: seconds(j.AttemptDeadline), Retries: j.Retry.Count,
		MinBackoff: seconds(j.Retry.MinBackoff), MaxBackoff: seconds(j.Retry.MaxBackoff), MaxDoublings: j.Retry.MaxDoublings,
	}
}

// seconds writes a duration as Google's APIs do, and as the provider reads it back: with any other
// form, 6m for example, each plan would have a change.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// cpu writes whole CPUs as Cloud Run returns them, "1" and not "1000m".
func cpu(milli int) string {
	if milli%1000 == 0 {
		return strconv.Itoa(milli / 1000)
	}
	return strconv.Itoa(milli) + "m"
}
