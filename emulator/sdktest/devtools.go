package sdktest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// devTools controls a Chromium process over the DevTools Protocol, in JSON messages that end with a NUL byte,
// on the pipes 3 and 4. The process ends when they are closed, so it does not outlive the test.
//
// A library for the whole protocol would take longer to compile than many tests to run; these are the few
// commands that tests need.
//
// Source: https://chromedevtools.github.io/devtools-protocol/
type devTools struct {
	cmd     *exec.Cmd
	profile string // a temporary folder
	in      io.WriteCloser
	stderr  limitedBuffer
	gone    chan struct{} // closed when Chromium has closed its pipe

	mu       sync.Mutex
	last     int
	waiting  map[int]chan message
	sessions map[string]func(message) // receivers of the events of a page
}

// message is a command, the response to one, or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// params are those of a command.
type params map[string]any

// errBrowserEnded is the error of commands to a browser that has ended.
var errBrowserEnded = errors.New("the browser has ended")

// chromiumFlags make Chromium do nothing but what a page does, at full speed, visible or not.
var chromiumFlags = []string{
	"--headless", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--hide-scrollbars", "--mute-audio",
	"--disable-background-networking", "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
	"--disable-breakpad", "--disable-client-side-phishing-detection", "--disable-default-apps", "--disable-extensions",
	"--disable-dev-shm-usage", // /dev/shm is small in containers
	"--disable-hang-monitor", "--disable-ipc-flooding-protection", "--disable-popup-blocking", "--disable-prompt-on-repost",
	"--disable-renderer-backgrounding", "--disable-sync", "--disable-features=Translate", "--metrics-recording-only",
	"--password-store=basic", "--use-mock-keychain", "--enable-automation", "--force-color-profile=srgb",
	"--disable-back-forward-cache", // a page that navigates must end, not be kept for the Back button
}

// startDevTools starts a Chromium.
func startDevTools(path string) (d *devTools, err error) {
	d = &devTools{gone: make(chan struct{}), waiting: map[int]chan message{}, sessions: map[string]func(message){}}
	if d.profile, err = os.MkdirTemp("", "sdktest-chromium-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(d.profile)
		}
	}()
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer theirOut.Close()
	flags := append([]string{"--user-data-dir=" + d.profile}, chromiumFlags...)
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // Chromium's sandbox does not work as root, as in a container
	}
	d.in = in
	d.cmd = exec.Command(path, append(flags, "about:blank")...)
	d.cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	d.cmd.Stderr = &d.stderr
	d.cmd.WaitDelay = time.Second // for Chromium's own processes, which share its standard error
	if err := d.cmd.Start(); err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	go d.listen(out)
	return d, nil
}

// listen passes responses to the commands that wait for them, and events to their pages.
func (d *devTools) listen(out io.ReadCloser) {
	defer close(d.gone)
	defer out.Close()
	messages := bufio.NewReader(out)
	for {
		text, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		d.mu.Lock()
		waits, event := d.waiting[m.ID], d.sessions[m.Session]
		delete(d.waiting, m.ID)
		d.mu.Unlock()
		switch {
		case waits != nil:
			waits <- m
		case m.Method != "" && event != nil:
			event(m)
		}
	}
}

// call sends a command to a page, or to the browser if session is empty, and decodes its result unless that is
// nil.
func (d *devTools) call(ctx context.Context, session, method string, p params, result any) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	response := make(chan message, 1)
	d.mu.Lock()
	d.last++
	id := d.last
	command, err := json.Marshal(message{ID: id, Session: session, Method: method, Params: text})
	if err == nil {
		d.waiting[id] = response
		_, err = d.in.Write(append(command, 0))
	}
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, errors.Join(errBrowserEnded, err))
	}
	select {
	case m := <-response:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			return fmt.Errorf("%s: decode its result: %w", method, err)
		}
		return nil
	case <-ctx.Done():
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, id)
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	case <-d.gone:
		return fmt.Errorf("%s: %w: %s", method, errBrowserEnded, d.stderr.String())
	}
}

// receive calls event with each event of a session, one after another. It must not call [devTools.call].
func (d *devTools) receive(session string, event func(message)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[session] = event
}

// forget ends receive.
func (d *devTools) forget(session string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, session)
}

// close ends the browser.
func (d *devTools) close() {
	d.mu.Lock()
	d.in.Close()
	d.mu.Unlock()
	d.cmd.Process.Kill()
	d.cmd.Wait()
	// Chromium's own processes write to the profile until they notice.
	for range 50 {
		if os.RemoveAll(d.profile) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// limitedBuffer keeps the beginning of what is written to it.
type limitedBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	const most = 4 << 10
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p[:min(len(p), most-len(b.text))]...)
	return len(p), nil
}

func (b *limitedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}
