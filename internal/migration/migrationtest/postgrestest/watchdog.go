package postgrestest

import (
	"fmt"
	"io"
	"os/exec"
)

// script waits for the end of its input, which comes when the test binary closes it or ends, for whatever
// reason. It then ends the server in the folder $1 as a crash does, and removes the folder.
const script = `cat >/dev/null
read -r pid 2>/dev/null <"$1/data/postmaster.pid" && kill -QUIT "$pid" 2>/dev/null && {
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 300 ]; do sleep 0.1; n=$((n+1)); done
}
rm -rf "$1"`

// watchdog ends a server and removes its folder when it is closed or the test binary ends.
type watchdog struct {
	input   io.Closer
	command *exec.Cmd
}

func startWatchdog(dir string) (io.Closer, error) {
	command := exec.Command("sh", "-c", script, "sh", dir)
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the watchdog of PostgreSQL: %w", err)
	}
	return &watchdog{input, command}, nil
}

// Close ends the server and waits until its folder is removed.
func (w *watchdog) Close() error {
	if err := w.input.Close(); err != nil {
		return err
	}
	return w.command.Wait()
}
