//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// kinds of calls, in the order of the report.
var kinds = []string{"`GET /schools`", "`GET /users/{id}/timetables` (5 × 7)", "`POST` lecture", "`DELETE` lecture"}

// callsPerRound is the number of calls of each kind in a round.
var callsPerRound = []int{4000, 1000, 5 * users, 5 * users}

// concurrency is the number of concurrent clients.
const concurrency = 4

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}

// do makes one call.
func do(method, url, token, body string) (status int, response []byte, err error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	response, err = io.ReadAll(resp.Body)
	return resp.StatusCode, response, err
}

// warm makes every kind of call for every user.
func (s *side) warm(b *testing.B, tokens []string) {
	b.Helper()
	ids := s.load(b, nil, users, 201, func(i int) (string, string, string, string) {
		return "POST", fmt.Sprintf("/me/timetables/%s/lectures", timetableID(i, 0)), tokens[i], lectureText(b)
	})
	s.load(b, nil, users, 204, func(i int) (string, string, string, string) {
		return "DELETE", fmt.Sprintf("/me/timetables/%s/lectures/%s", timetableID(i, 0), ids[i]), tokens[i], ""
	})
	s.load(b, nil, 1000, 200, func(i int) (string, string, string, string) { return "GET", "/schools", "", "" })
	s.load(b, nil, 2*users, 200, func(i int) (string, string, string, string) {
		return "GET", "/users/" + uid(i%users) + "/timetables", "", ""
	})
}

// round makes the calls of one round.
func (s *side) round(b *testing.B, n int, tokens []string) {
	b.Helper()
	s.load(b, s.result(0), callsPerRound[0], 200, func(int) (string, string, string, string) { return "GET", "/schools", "", "" })
	s.load(b, s.result(1), callsPerRound[1], 200, func(i int) (string, string, string, string) {
		return "GET", "/users/" + uid(i%users) + "/timetables", "", ""
	})
	text := lectureText(b)
	ids := s.load(b, s.result(2), callsPerRound[2], 201, func(i int) (string, string, string, string) {
		return "POST", fmt.Sprintf("/me/timetables/%s/lectures", timetableID(i%users, n%timetables)), tokens[i%users], text
	})
	s.load(b, s.result(3), callsPerRound[3], 204, func(i int) (string, string, string, string) {
		return "DELETE", fmt.Sprintf("/me/timetables/%s/lectures/%s", timetableID(i%users, n%timetables), ids[i]), tokens[i%users], ""
	})
}

func (s *side) result(kind int) *result {
	r := s.results[kinds[kind]]
	if r == nil {
		r = &result{}
		s.results[kinds[kind]] = r
	}
	return r
}

func lectureText(b *testing.B) string {
	text, err := json.Marshal(lecture)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// load makes n calls concurrently, each of which must return the status want. It adds the
// measurements to r, unless r is nil, and returns the IDs in the responses.
func (s *side) load(
	b *testing.B, r *result, n, want int, request func(i int) (method, path, token, body string),
) []string {
	b.Helper()
	ids, latencies := make([]string, n), make([]time.Duration, n)
	pid := s.server.cmd.Process.Pid
	server, database := cpu(pid), cpu(s.database)
	var group sync.WaitGroup
	next := make(chan int)
	for range concurrency {
		group.Go(func() {
			for i := range next {
				method, path, token, body := request(i)
				begin := time.Now()
				status, response, err := do(method, s.server.url+path, token, body)
				latencies[i] = time.Since(begin)
				if err != nil || status != want {
					b.Errorf("%s %s: %d %s, %v", method, path, status, response, err)
				}
				var created struct{ ID string }
				if status == http.StatusCreated && json.Unmarshal(response, &created) == nil {
					ids[i] = created.ID
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	if b.Failed() {
		b.FailNow()
	}
	if r != nil {
		r.calls += n
		r.server += cpu(pid) - server
		r.database += cpu(s.database) - database
		r.latencies = append(r.latencies, latencies...)
	}
	return ids
}
