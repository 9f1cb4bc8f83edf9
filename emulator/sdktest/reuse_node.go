package sdktest

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// Nodes starts a script in Node for one test after another. It saves starting a process and loading the
// SDK: most of the processor time of a short test.
type Nodes struct {
	version, script string
	idle            idleList[Node]
}

// OpenNodes returns Nodes for a test and its subtests. Its processes end with the test. The arguments are
// those of [StartNode].
func OpenNodes(t testing.TB, version, script string) *Nodes {
	t.Helper()
	SDKs(t) // skips the test if they are not installed
	n := &Nodes{version: version, script: script}
	t.Cleanup(func() {
		for node := n.idle.take(); node != nil; node = n.idle.take() {
			node.end(t)
		}
	})
	return n
}

// resetTimeout is how long a process may take to become as good as new.
const resetTimeout = time.Minute

// Reuse is like [StartNode], but prefers a process of an earlier test that has ended. The Firebase apps of
// that test's script are deleted, and the script starts again.
func (n *Nodes) Reuse(t testing.TB) *Node {
	t.Helper()
	node := n.idle.take()
	if node == nil {
		var err error
		if node, err = LaunchNode(filepath.Join(SDKs(t), n.version), n.script); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), resetTimeout)
		defer cancel()
		if t.Failed() || node.request(ctx, "reset", nil, map[string]any{"reset": true}) != nil {
			node.end(t)
			return
		}
		n.idle.put(node)
	})
	return node
}
