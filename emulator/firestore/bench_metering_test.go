package firestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	emulator "heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/crashtest"
)

// The servers of BenchmarkMetering, as arguments of serve.
const (
	plainServer   = "benchmark plain"
	meteredServer = "benchmark metered"
)

// BenchmarkMetering has so many pairs of servers, and calls each with so many clients, so often in a round.
const serverPairs, benchCallers, benchRound = 9, 16, 40 * 16

// serveBenchmark starts a server of BenchmarkMetering and returns its address and, after a space, its process ID.
func serveBenchmark(argument string) (string, error) {
	c := emulator.Config{Clock: clock.New(), AllowUnindexed: true}
	if argument == meteredServer {
		c.Meter = billing.NewMeter(c.Clock)
	}
	s, err := emulator.New(c)
	if err != nil {
		return "", err
	}
	address, err := crashtest.ServeGRPC(s.Register)
	return fmt.Sprintf("%s %d", address, os.Getpid()), err
}

// BenchmarkMetering compares the processor time of a server with a meter and of one without. Each is a process
// of its own, so that the client's time does not count. The machine's other load changes the time of an
// operation by more than metering does. Therefore the two take turns in many short rounds, and the fastest quarters of
// their rounds are compared, which that load disturbed least. Two processes of the same program differ by several
// percent, too, so there are many pairs of them, and %-more is their median.
//
//	go test -run - -bench Metering -benchtime 40x ./emulator/firestore
func BenchmarkMetering(b *testing.B) {
	query := &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: &pb.StructuredQuery{
		From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "a"}}, Limit: wrapperspb.Int32(20),
	}}}
	for _, operation := range []struct {
		name string
		do   func(fs pb.FirestoreClient, i int64) error
	}{
		{"get", func(fs pb.FirestoreClient, i int64) error {
			_, err := fs.GetDocument(b.Context(), &pb.GetDocumentRequest{Name: fmt.Sprintf("%s/a/%d", root, i%100)})
			return err
		}},
		{"query", func(fs pb.FirestoreClient, _ int64) error { return drain(fs.RunQuery(b.Context(), query)) }},
		{"set", func(fs pb.FirestoreClient, i int64) error {
			return commit(b.Context(), fs, set(fmt.Sprintf("w/%d", i%100), "ann", i, false))
		}},
	} {
		b.Run(operation.name, func(b *testing.B) {
			var plain, metered, more []float64
			var pairs [serverPairs][2]*benchmarkServer
			for i := range pairs {
				pairs[i] = [2]*benchmarkServer{startBenchmark(b, plainServer), startBenchmark(b, meteredServer)}
			}
			measure := func(s *benchmarkServer) float64 { return s.measure(b, operation.do) }
			used := [serverPairs][2][]float64{}
			for i := -1; i < 0 || b.Loop(); i++ {
				for p, servers := range pairs {
					for _, which := range [2]int{(i + 2) % 2, 1 - (i+2)%2} {
						if took := measure(servers[which]); i >= 0 { // the first round warms up
							used[p][which] = append(used[p][which], took)
						}
					}
				}
			}
			for _, u := range used {
				without, with := fastQuarter(u[0]), fastQuarter(u[1])
				plain, metered, more = append(plain, without), append(metered, with), append(more, 100*(with-without)/without)
			}
			b.ReportMetric(median(plain), "cpu-ns/op")
			b.ReportMetric(median(metered), "cpu-ns/metered-op")
			b.ReportMetric(median(more), "%-more")
			b.ReportMetric(0, "ns/op") // the client's, and of no interest
		})
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// benchmarkServer is a server in another process.
type benchmarkServer struct {
	client pb.FirestoreClient
	pid    string
}

func startBenchmark(b *testing.B, argument string) *benchmarkServer {
	line, _ := crashtest.Start(b, argument)
	address, pid, _ := strings.Cut(line, " ")
	s := &benchmarkServer{pb.NewFirestoreClient(crashtest.Dial(b, address)), pid}
	for i := range int64(100) {
		if err := commit(b.Context(), s.client, set(fmt.Sprintf("a/%d", i), "데이터베이스시스템", i, false)); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// measure returns how much processor time the server needs for an operation, in nanoseconds, in one round of calls.
func (s *benchmarkServer) measure(b *testing.B, do func(fs pb.FirestoreClient, i int64) error) float64 {
	before := s.processorTime(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchCallers {
		wg.Go(func() {
			for i := next.Add(1); i <= benchRound; i = next.Add(1) {
				if err := do(s.client, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64((s.processorTime(b) - before).Nanoseconds()) / benchRound
}

// processorTime returns the processor time that the server's threads have used.
func (s *benchmarkServer) processorTime(b *testing.B) time.Duration {
	threads, err := filepath.Glob("/proc/" + s.pid + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		b.Skipf("cannot read the processor time of process %s, which needs Linux: %v", s.pid, err)
	}
	var total time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			b.Fatalf("%s: %v", thread, err)
		}
		total += time.Duration(ns)
	}
	return total
}

// fastQuarter returns the mean of the smallest quarter.
func fastQuarter(list []float64) float64 {
	slices.Sort(list)
	n := max(1, len(list)/4)
	sum := 0.0
	for _, x := range list[:n] {
		sum += x
	}
	return sum / float64(n)
}
