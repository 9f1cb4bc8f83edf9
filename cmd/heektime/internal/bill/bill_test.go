package bill

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
)

// obj is a JSON object.
type obj = map[string]any

// standIn serves the time series of Cloud Monitoring as documented: at
// GET /v3/projects/P/timeSeries, points in reverse order, in pages.
//
// Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
type standIn struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	series  map[string][]obj // by metric
	fail    func(w http.ResponseWriter, metric string) bool
	filters []string
	region  string // of the last read
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{t: t, series: map[string][]obj{}}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.server.Close)
	return s
}

var metricType = regexp.MustCompile(`^metric\.type = "([^"]+)"( AND .+)?$`)

func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	match := metricType.FindStringSubmatch(q.Get("filter"))
	if r.Method != http.MethodGet || r.URL.Path != "/v3/projects/heektime-test/timeSeries" || match == nil {
		s.t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		http.Error(w, "not served", http.StatusNotFound)
		return
	}
	for name, want := range map[string]string{
		"aggregation.alignmentPeriod": "3600s", "aggregation.crossSeriesReducer": "REDUCE_SUM",
		"interval.startTime": "2026-11-01T07:00:00Z", // midnight, in daylight saving time
	} {
		if q.Get(name) != want {
			s.t.Errorf("%s: %s is %q, want %q", match[1], name, q.Get(name), want)
		}
	}
	stored := strings.Contains(match[1], "storage_bytes") || strings.Contains(match[1], "total_bytes") || strings.Contains(match[1], "repository/size")
	if aligner := q.Get("aggregation.perSeriesAligner"); stored != (aligner == "ALIGN_MEAN") || !stored && aligner != "ALIGN_SUM" {
		s.t.Errorf("%s is aligned by %s", match[1], aligner)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filters = append(s.filters, q.Get("filter"))
	if s.fail != nil && s.fail(w, match[1]) {
		return
	}
	series, ok := s.series[match[1]]
	if !ok {
		respondError(w, http.StatusNotFound, "Cannot find metric(s) that match type = \""+match[1]+"\".")
		return
	}
	page, _ := strconv.Atoi(q.Get("pageToken")) // one series a page
	body := obj{}
	if page < len(series) {
		body["timeSeries"] = series[page : page+1]
	}
	if page+1 < len(series) {
		body["nextPageToken"] = fmt.Sprint(page + 1)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

func respondError(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(obj{"error": obj{"code": code, "message": message}})
}

// have adds a time series. values are by the end of their hour, and written as JSON does.
func (s *standIn) have(metric string, labels map[string]string, values map[string]any) {
	metricLabels, resourceLabels := obj{}, obj{}
	for name, value := range labels {
		if of, ok := strings.CutPrefix(name, "metric.label."); ok {
			metricLabels[of] = value
		} else {
			resourceLabels[strings.TrimPrefix(name, "resource.label.")] = value
		}
	}
	var ends []string
	for end := range values {
		ends = append(ends, end)
	}
	slices.Sort(ends)
	slices.Reverse(ends)
	points := []obj{}
	for _, end := range ends {
		value := obj{"doubleValue": values[end]}
		if n, ok := values[end].(int); ok {
			value = obj{"int64Value": fmt.Sprint(n)}
		}
		points = append(points, obj{"interval": obj{"startTime": end, "endTime": end}, "value": value})
	}
	s.series[metric] = append(s.series[metric], obj{"metric": obj{"type": metric, "labels": metricLabels}, "resource": obj{"labels": resourceLabels}, "points": points})
}

func (s *standIn) read(now time.Time) (billing.Usage, error) {
	usage, region, err := Google(s.t.Context(), "heektime-test", "2026-11", now, option.WithEndpoint(s.server.URL), option.WithHTTPClient(s.server.Client()))
	s.region = region
	return usage, err
}

// Each metric becomes the item that it is billed as, on the day of Pacific time that its hour is part of.
func TestGoogle(t *testing.T) {
	s := newStandIn(t)
	s.have("firestore.googleapis.com/document/read_ops_count", map[string]string{labelDatabase: "(default)", labelType: "QUERY"},
		map[string]any{"2026-11-02T08:00:00Z": 40, "2026-11-02T09:00:00Z": 2, "2026-11-03T08:00:00Z": 1})
	s.have("firestore.googleapis.com/document/read_ops_count", map[string]string{labelDatabase: "(default)", labelType: "LOOKUP"},
		map[string]any{"2026-11-02T09:00:00Z": 5})
	s.have("firestore.googleapis.com/document/delete_ops_count", map[string]string{labelDatabase: "(default)"}, map[string]any{"2026-11-02T09:00:00Z": 6})
	s.have("run.googleapis.com/container/cpu/allocation_time", map[string]string{labelService: "auth"}, map[string]any{"2026-11-03T07:00:00Z": 1.25})
	s.have("run.googleapis.com/container/memory/allocation_time", map[string]string{labelService: "auth"}, map[string]any{"2026-11-03T07:00:00Z": 0.5})
	s.have("storage.googleapis.com/api/request_count", map[string]string{labelBucket: "b", labelMethod: "ReadObject"}, map[string]any{"2026-11-03T07:00:00Z": 10})
	s.have("storage.googleapis.com/api/request_count", map[string]string{labelBucket: "b", labelMethod: "WriteObject"}, map[string]any{"2026-11-03T07:00:00Z": 3})
	s.have("storage.googleapis.com/api/request_count", map[string]string{labelBucket: "b", labelMethod: "DeleteObject"}, map[string]any{"2026-11-03T07:00:00Z": 7})
	s.have("cloudtasks.googleapis.com/api/request_count", map[string]string{labelQueue: "refresh"}, map[string]any{"2026-11-03T07:00:00Z": 4})
	s.have("cloudtasks.googleapis.com/queue/task_attempt_count", map[string]string{labelQueue: "refresh"}, map[string]any{"2026-11-03T07:00:00Z": 5})
	// Measured at the beginning and once later; hours without a value are as the one before.
	s.have("storage.googleapis.com/storage/v2/total_bytes", map[string]string{labelBucket: "b", labelLocation: "US-WEST1"}, map[string]any{"2026-11-01T10:00:00Z": 1000.0, "2026-11-02T10:00:00Z": 500.0})

	usage, err := s.read(time.Date(2026, 11, 3, 8, 40, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if s.region != "us-west1" {
		t.Errorf("the bucket is in %q", s.region)
	}
	got := map[string]int64{}
	for _, day := range usage.Days {
		for _, a := range day.Amounts {
			got[fmt.Sprint(day.Date, " ", a.Item, " ", a.Cause.Service, " ", a.Cause.Action, " ", a.Cause.Collection)] += a.Amount
		}
	}
	want := map[string]int64{
		"2026-11-01 firestore.reads Firestore query (default)":     40, // until midnight
		"2026-11-02 firestore.reads Firestore query (default)":     3,
		"2026-11-02 firestore.reads Firestore lookup (default)":    5,
		"2026-11-02 firestore.deletes Firestore delete (default)":  6,
		"2026-11-02 run.cpu auth serve ":                           1250,
		"2026-11-02 run.memory auth serve ":                        512_000,
		"2026-11-02 storage.classB Cloud Storage ReadObject b":     10,
		"2026-11-02 storage.classA Cloud Storage WriteObject b":    3,
		"2026-11-02 tasks.operations Cloud Tasks call refresh":     4,
		"2026-11-02 tasks.operations Cloud Tasks dispatch refresh": 5,
		"2026-11-01 storage.stored Cloud Storage  b":               23 * 3600 * 1000, // 09:00 to 08:00 UTC
		"2026-11-02 storage.stored Cloud Storage  b":               3600*1000 + 23*3600*500,
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: %d, want %d", key, got[key], n)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("also read: %v", got)
	}
	if !usage.Until.Equal(time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("the usage is until %v, want the last full hour", usage.Until)
	}
	if len(s.filters) < len(metrics) || !slices.ContainsFunc(s.filters, func(f string) bool { return strings.Contains(f, `AND metric.label.kind = "internet"`) }) {
		t.Errorf("filters %q", s.filters)
	}
}

// A metric that may not be read fails the bill: it would be too low without saying so.
func TestGoogleWithoutPermission(t *testing.T) {
	s := newStandIn(t)
	s.fail = func(w http.ResponseWriter, metric string) bool {
		if !strings.HasPrefix(metric, "run.") {
			return false
		}
		respondError(w, http.StatusForbidden, "Permission monitoring.timeSeries.list denied")
		return true
	}
	_, err := s.read(time.Date(2026, 11, 3, 8, 40, 0, 0, time.UTC))
	if !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "run.googleapis.com/") || !strings.Contains(err.Error(), "roles/monitoring.viewer") {
		t.Errorf("error %v", err)
	}
	s.fail = func(w http.ResponseWriter, _ string) bool {
		w.WriteHeader(http.StatusForbidden)
		json.NewEncoder(w).Encode(obj{"error": obj{
			"code": 403, "message": "Cloud Monitoring API has not been used in project 1 before or it is disabled.", "status": "PERMISSION_DENIED",
			"details": []obj{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}},
		}})
		return true
	}
	if _, err := s.read(time.Date(2026, 11, 3, 8, 40, 0, 0, time.UTC)); !errors.Is(err, ErrDisabled) || !strings.Contains(err.Error(), "gcloud services enable monitoring.googleapis.com") {
		t.Errorf("the API is disabled: %v", err)
	}
	s.fail = func(w http.ResponseWriter, _ string) bool {
		respondError(w, http.StatusNotFound, "Project heektime-test was not found.")
		return true
	}
	if _, err := s.read(time.Date(2026, 11, 3, 8, 40, 0, 0, time.UTC)); err == nil {
		t.Error("a project that does not exist has a bill")
	}
}

// A month that is over is read to its end, and one to come is empty.
func TestGoogleOtherMonths(t *testing.T) {
	s := newStandIn(t)
	for now, want := range map[time.Time]time.Time{
		time.Date(2027, 2, 3, 8, 40, 0, 0, time.UTC):   time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 3, 8, 40, 0, 0, time.UTC):  time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 1, 7, 59, 59, 0, time.UTC): time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC),
	} {
		usage, err := s.read(now)
		if err != nil || !usage.Until.Equal(want) || len(usage.Days) > 0 {
			t.Errorf("at %v: until %v, %d days, %v", now, usage.Until, len(usage.Days), err)
		}
	}
}

