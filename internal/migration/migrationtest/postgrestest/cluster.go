package postgrestest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A cluster is what initdb makes: a folder with data and the password of [role]. initdb takes a second and
// a half of processor time, and copying its result a twentieth of that. So the first server of a PostgreSQL
// installation keeps a cluster in the user's cache folder, and every server gets a copy.
const (
	dataName     = "data"
	passwordName = "password"
)

// newCluster fills dir with a cluster and returns the password of its role. Copies have the same password
// and the same system identifier.
func newCluster(programs, dir string) (password string, err error) {
	cached, err := cachedCluster(programs)
	if err != nil { // such as a cache folder that cannot be written
		err = initialize(programs, dir)
	} else {
		err = copyCluster(cached, dir)
	}
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, passwordName))
	return string(text), err
}

// copyCluster copies a cluster into dir, for PostgreSQL's user.
func copyCluster(cached, dir string) error {
	if err := os.CopyFS(dir, os.DirFS(cached)); err != nil {
		return fmt.Errorf("copy the cluster %s: %w", cached, err)
	}
	data := filepath.Join(dir, dataName)
	if err := os.Chmod(data, 0o700); err != nil { // PostgreSQL does not start in a directory open to others
		return err
	}
	return giveAway(data)
}

// cachedCluster returns the folder of the cluster in the cache, and makes it if there is none. Any number
// of processes may do so at the same time.
func cachedCluster(programs string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	id, err := installation(programs)
	if err != nil {
		return "", err
	}
	final := filepath.Join(cache, "heektime", "postgres-"+id)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return "", err
	}
	made, err := os.MkdirTemp("", "heektime-initdb-") // where PostgreSQL's user may work
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(made)
	if err := initialize(programs, made); err != nil {
		return "", err
	}
	partial, err := os.MkdirTemp(filepath.Dir(final), "postgres-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial)
	if err := os.CopyFS(partial, os.DirFS(made)); err != nil {
		return "", err
	}
	if err := os.Rename(partial, final); err != nil {
		if _, exists := os.Stat(final); exists != nil {
			return "", err
		}
	}
	return final, nil
}

// installation returns a hash that changes when PostgreSQL is upgraded or another one is used.
func installation(programs string) (string, error) {
	hash := sha256.New()
	for _, name := range []string{"initdb", "postgres"} {
		path, err := filepath.EvalSymlinks(filepath.Join(programs, name))
		if err != nil {
			return "", err
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, path, info.Size(), info.ModTime().UnixNano())
	}
	fmt.Fprintln(hash, initdbFlags())
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

func initdbFlags() []string {
	return []string{"--username", role, "--auth", "password", "--encoding", "UTF8", "--no-locale", "--no-sync"}
}

// initialize runs initdb in dir.
func initialize(programs, dir string) error {
	passwordFile := filepath.Join(dir, passwordName)
	// The server's user must be able to read the file, and others must not: dir is closed to them.
	if err := os.WriteFile(passwordFile, []byte(rand.Text()), 0o644); err != nil {
		return err
	}
	command := exec.Command(filepath.Join(programs, "initdb"),
		append([]string{"--pgdata", filepath.Join(dir, dataName), "--pwfile", passwordFile}, initdbFlags()...)...)
	command.Dir = dir
	if err := unprivileged(command, dir); err != nil {
		return err
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}
