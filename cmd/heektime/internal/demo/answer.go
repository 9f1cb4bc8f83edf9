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

const jsonType = "application/json;charset=UTF-8"

// answer is a list on its way out.
type answer struct {
	year, term string
	request    int64
	sections   []section
}

// answer sends a, as the current failure has it.
func (u *University) answer(w http.ResponseWriter, r *http.Request, a answer) {
	w.Header().Set("Content-Type", jsonType)
	switch u.failing() {
	case Silent:
		panic(http.ErrAbortHandler)
	case Hanging:
		<-r.Context().Done()
	case Garbage:
		random := rand.New(rand.NewPCG(u.seed, uint64(a.request)))
		noise := make([]byte, 100_000)
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		w.Write(noise)
	case Broken:
		a.writeHalf(w)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Truncated:
		a.writeHalf(w)
	case ServerError:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case ErrorPage:
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		io.WriteString(w, "<!DOCTYPE html><html lang=\"ko\"><body><h1>시스템 점검 중입니다</h1><p>잠시 후 다시 이용해 주세요.</p></body></html>\n")
	case Slow:
		a.write(&trickle{r.Context(), w, http.NewResponseController(w)})
	case Huge:
		a.sections = tenfold(a.sections)
		a.write(w)
	case Empty:
		a.sections = nil
		a.write(w)
	case HalfLost:
		kept := a.sections[:0:0]
		for i := 0; i < len(a.sections); i += 2 {
			kept = append(kept, a.sections[i])
		}
		a.sections = kept
		a.write(w)
	default:
		a.write(w)
	}
}

// write streams the whole answer. An error is the client's going; there is nobody left to tell.
func (a answer) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 32<<10)
	if err := a.rows(out, len(a.sections)); err != nil {
		return err
	}
	out.WriteString("]}")
	return out.Flush()
}

// writeHalf stops in the middle of a row.
func (a answer) writeHalf(w io.Writer) {
	var rows bytes.Buffer
	a.rows(&rows, (len(a.sections)+1)/2)
	rows.Truncate(rows.Len() - min(100, rows.Len()/2))
	w.Write(rows.Bytes())
}

// rows writes the head and the first n rows.
func (a answer) rows(w io.Writer, n int) error {
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
		if err := enc.Encode(a.sections[i].row(a.year, a.term, i, a.request)); err != nil {
			return err
		}
		if _, err := w.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	return nil
}

// tenfold lists every section ten times, under ten codes.
func tenfold(sections []section) []section {
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

// trickle passes on a byte at once and then one a second, until the client goes.
type trickle struct {
	ctx     context.Context
	w       io.Writer
	control *http.ResponseController
}

func (t *trickle) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := t.w.Write(p[i : i+1]); err != nil {
			return i, err
		}
		if err := t.control.Flush(); err != nil {
			return i, err
		}
		select {
		case <-t.ctx.Done():
			return i + 1, t.ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return len(p), nil
}