func TestUnmeasured(t *testing.T) {
	want := []billing.Item{billing.FirestoreEgress, billing.SchedulerJobs, billing.AuthActiveUsers, billing.SecretVersions}
	if got := Unmeasured(); !slices.Equal(got, want) {
		t.Errorf("no metrics for %v, want %v", got, want)
	}
}

// The bill of a running local cloud is that of its own meter, at its own prices.
func TestLocal(t *testing.T) {
	cloud := emulatortest.Start(t)
	cloud.Meter.Add(billing.TasksOperations, billing.Cause{Service: "refresh", Action: "CreateTask"}, 1_500_000)
	usage, prices, err := Local(t.Context(), http.DefaultClient, cloud.HubAddress())
	if err != nil {
		t.Fatal(err)
	}
	bill := prices.Bill(usage, billing.MonthOf(usage.Until))
	if bill.Total.Cmp(cloud.Bill().Total) != 0 || bill.Total.String() != "$0.20 (₩280)" {
		t.Errorf("costs %s, want $0.20", bill.Total)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if _, _, err := Local(t.Context(), http.DefaultClient, strings.TrimPrefix(other.URL, "http://")); err == nil || !strings.Contains(err.Error(), "restart it") {
		t.Errorf("an older hub: %v", err)
	}
}

func TestPrint(t *testing.T) {
	causes := func(item billing.Item, n int64, c billing.Cause) billing.Amount {
		return billing.Amount{Item: item, Cause: c, Amount: n}
	}
	ann := billing.Cause{User: "ann", Service: "client", Action: "앱 열기", Collection: "users/{}/timetables"}
	from, _ := billing.Month("2026-11").Bounds()
	usage := billing.Usage{Since: from, Until: from.AddDate(0, 0, 10), Days: []billing.Day{{Date: "2026-11-03", Amounts: []billing.Amount{
		causes(billing.FirestoreReads, 1_000_000, ann), causes(billing.FirestoreWrites, 3, ann),
		causes(billing.RunMemory, 1_024_000, billing.Cause{Service: "auth", Action: "serve"}),
		causes(billing.TasksOperations, 20, billing.Cause{Service: "refresh", Action: "CreateTask"}),
	}}}}
	var out strings.Builder
	Print(&out, billing.DefaultPrices().Bill(usage, "2026-11"), []billing.Item{billing.SchedulerJobs})
	for _, want := range []string{
		"2026-11, until 2026-11-1",
		"Firestore    reads       1,000,000  50,000  950,000  read",
		"$0.038/100,000 ~",
		"₩505",
		"Cloud Run    memory              1       1        0  GiB-second",
		"so far ₩505 ($0.36); the whole month, if it goes on like this,",
		"dearest actions, at list price\n",
		"앱 열기 of client",
		"1,000,000 reads, 3 writes",
		"not measured: scheduler.jobs",
		"a dollar is 1,400 won",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if lines := strings.Count(out.String(), "\n"); lines > 40 {
		t.Errorf("%d lines are more than a screen", lines)
	}
	out.Reset()
	Print(&out, billing.DefaultPrices().Bill(billing.Usage{}, "2026-11"), nil)
	if !strings.Contains(out.String(), "nothing has been used") || strings.Contains(out.String(), "dearest") {
		t.Errorf("a month without use:\n%s", &out)
	}
}
