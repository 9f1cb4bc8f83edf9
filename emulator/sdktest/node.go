package sdktest

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

//go:embed node.mjs host.mjs
var hosts embed.FS

// Node is a client script that runs in a Node process of its own.
type Node struct {
	cmd    *exec.Cmd
	folder string // with the host script
	stderr bytes.Buffer
	ended  chan struct{} // closed when its output ends

	mu      sync.Mutex
	in      io.WriteCloser
	calls   int
	waiting map[int]chan answer
}

// StartNode runs a script file in Node, with one of [Versions], until the test ends. Without npm, or with
// -short, the test is skipped.
func StartNode(t testing.TB, version, script string) *Node {
	t.Helper()
	n, err := LaunchNode(filepath.Join(SDKs(t), version), script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.end(t) })
	return n
}

func (n *Node) end(t testing.TB) {
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("node's standard error: %s", n.stderr.Bytes())
	}
}

// LaunchNode runs a script file in Node, with the SDK in a folder, until Close.
func LaunchNode(sdk, script string) (n *Node, err error) {
	script, err = filepath.Abs(script)
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	if _, err := os.ReadFile(script); err != nil { // so that go test's cache notices changes of the file
		return nil, fmt.Errorf("start node: %w", err)
	}
	n = &Node{ended: make(chan struct{}), waiting: map[int]chan answer{}}
	if n.folder, err = os.MkdirTemp("", "sdktest-node-"); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start node: %w", err), os.RemoveAll(n.folder))
		}
	}()
	if err := os.CopyFS(n.folder, hosts); err != nil {
		return nil, err
	}
	n.cmd = exec.Command("node", filepath.Join(n.folder, "node.mjs"), sdk, script)
	n.cmd.Stderr = &n.stderr
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go n.listen(out)
	return n, nil
}

// listen passes each response to the call that waits for it.
func (n *Node) listen(out io.Reader) {
	defer close(n.ended)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var response struct {
			ID     int    `json:"id"`
			Answer answer `json:"answer"`
		}
		if err := json.Unmarshal(line, &response); err != nil {
			response.Answer.Error = &ScriptError{Message: fmt.Sprintf("node printed %q: %v", line, err)}
		}
		n.mu.Lock()
		waits := n.waiting[response.ID]
		delete(n.waiting, response.ID)
		n.mu.Unlock()
		if waits != nil {
			waits <- response.Answer
		}
	}
}

// Call implements [Script].
func (n *Node) Call(ctx context.Context, function string, result any, args ...any) error {
	if args == nil {
		args = []any{}
	}
	return n.request(ctx, function, result, map[string]any{"function": function, "args": args})
}

// request sends a line to node.mjs, which describes them, and decodes the response into result.
func (n *Node) request(ctx context.Context, function string, result any, line map[string]any) error {
	answered := make(chan answer, 1)
	n.mu.Lock()
	n.calls++
	line["id"] = n.calls
	text, err := json.Marshal(line)
	if err == nil {
		n.waiting[n.calls] = answered
		_, err = n.in.Write(append(text, '\n'))
	}
	n.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: call node: %w", function, err)
	}
	select {
	case a := <-answered:
		return a.decode(function, result)
	case <-n.ended:
		return fmt.Errorf("%s: node exited", function)
	case <-ctx.Done():
		return fmt.Errorf("%s: no response from node: %w", function, context.Cause(ctx))
	}
}

// Close ends the process and waits for it.
func (n *Node) Close() error {
	n.in.Close()
	<-n.ended
	return errors.Join(n.cmd.Wait(), os.RemoveAll(n.folder))
}
