package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// target is a running server with a client.
type target struct {
	*process
	name   string
	conn   *grpc.ClientConn
	client *firestore.Client // owns the connection
}

// indexes contains the composite index that the query needs.
const indexes = `{"indexes": [{"collectionGroup": "` + lectures + `", "queryScope": "COLLECTION", "fields": [
	{"fieldPath": "kind", "order": "ASCENDING"}, {"fieldPath": "n", "order": "DESCENDING"}]}]}`

// build compiles the embedded server as for a release, unless the run has its binary.
func (b *bench) build(ctx context.Context) error {
	if err := os.WriteFile(b.indexes(), []byte(indexes), 0o600); err != nil {
		return fmt.Errorf("write the indexes: %w", err)
	}
	return b.compile(ctx, "heek.kr/heektime/cmd/heektime/internal/firestorebench/server")
}

// compile builds the server from a package, unless there is one already.
func (b *bench) compile(ctx context.Context, pkg string) error {
	if b.server != "" {
		return nil
	}
	b.server = filepath.Join(b.dir, "server")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.server, pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the embedded server (run the benchmark in the repository): %w\n%s", err, out)
	}
	return nil
}

func (b *bench) indexes() string { return filepath.Join(b.dir, "firestore.indexes.json") }

// open starts a new, empty server and connects to it.
func (b *bench) open(ctx context.Context, name string) (*target, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	var p *process
	switch name {
	case npmServer:
		_, port := splitPort(address)
		p, err = launch(ctx, address, "node", filepath.Join(b.npm, "serve.js"), port)
	case embeddedDurable:
		var data string
		if data, err = os.MkdirTemp(b.dir, "data-"); err != nil {
			return nil, fmt.Errorf("make a data directory: %w", err)
		}
		p, err = launch(ctx, address, b.server, "-firestore", address, "-indexes", b.indexes(), "-data", data)
	default:
		binary := b.server
		for _, other := range b.Against {
			if filepath.Base(other) == name {
				binary = other
			}
		}
		p, err = launch(ctx, address, binary, "-firestore", address, "-indexes", b.indexes())
	}
	if err != nil {
		return nil, err
	}
	t := &target{process: p, name: name}
	if err := t.connect(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return t, nil
}

// connect creates the client, which connects at its first call.
func (t *target) connect(ctx context.Context) error {
	conn, err := grpc.NewClient(t.address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(ownerToken{}))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", t.name, err)
	}
	client, err := firestore.NewClient(ctx, "demo-bench", option.WithGRPCConn(conn))
	if err != nil {
		return errors.Join(fmt.Errorf("connect to %s: %w", t.name, err), conn.Close())
	}
	t.conn, t.client = conn, client
	return nil
}

// ownerToken are the credentials that Google's client sends to emulators if FIRESTORE_EMULATOR_HOST is
// set; they bypass security rules.
type ownerToken struct{}

func (ownerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer owner"}, nil
}

func (ownerToken) RequireTransportSecurity() bool { return false }

// stop closes the client and stops the server.
func (t *target) stop() error {
	return errors.Join(t.client.Close(), t.process.stop())
}

// kinds is the number of kinds: every kinds-th document has the same kind.
const kinds = 20

// lecture returns a document like HeekTime's lectures, of about 500 bytes.
func lecture(i int) map[string]any {
	return map[string]any{
		"identifier": fmt.Sprintf("COSE%04d-01", i), "title": "데이터베이스시스템", "professor": "정연돈", "credit": 3, "n": i, "kind": i % kinds,
		"times":    []any{map[string]any{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"}},
		"category": []any{"정보대학", "컴퓨터학과"},
	}
}

// fill writes n documents to a collection, in batches.
func (t *target) fill(ctx context.Context, collection string, n int) error {
	const batch = 500
	for first := 0; first < n; first += batch {
		err := t.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			for i := first; i < min(first+batch, n); i++ {
				if err := tx.Set(t.client.Doc(fmt.Sprintf("%s/%d", collection, i)), lecture(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write documents from %d: %w", first, err)
		}
	}
	return nil
}
