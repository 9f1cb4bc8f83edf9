package tfvars_test

import (
	"encoding/json"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/deployment/tfvars"
)

// Values have the form that Google's APIs return; with any other, each plan would have a change.
func TestValues(t *testing.T) {
	d := deployment.Table()
	s := &d.Services[0]
	s.Timeout, s.MilliCPU, s.MemoryMiB, s.SecondGeneration, s.Ingress = 90*time.Second, 500, 1024, true, spec.IngressInternal
	s.Environment = []spec.Variable{
		{Name: "UNSET", Value: spec.Default("x")},
		{Name: "FILE", Value: spec.FilePath("/file"), Required: true},
		{Name: "CALLERS", Value: spec.Emails("a-caller", "b-caller")},
	}
	d.Queues[0].Retry.MinBackoff = 1500 * time.Millisecond
	text, err := tfvars.File(d)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Deployment struct {
			Services map[string]json.RawMessage
			Queues   map[string]struct {
				MinBackoff string `json:"min_backoff"`
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	const want = `{"account":"heektime-auth","public":true,"ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY","http2":false,` +
		`"timeout":"90s","memory":"1024Mi","cpu":"500m","concurrency":80,"min_instances":0,"max_instances":10,` +
		`"generation":"EXECUTION_ENVIRONMENT_GEN2","environment":{` +
		`"CALLERS":{"kind":"e-mail addresses","id":"","accounts":["a-caller","b-caller"],"required":false},` +
		`"FILE":{"kind":"constant","id":"/file","required":true}}}`
	var got any
	if err := json.Unmarshal(file.Deployment.Services[s.Name], &got); err != nil {
		t.Fatal(err)
	}
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if g, w := compact(t, got), compact(t, wanted); g != w {
		t.Errorf("service %s, want %s", g, w)
	}
	if got := file.Deployment.Queues["refresh"].MinBackoff; got != "1.5s" {
		t.Errorf("backoff %q", got)
	}
}

// compact writes JSON with sorted keys.
func compact(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
