package spec_test

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// TestValidateReportsEachFault breaks one rule of the real table per case; the table itself breaks none.
// It is long because of its cases.
func TestValidateReportsEachFault(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(d *spec.Deployment)
		want    string
	}{
		"region":          {func(d *spec.Deployment) { d.Region = "asia-northeast9" }, `region "asia-northeast9"`},
		"label key":       {func(d *spec.Deployment) { d.Labels = map[string]string{"App": "x"} }, `label "App"`},
		"label value":     {func(d *spec.Deployment) { d.Labels = map[string]string{"app": "Heek Time"} }, `label app="Heek Time"`},
		"too many labels": {func(d *spec.Deployment) { d.Labels = manyLabels(65) }, "65 labels"},

		"account id too short":  {func(d *spec.Deployment) { d.Accounts[0].ID = "tasks" }, "service account tasks: an id has 6 to 30"},
		"account id too long":   {func(d *spec.Deployment) { d.Accounts[0].ID = strings.Repeat("a", 31) }, "an id has 6 to 30"},
		"account id ends in -":  {func(d *spec.Deployment) { d.Accounts[0].ID = "heektime-" }, "an id has 6 to 30"},
		"account twice":         {func(d *spec.Deployment) { d.Accounts[1].ID = d.Accounts[0].ID }, "listed twice"},
		"account purpose":       {func(d *spec.Deployment) { d.Accounts[0].Purpose = strings.Repeat("x", 257) }, "257 bytes"},
		"unknown role":          {func(d *spec.Deployment) { d.Accounts[0].Grants[0].Role = "roles/owner" }, `role "roles/owner" is not in the list`},
		"role on another kind":  {func(d *spec.Deployment) { d.Accounts[0].Grants[0].On = bucket("lists") }, "is granted on a project, not on a bucket"},
		"role on what is not":   {func(d *spec.Deployment) { d.Accounts[2].Grants[1].On = bucket("none") }, `bucket "none", which does not exist`},
		"role on another queue": {func(d *spec.Deployment) { d.Queues[0].ID = "other" }, `queue "refresh", which does not exist`},

		"service name too long":  {func(d *spec.Deployment) { d.Services[0].Name = strings.Repeat("a", 50) }, "at most 49"},
		"service name":           {func(d *spec.Deployment) { d.Services[0].Name = "Auth" }, "service Auth: a name has"},
		"service twice":          {func(d *spec.Deployment) { d.Services[5].Name = "auth" }, `"auth" is listed twice`},
		"package":                {func(d *spec.Deployment) { d.Services[0].Package = "/run/auth" }, `package "/run/auth"`},
		"service account":        {func(d *spec.Deployment) { d.Services[0].Account = "none" }, `account "none" does not exist`},
		"public with invokers":   {func(d *spec.Deployment) { d.Services[1].Public = true }, "a list of invokers has no effect"},
		"private without":        {func(d *spec.Deployment) { d.Services[0].Public = false }, "nobody can call it"},
		"invoker":                {func(d *spec.Deployment) { d.Services[1].Invokers[0] = "none" }, `invoker "none" does not exist`},
		"ingress":                {func(d *spec.Deployment) { d.Services[0].Ingress = "none" }, `ingress "none"`},
		"timeout too short":      {func(d *spec.Deployment) { d.Services[0].Timeout = 0 }, "request timeout 0s"},
		"timeout too long":       {func(d *spec.Deployment) { d.Services[0].Timeout = 61 * time.Minute }, "request timeout 1h1m0s"},
		"timeout in fractions":   {func(d *spec.Deployment) { d.Services[0].Timeout = 1500 * time.Millisecond }, "whole seconds"},
		"CPU":                    {func(d *spec.Deployment) { d.Services[0].MilliCPU = 3000 }, "3000 thousandths"},
		"too little CPU":         {func(d *spec.Deployment) { d.Services[0].MilliCPU = 70 }, "70 thousandths"},
		"too much for 1 CPU":     {func(d *spec.Deployment) { d.Services[0].MemoryMiB = 8192 }, "memory 8192 MiB: with 1 CPU"},
		"too little for 4 CPU":   {func(d *spec.Deployment) { d.Services[0].MilliCPU = 4000 }, "with 4 CPU Cloud Run allows 2048"},
		"too much for half":      {func(d *spec.Deployment) { set(d, 0, 400, 1, 1024) }, "with 0.4 CPU Cloud Run allows 128 to 512"},
		"too much for 0.9":       {func(d *spec.Deployment) { set(d, 0, 900, 1, 2048) }, "with 0.9 CPU Cloud Run allows 128 to 1024"},
		"too little memory":      {func(d *spec.Deployment) { d.Services[0].MemoryMiB = 64 }, "memory 64 MiB"},
		"2nd generation":         {func(d *spec.Deployment) { d.Services[0].SecondGeneration, d.Services[0].MemoryMiB = true, 256 }, "the second generation needs 512 MiB"},
		"no concurrency":         {func(d *spec.Deployment) { d.Services[0].Concurrency = 0 }, "concurrency 0"},
		"too much concurrency":   {func(d *spec.Deployment) { d.Services[0].Concurrency = 1001 }, "concurrency 1001"},
		"concurrency at 0.5 CPU": {func(d *spec.Deployment) { set(d, 0, 500, 2, 512) }, "with less than 1 CPU Cloud Run allows 1"},
		"no instances":           {func(d *spec.Deployment) { d.Services[0].MaxInstances = 0 }, "max instances 0"},
		"min above max":          {func(d *spec.Deployment) { d.Services[0].MinInstances = 11 }, "min instances 11"},
		"file in the repository": {func(d *spec.Deployment) { d.Services[2].Files[0].Source = "../schools.yaml" }, "is not in the repository"},
		"file in the image":      {func(d *spec.Deployment) { d.Services[2].Files[0].Path = "schools.yaml" }, "absolute path"},

		"variable name":         {variable(func(v *spec.Variable) { v.Name = "project-id" }), "variable project-id: a name has"},
		"reserved PORT":         {variable(func(v *spec.Variable) { v.Name = "PORT" }), "variable PORT: Cloud Run sets it itself"},
		"reserved K_":           {variable(func(v *spec.Variable) { v.Name = "K_SERVICE" }), "Cloud Run sets it itself"},
		"reserved X_GOOGLE_":    {variable(func(v *spec.Variable) { v.Name = "X_GOOGLE_X" }), "Cloud Run sets it itself"},
		"variable twice":        {variable(func(v *spec.Variable) { v.Name = "FIREBASE_API_KEY" }), "listed twice"},
		"no purpose":            {variable(func(v *spec.Variable) { v.Purpose = "" }), "it has no purpose"},
		"required but unset":    {variable(func(v *spec.Variable) { v.Value = spec.Default("x") }), "may be left unset"},
		"no constant":           {variable(func(v *spec.Variable) { v.Value = spec.Constant("") }), "constant"},
		"no such service":       {variable(func(v *spec.Variable) { v.Value = spec.ServiceURL("none") }), `its service URL "none"`},
		"no such bucket":        {variable(func(v *spec.Variable) { v.Value = spec.BucketName("none") }), `its bucket name "none"`},
		"no such queue":         {variable(func(v *spec.Variable) { v.Value = spec.QueueName("none") }), `its queue name "none"`},
		"no such secret":        {variable(func(v *spec.Variable) { v.Value = spec.SecretValue("none") }), `its secret "none"`},
		"no such file":          {variable(func(v *spec.Variable) { v.Value = spec.FilePath("/none") }), `its file "/none"`},
		"no such account":       {variable(func(v *spec.Variable) { v.Value = spec.Emails("none") }), `account "none" does not exist`},
		"no accounts":           {variable(func(v *spec.Variable) { v.Value = spec.Emails() }), "e-mail addresses"},
		"unknown kind of value": {variable(func(v *spec.Variable) { v.Value.Kind = "magic" }), `kind of value "magic"`},
		"too many variables":    {func(d *spec.Deployment) { d.Services[0].Environment = manyVariables(1001) }, "1001 environment variables"},

		"queue id":              {func(d *spec.Deployment) { d.Queues[0].ID = "re_fresh" }, "queue re_fresh: an id has"},
		"queue twice":           {func(d *spec.Deployment) { d.Queues = append(d.Queues, d.Queues[0]) }, "listed twice"},
		"dispatches per second": {func(d *spec.Deployment) { d.Queues[0].MaxDispatchesPerSecond = 501 }, "501 dispatches per second"},
		"concurrent dispatches": {func(d *spec.Deployment) { d.Queues[0].MaxConcurrentDispatches = 0 }, "0 concurrent dispatches"},
		"dispatch deadline":     {func(d *spec.Deployment) { d.Queues[0].DispatchDeadline = 10 * time.Second }, "dispatch deadline 10s: Cloud Tasks allows"},
		"deadline of a request": {func(d *spec.Deployment) { d.Queues[0].DispatchDeadline = 7 * time.Minute }, "longer than the request timeout of refresh"},
		"attempts":              {func(d *spec.Deployment) { d.Queues[0].Retry.MaxAttempts = 0 }, "0 attempts"},
		"task backoff":          {func(d *spec.Deployment) { d.Queues[0].Retry.MaxBackoff = time.Second }, "backoff from 30s to 1s"},
		"task doublings":        {func(d *spec.Deployment) { d.Queues[0].Retry.MaxDoublings = -1 }, "-1 doublings"},
		"target service":        {func(d *spec.Deployment) { d.Queues[0].Target.Service = "none" }, `service "none" does not exist`},
		"target path":           {func(d *spec.Deployment) { d.Queues[0].Target.Path = "refresh" }, `path "refresh"`},
		"target account":        {func(d *spec.Deployment) { d.Queues[0].Target.Account = "none" }, `account "none" does not exist`},
		"not an invoker":        {func(d *spec.Deployment) { d.Queues[0].Target.Account = deployment.EventarcAccount }, "is not an invoker of service"},

		"job id":           {func(d *spec.Deployment) { d.Jobs[0].ID = "a job" }, "job a job: an id has"},
		"job twice":        {func(d *spec.Deployment) { d.Jobs[1].ID = d.Jobs[0].ID }, "listed twice"},
		"cron":             {func(d *spec.Deployment) { d.Jobs[0].Schedule = "0 25 * * *" }, `schedule "0 25 * * *"`},
		"cron of 6 fields": {func(d *spec.Deployment) { d.Jobs[0].Schedule = "0 0 5 * * 1" }, "five fields"},
		"cron by name":     {func(d *spec.Deployment) { d.Jobs[0].Schedule = "@daily" }, "five fields"},
		"time zone":        {func(d *spec.Deployment) { d.Jobs[0].TimeZone = "Asia/Busan" }, `time zone "Asia/Busan"`},
		"local time":       {func(d *spec.Deployment) { d.Jobs[0].TimeZone = "Local" }, `time zone "Local"`},
		"attempt deadline": {func(d *spec.Deployment) { d.Jobs[0].AttemptDeadline = 31 * time.Minute }, "attempt deadline 31m0s: Cloud Scheduler"},
		"job's request":    {func(d *spec.Deployment) { d.Jobs[1].AttemptDeadline = 16 * time.Minute }, "request timeout of cleanup"},
		"job retries":      {func(d *spec.Deployment) { d.Jobs[2].Retry.Count = 6 }, "6 retries"},
		"job backoff":      {func(d *spec.Deployment) { d.Jobs[2].Retry.MinBackoff = 0 }, "backoff from 0s"},
		"job doublings":    {func(d *spec.Deployment) { d.Jobs[2].Retry.MaxDoublings = -1 }, "-1 doublings"},

		"trigger id":        {func(d *spec.Deployment) { d.Triggers[0].ID = "UserDeleted" }, "trigger UserDeleted: an id has"},
		"trigger twice":     {func(d *spec.Deployment) { d.Triggers[1].ID = d.Triggers[0].ID }, "listed twice"},
		"event type":        {func(d *spec.Deployment) { d.Triggers[0].Event = "deleted" }, `event type "deleted"`},
		"database":          {func(d *spec.Deployment) { d.Triggers[0].Database = "default" + "_" }, `database "default_"`},
		"collection":        {func(d *spec.Deployment) { d.Triggers[0].Document = "users/{uid}/timetables" }, "is not the path pattern"},
		"malformed capture": {func(d *spec.Deployment) { d.Triggers[0].Document = "users/{uid" }, "is not the path pattern"},
		"path twice":        {func(d *spec.Deployment) { d.Triggers[1].Target.Path = d.Triggers[0].Target.Path }, "listed twice"},

		"backup twice":       {func(d *spec.Deployment) { d.Backups[1].ID = d.Backups[0].ID }, "listed twice"},
		"recurrence twice":   {func(d *spec.Deployment) { d.Backups[0].Recurrence = spec.Weekly }, `"weekly" is listed twice`},
		"recurrence":         {func(d *spec.Deployment) { d.Backups[0].Recurrence = "hourly" }, `recurrence "hourly"`},
		"day of a daily one": {func(d *spec.Deployment) { d.Backups[0].Day = time.Monday }, "a daily backup has no day"},
		"day of the week":    {func(d *spec.Deployment) { d.Backups[1].Day = 7 }, "day 7"},
		"retention too long": {func(d *spec.Deployment) { d.Backups[1].Retention = 15 * 7 * 24 * time.Hour }, "up to 14 weeks"},
		"no retention":       {func(d *spec.Deployment) { d.Backups[0].Retention = 0 }, "retention 0s"},

		"bucket suffix": {func(d *spec.Deployment) { d.Buckets[0].Suffix = ".example.com" }, `suffix ".example.com"`},
		"bucket region": {func(d *spec.Deployment) { d.Buckets[0].Region = "us" }, `region "us"`},
		"bucket twice":  {func(d *spec.Deployment) { d.Buckets = append(d.Buckets, d.Buckets[0]) }, "listed twice"},
		"soft delete":   {func(d *spec.Deployment) { d.Buckets[0].SoftDelete = time.Hour }, "soft delete 1h0m0s"},
		"CORS":          {func(d *spec.Deployment) { d.Buckets[0].CORSMethods = []string{"get"} }, `CORS method "get"`},
		"secret id":     {func(d *spec.Deployment) { d.Secrets[0].ID = "token.key" }, "secret token.key: an id has"},
		"repository":    {func(d *spec.Deployment) { d.Images.Repository = "HeekTime" }, "images HeekTime: an id has"},
		"one image":     {func(d *spec.Deployment) { d.Images.Keep = 1 }, "a rollback needs the one before"},
		"images' age":   {func(d *spec.Deployment) { d.Images.DeleteAfter = time.Hour }, "deleted after 1h0m0s"},
		"probe period":  {func(d *spec.Deployment) { d.StartupProbe.Timeout = 2 * time.Second }, "startup probe: 60 attempts of 2s every 1s"},
		"probe's span":  {func(d *spec.Deployment) { d.StartupProbe.Failures = 241 }, "4m0s in all"},
		"secret twice":  {func(d *spec.Deployment) { d.Secrets[1].ID = d.Secrets[0].ID }, "listed twice"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deployment.Table()
			c.breakIt(d)
			if err := d.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Validate() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestValidateReportsAllFaultsTogether(t *testing.T) {
	d := deployment.Table()
	d.Services[0].Concurrency, d.Jobs[0].Schedule, d.Queues[0].ID = 0, "never", "?"
	err := d.Validate()
	for _, want := range []string{"service auth: concurrency 0", "job schedule: schedule", "queue ?: an id"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want %q", err, want)
		}
	}
}

func bucket(id string) spec.Resource { return spec.Resource{Kind: spec.OnBucket, ID: id} }

// set changes the size of a service's instances.
func set(d *spec.Deployment, service, milliCPU, concurrency, memoryMiB int) {
	s := &d.Services[service]
	s.MilliCPU, s.Concurrency, s.MemoryMiB = milliCPU, concurrency, memoryMiB
}

// variable changes the first variable of the first service, the project's id.
func variable(change func(*spec.Variable)) func(*spec.Deployment) {
	return func(d *spec.Deployment) { change(&d.Services[0].Environment[0]) }
}

func manyLabels(n int) map[string]string {
	labels := map[string]string{}
	for i := range n {
		labels["a"+strings.Repeat("b", i)] = ""
	}
	return labels
}

func manyVariables(n int) []spec.Variable { return make([]spec.Variable, n) }
