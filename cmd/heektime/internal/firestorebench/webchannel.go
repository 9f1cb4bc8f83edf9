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

// channelURL returns the URL of WebChannel's endpoint for Listen.
func channelURL(address string, query url.Values) string {
	query.Set("VER", "8")
	query.Set("database", database)
	return "http://" + address + "/google.firestore.v1.Firestore/Listen/channel?" + query.Encode()
}

const database = "projects/demo-bench/databases/(default)"

// channel is a minimal WebChannel client, without the cost of the SDK.
type channel struct {
	client  *http.Client
	browser string // the User-Agent, by which the server distinguishes browsers on the same machine
	address string
	session url.Values // the parameters that identify the channel
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
	open := channelURL(address, url.Values{"RID": {"1"}, "CVER": {"22"}, "X-HTTP-Session-Id": {"gsessionid"}, "t": {"1"}})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, open, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", browser)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer response.Body.Close()
	frames := json.NewDecoder(response.Body) // a frame is a length followed by an array
	var length int
	var frame []json.RawMessage // [[0, ["c", session, …]]]
	if err := errors.Join(frames.Decode(&length), frames.Decode(&frame)); err != nil || response.StatusCode != http.StatusOK || len(frame) == 0 {
		return nil, fmt.Errorf("open a channel: %s: %v", response.Status, err)
	}
	var first struct {
		ID      int
		Message []any
	}
	if err := json.Unmarshal(frame[0], &[]any{&first.ID, &first.Message}); err != nil || len(first.Message) < 2 {
		return nil, fmt.Errorf("open a channel: unexpected response %s", frame[0])
	}
	session := url.Values{"SID": {fmt.Sprint(first.Message[1])}}
	if id := response.Header.Get("X-HTTP-Session-Id"); id != "" {
		session.Set("gsessionid", id)
	}
	return &channel{client: client, browser: browser, address: address, session: session}, nil
}

// receive reads what the server sends until ctx ends, and sends nil to received for each changed
// document.
func (c *channel) receive(ctx context.Context, received chan<- error) error {
	query := url.Values{"RID": {"rpc"}, "AID": {"0"}, "CI": {"0"}, "TYPE": {"xmlhttp"}, "t": {"1"}}
	for name, values := range c.session {
		query[name] = values
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, channelURL(c.address, query), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", c.browser)
	response, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("open the back channel: " + response.Status)
	}
	frames := json.NewDecoder(response.Body)
	for {
		var frame json.RawMessage
		if err := frames.Decode(&frame); err == io.EOF {
			return errors.New("the server closed the back channel")
		} else if err != nil {
			return fmt.Errorf("read the back channel: %w", err)
		}
		for range bytes.Count(frame, []byte(`"documentChange"`)) {
			received <- nil
		}
	}
}

// listenWithWebChannel opens a channel with its own connection and User-Agent per listener.
func listenWithWebChannel(ctx context.Context, t *target, document string, listeners int, received chan<- error) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: listeners}}
	context.AfterFunc(ctx, client.CloseIdleConnections)
	for i := range listeners {
		c, err := openChannel(ctx, client, fmt.Sprintf("listener %d", i), t.address, document)
		if err != nil {
			return err
		}
		go func() {
			if err := c.receive(ctx, received); ctx.Err() == nil {
				received <- err
			}
		}()
	}
	return nil
}

// supportsWebChannel reports whether a server opens a channel.
func supportsWebChannel(ctx context.Context, address string) bool {
	ctx, cancel := withTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := openChannel(ctx, http.DefaultClient, "probe", address, "none/one")
	return err == nil
}
