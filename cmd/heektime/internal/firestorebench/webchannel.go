package firestorebench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// channelURL is where browsers listen.
func channelURL(address string, query url.Values) string {
	query.Set("VER", "8")
	query.Set("database", database)
	return "http://" + address + "/google.firestore.v1.Firestore/Listen/channel?" + query.Encode()
}

const database = "projects/demo-bench/databases/(default)"

// channel is the least that a browser is for a server: a WebChannel, without the SDK's cost.
type channel struct {
	client  *http.Client
	browser string // its User-Agent, by which the server tells browsers of one machine apart
	address string
	session url.Values // the parameters that name it
}

// openChannel opens a channel that listens to a document.
func openChannel(ctx context.Context, client *http.Client, browser, address, document string) (*channel, error) {
	target, err := json.Marshal(map[string]any{"database": database, "addTarget": map[string]any{
		"targetId": 2, "documents": map[string]any{"documents": []string{database + "/documents/" + document}},
	}})
	if err != nil {
		return nil, err
	}
	form := url.Values{"headers": {"Authorization:Bearer owner\r\n"}, "count": {"1"}, "ofs": {"0"}, "req0___data__": {string(target)}}
	at := channelURL(address, url.Values{"RID": {"1"}, "CVER": {"22"}, "X-HTTP-Session-Id": {"gsessionid"}, "t": {"1"}})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", browser)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer answer.Body.Close()
	frames := json.NewDecoder(answer.Body) // a frame is a number and an array, one after the other
	var length int
	var frame []json.RawMessage // [[0, ["c", session, …]]]
	if err := errors.Join(frames.Decode(&length), frames.Decode(&frame)); err != nil || answer.StatusCode != http.StatusOK || len(frame) == 0 {
		return nil, fmt.Errorf("open a channel: %s: %v", answer.Status, err)
	}
	var first struct {
		ID   int
		Said []any
	}
	if err := json.Unmarshal(frame[0], &[]any{&first.ID, &first.Said}); err != nil || len(first.Said) < 2 {
		return nil, fmt.Errorf("open a channel: answered %s", frame[0])
	}
	session := url.Values{"SID": {fmt.Sprint(first.Said[1])}}
	if id := answer.Header.Get("X-HTTP-Session-Id"); id != "" {
		session.Set("gsessionid", id)
	}
	return &channel{client: client, browser: browser, address: address, session: session}, nil
}

// hear reads what the server sends until ctx ends, and tells of each document.
func (c *channel) hear(ctx context.Context, heard chan<- error) error {
	query := url.Values{"RID": {"rpc"}, "AID": {"0"}, "CI": {"0"}, "TYPE": {"xmlhttp"}, "t": {"1"}}
	for name, values := range c.session {
		query[name] = values
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, channelURL(c.address, query), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", c.browser)
	answer, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New("back channel: " + answer.Status)
	}
	frames := json.NewDecoder(answer.Body)
	for {
		var frame json.RawMessage
		if err := frames.Decode(&frame); err == io.EOF {
			return errors.New("the server ended the back channel")
		} else if err != nil {
			return fmt.Errorf("back channel: %w", err)
		}
		for range bytes.Count(frame, []byte(`"documentChange"`)) {
			heard <- nil
		}
	}
}

// listenByWebChannel has a channel, a connection and a browser for each listener.
func listenByWebChannel(ctx context.Context, t *target, document string, listeners int, heard chan<- error) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: listeners}}
	context.AfterFunc(ctx, client.CloseIdleConnections)
	for i := range listeners {
		c, err := openChannel(ctx, client, fmt.Sprintf("listener %d", i), t.address, document)
		if err != nil {
			return err
		}
		go func() {
			if err := c.hear(ctx, heard); ctx.Err() == nil {
				heard <- err
			}
		}()
	}
	return nil
}

// speaksWebChannel asks a server for a channel.
func speaksWebChannel(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := openChannel(ctx, http.DefaultClient, "probe", address, "none/one")
	return err == nil
}
