package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const contentTypeJSON = "application/json;charset=UTF-8"

// listResponse is the response to a query for a course list.
type listResponse struct {
	year, term string
	request    int64 // number of the request
	sections   []section
}

// respond sends the list, or what the current failure makes of it.
func (u *University) respond(w http.ResponseWriter, r *http.Request, res listResponse) {
	w.Header().Set("Content-Type", contentTypeJSON)
	switch u.currentFailure() {
	case Silent:
		panic(http.ErrAbortHandler)
	case Hanging:
		<-r.Context().Done()
	case Garbage:
		random := rand.New(rand.NewPCG(u.seed, uint64(res.request)))
		noise := make([]byte, 100_000)
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		w.Write(noise)
	case Broken:
		res.writeHalf(w)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Truncated:
		res.writeHalf(w)
	case ServerError:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case ErrorPage:
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		io.WriteString(w, "<!DOCTYPE html><html lang=\"ko\"><body><h1>시스템 점검 중입니다</h1><p>잠시 후 다시 이용해 주세요.</p></body></html>\n")
	case Slow:
		res.write(&slowWriter{r.Context(), w, http.NewResponseController(w)})
	case Huge:
		res.sections = repeatSections(res.sections)
		res.write(w)
	case Empty:
		res.sections = nil
		res.write(w)
	case HalfLost:
		kept := res.sections[:0:0]
		for i := 0; i < len(res.sections); i += 2 {
			kept = append(kept, res.sections[i])
		}
		res.sections = kept
		res.write(w)
	default:
		res.write(w)
	}
}

// write streams the whole response. An error means that the client is gone.
func (res listResponse) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 32<<10)
	if err := res.rows(out, len(res.sections)); err != nil {
		return err
	}
	out.WriteString("]}")
	return out.Flush()
}

// writeHalf writes the first half and stops within a row.
func (res listResponse) writeHalf(w io.Writer) {
	var rows bytes.Buffer
	res.rows(&rows, (len(res.sections)+1)/2)
	rows.Truncate(rows.Len() - min(100, rows.Len()/2))
	w.Write(rows.Bytes())
}

// rows writes the beginning of the response and the first n rows.
func (res listResponse) rows(w io.Writer, n int) error {
	if _, err := io.WriteString(w, `{"code":"200","rows":[`); err != nil {
		return err
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	for i := range n {
		line.Reset()
		if i > 0 {
			line.WriteByte(',')
		}
		if err := enc.Encode(res.sections[i].row(res.year, res.term, i, res.request)); err != nil {
			return err
		}
		if _, err := w.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	return nil
}

// repeatSections returns every section ten times, each with a different course code.
func repeatSections(sections []section) []section {
	all := make([]section, 0, 10*len(sections))
	for i := range 10 {
		for _, s := range sections {
			c := *s.course
			if i > 0 {
				c.code += string(rune('A' + i - 1))
			}
			s.course = &c
			all = append(all, s)
		}
	}
	return all
}

// slowWriter sends one byte a second, the first immediately, until the client disconnects.
type slowWriter struct {
	ctx     context.Context
	w       io.Writer
	control *http.ResponseController
}

func (s *slowWriter) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := s.w.Write(p[i : i+1]); err != nil {
			return i, err
		}
		if err := s.control.Flush(); err != nil {
			return i, err
		}
		select {
		case <-s.ctx.Done():
			return i + 1, s.ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return len(p), nil
}
