package bill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/monitoring/v3"
	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/billing"
)

// period is the alignment of the time series. Days of Pacific time begin with a full hour.
const period = time.Hour

// Google reads a month's usage of a project from Cloud Monitoring: until now, and from then until the end of the
// last full hour. It only reads.
//
// region is where the bucket is that stores most, "" if nothing is stored: it decides what Cloud Storage costs.
//
// It is an estimate. Monitoring counts some things that are not billed, such as data that stays in the region,
// and it has no metric of others: see [Unmeasured].
func Google(ctx context.Context, project string, month billing.Month, now time.Time, opts ...option.ClientOption) (u billing.Usage, region string, err error) {
	client, err := monitoring.NewService(ctx, opts...)
	if err != nil {
		return billing.Usage{}, "", fmt.Errorf("open Cloud Monitoring: %w; run gcloud auth application-default login", err)
	}
	from, to := month.Bounds()
	if last := now.Truncate(period); last.Before(to) {
		to = last
	}
	counts := &counts{sums: map[countKey]int64{}, regions: map[string]int64{}}
	if !from.Before(to) { // the month begins in the future
		return billing.Usage{Since: from, Until: from}, "", nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, m := range metrics {
		g.Go(func() error {
			if err := m.read(ctx, client, project, from, to, counts); err != nil {
				return fmt.Errorf("read the metric %s: %w", m.name, explain(err))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return billing.Usage{}, "", err
	}
	return billing.Usage{Since: from, Until: to, Days: counts.days()}, counts.region(), nil
}

// Errors of [Google] that the operator can remedy, for errors.Is. Their texts are the remedies.
var (
	ErrForbidden = errors.New("it needs roles/monitoring.viewer")
	ErrDisabled  = errors.New("enable the API: gcloud services enable monitoring.googleapis.com")
)

// explain adds what to do about a rejection.
//
// Source: https://cloud.google.com/apis/design/errors#error_info (SERVICE_DISABLED; accessNotConfigured is its
// older form)
func explain(err error) error {
	response, ok := errors.AsType[*googleapi.Error](err)
	switch {
	case !ok || response.Code != http.StatusForbidden:
		return err
	case strings.Contains(response.Body, "SERVICE_DISABLED") || strings.Contains(response.Body, "accessNotConfigured"):
		return fmt.Errorf("%w; %w", err, ErrDisabled)
	}
	return fmt.Errorf("%w; %w", err, ErrForbidden)
}

// read adds a metric's time series to the counts.
func (m *metric) read(ctx context.Context, client *monitoring.Service, project string, from, to time.Time, counts *counts) error {
	filter := fmt.Sprintf("metric.type = %q", m.name)
	if m.filter != "" {
		filter += " AND " + m.filter
	}
	aligner := "ALIGN_SUM"
	if m.gauge {
		aligner = "ALIGN_MEAN"
	}
	err := client.Projects.TimeSeries.List("projects/"+project).Filter(filter).
		IntervalStartTime(from.UTC().Format(time.RFC3339)).IntervalEndTime(to.UTC().Format(time.RFC3339)).
		AggregationAlignmentPeriod(fmt.Sprintf("%ds", int(period.Seconds()))).AggregationPerSeriesAligner(aligner).
		AggregationCrossSeriesReducer("REDUCE_SUM").AggregationGroupByFields(m.group...).
		Pages(ctx, func(page *monitoring.ListTimeSeriesResponse) error {
			for _, series := range page.TimeSeries {
				if err := m.add(series, from, to, counts); err != nil {
					return err
				}
			}
			return nil
		})
	if response, ok := errors.AsType[*googleapi.Error](err); ok && response.Code == http.StatusNotFound && strings.Contains(response.Message, "metric") {
		return nil // nothing in the project has ever had the metric
	}
	return err
}

// add adds a time series to the counts.
func (m *metric) add(series *monitoring.TimeSeries, from, to time.Time, counts *counts) error {
	labels := labelsOf(series)
	item, cause := m.cause(m, labels)
	if item == "" {
		return nil
	}
	byHour := map[time.Time]float64{}
	for _, point := range series.Points {
		if point.Interval == nil || point.Value == nil {
			continue
		}
		end, err := time.Parse(time.RFC3339, point.Interval.EndTime)
		if err != nil {
			return fmt.Errorf("a point's time is %q", point.Interval.EndTime)
		}
		hour := end.Add(-time.Nanosecond).Truncate(period) // a period belongs to the hour that it ends
		if hour.Before(from) || !hour.Before(to) {
			continue
		}
		byHour[hour.UTC()] += number(point.Value)
	}
	factor := m.factor
	if factor == 0 {
		factor = 1
	}
	last, known := 0.0, false
	for hour := from.UTC(); hour.Before(to); hour = hour.Add(period) {
		value, ok := byHour[hour]
		if m.gauge { // some are measured once a day: what was stored before is still there
			if ok {
				last, known = value, true
			} else if value = last; !known {
				continue
			}
			value *= period.Seconds()
		}
		amount := int64(math.Round(value * factor))
		counts.add(billing.DateOf(hour), item, cause, amount)
		if region := labels[labelLocation]; region != "" {
			counts.addRegion(strings.ToLower(region), amount)
		}
	}
	return nil
}

// number returns a point's value.
func number(v *monitoring.TypedValue) float64 {
	switch {
	case v.Int64Value != nil:
		return max(0, float64(*v.Int64Value))
	case v.DoubleValue != nil && !math.IsNaN(*v.DoubleValue):
		return min(max(0, *v.DoubleValue), 1<<50)
	}
	return 0
}

// labelsOf returns a series' labels under the names of the aggregation.
func labelsOf(series *monitoring.TimeSeries) map[string]string {
	all := map[string]string{}
	if series.Metric != nil {
		for name, value := range series.Metric.Labels {
			all["metric.label."+name] = value
		}
	}
	if series.Resource != nil {
		for name, value := range series.Resource.Labels {
			all["resource.label."+name] = value
		}
	}
	return all
}

// counts are sums that several readers add to.
type counts struct {
	mu      sync.Mutex
	sums    map[countKey]int64
	regions map[string]int64 // what buckets stored there
}

type countKey struct {
	date  billing.Date
	item  billing.Item
	cause billing.Cause
}

func (c *counts) add(date billing.Date, item billing.Item, cause billing.Cause, amount int64) {
	if amount <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sums[countKey{date, item, cause}] += amount
}

func (c *counts) addRegion(region string, amount int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.regions[region] += amount
}

// region returns the region in which buckets stored most, "" if none stored anything.
func (c *counts) region() (most string) {
	for _, region := range slices.Sorted(maps.Keys(c.regions)) {
		if c.regions[region] > c.regions[most] {
			most = region
		}
	}
	return most
}

// days returns the sums by day.
func (c *counts) days() []billing.Day {
	byDate := map[billing.Date][]billing.Amount{}
	for key, amount := range c.sums {
		byDate[key.date] = append(byDate[key.date], billing.Amount{Item: key.item, Cause: key.cause, Amount: amount})
	}
	var days []billing.Day
	for _, date := range slices.Sorted(maps.Keys(byDate)) {
		days = append(days, billing.Day{Date: date, Amounts: byDate[date]})
	}
	return days
}
