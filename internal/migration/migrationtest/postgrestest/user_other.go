//go:build !unix

package postgrestest

import "os/exec"

func unprivileged(*exec.Cmd, string) error { return nil }

func giveAway(string) error { return nil }
