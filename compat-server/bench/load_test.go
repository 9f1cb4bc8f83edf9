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

// kinds of calls, in the order of the table.
var kinds = []string{"`GET /schools`", "`GET /users/{id}/timetables` (5 × 7)", "`POST` lecture", "`DELETE` lecture"}

// perRound is how often each kind is called in a round.
var perRound = []int{4000, 1000, 5 * users, 5 * users}

// atOnce is how many clients call at the same time.
const atOnce = 4

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}

// once makes one call.
func once(method, url, token, body string) (status int, answer []byte, err error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer got.Body.Close()
	answer, err = io.ReadAll(got.Body)
	return got.StatusCode, answer, err
}

// warm makes every kind of call, for every user.
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
func (s *side) round(b *testing.B, round int, tokens []string) {
	b.Helper()
	s.load(b, s.result(0), perRound[0], 200, func(int) (string, string, string, string) { return "GET", "/schools", "", "" })
	s.load(b, s.result(1), perRound[1], 200, func(i int) (string, string, string, string) {
		return "GET", "/users/" + uid(i%users) + "/timetables", "", ""
	})
	text := lectureText(b)
	ids := s.load(b, s.result(2), perRound[2], 201, func(i int) (string, string, string, string) {
		return "POST", fmt.Sprintf("/me/timetables/%s/lectures", timetableID(i%users, round%timetables)), tokens[i%users], text
	})
	s.load(b, s.result(3), perRound[3], 204, func(i int) (string, string, string, string) {
		return "DELETE", fmt.Sprintf("/me/timetables/%s/lectures/%s", timetableID(i%users, round%timetables), ids[i]), tokens[i%users], ""
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

// load makes n calls, some at once, and adds what they took to r. It gives the ids in the answers.
func (s *side) load(b *testing.B, r *result, n, want int, request func(i int) (method, path, token, body string)) []string {
	b.Helper()
	ids, latencies := make([]string, n), make([]time.Duration, n)
	pid := s.server.cmd.Process.Pid
	server, database := cpu(pid), cpu(s.database)
	var group sync.WaitGroup
	next := make(chan int)
	for range atOnce {
		group.Go(func() {
			for i := range next {
				method, path, token, body := request(i)
				begin := time.Now()
				status, answer, err := once(method, s.server.url+path, token, body)
				latencies[i] = time.Since(begin)
				if err != nil || status != want {
					b.Errorf("%s %s: %d %s, %v", method, path, status, answer, err)
				}
				var made struct{ ID string }
				if status == http.StatusCreated && json.Unmarshal(answer, &made) == nil {
					ids[i] = made.ID
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
