package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Flags are the flags of go build, and Settings the environment variables that change its output.
// docs/images.md gives the reason for each.
var (
	Flags = []string{
		"-trimpath", "-mod=readonly", "-buildvcs=false",
		"-tags=disable_grpc_modules,timetzdata", "-ldflags=-s -w -buildid=",
	}
	Settings = []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOWORK=off", "GOENV=off"}
)

// inherited are the variables that go build gets from its caller: they say where things are, and
// from where to download modules, and cannot change its output. All others are dropped.
var inherited = []string{
	"PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// configured are the variables of Go itself that go build gets from its caller. They may be set in
// the file that go env -w writes, which go build does not read.
var configured = []string{
	"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
}

// Compiler compiles the services of one repository.
type Compiler struct {
	// Root is the folder of go.mod.
	Root string

	environment []string
}

// NewCompiler returns a compiler for the repository that dir is in.
func NewCompiler(ctx context.Context, dir string) (*Compiler, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json", "GOMOD"}, configured...)...)
	cmd.Dir = dir
	text, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("read Go's settings: %w", err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("read Go's settings: %w", err)
	}
	module := values["GOMOD"]
	if filepath.Base(module) != "go.mod" { // empty, or the null device
		return nil, fmt.Errorf("find go.mod: run this command inside the repository, not in %s", dir)
	}
	toolchain, err := toolchain(module)
	if err != nil {
		return nil, err
	}
	c := &Compiler{Root: filepath.Dir(module)}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			c.environment = append(c.environment, name+"="+value)
		}
	}
	for _, name := range configured {
		if values[name] != "" {
			c.environment = append(c.environment, name+"="+values[name])
		}
	}
	c.environment = append(c.environment, "GOTOOLCHAIN="+toolchain)
	c.environment = append(c.environment, Settings...)
	return c, nil
}

// toolchain returns the version of Go that go.mod names. Another version would build another binary.
func toolchain(module string) (string, error) {
	text, err := os.ReadFile(module)
	if err != nil {
		return "", fmt.Errorf("read the version of Go: %w", err)
	}
	version := ""
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); {
		case len(f) >= 2 && f[0] == "toolchain":
			return f[1], nil
		case len(f) >= 2 && f[0] == "go":
			version = "go" + f[1]
		}
	}
	if version == "" {
		return "", fmt.Errorf("%s does not name a version of Go", module)
	}
	return version, nil
}

// Compile compiles the package in a folder of the repository to a binary.
func (c *Compiler) Compile(ctx context.Context, folder, binary string) error {
	return c.CompileFor(ctx, Target{platform.OS, platform.Architecture}, folder, binary)
}

// Target is what a binary is compiled for, such as linux and amd64.
type Target struct{ OS, Arch string }

func (t Target) String() string { return t.OS + "/" + t.Arch }

// CompileFor is [Compiler.Compile] for any target. Further flags of go build come after those of the images.
func (c *Compiler) CompileFor(ctx context.Context, t Target, folder, binary string, flags ...string) error {
	args := slices.Concat([]string{"build"}, Flags, flags, []string{"-o", binary, "./" + folder})
	if _, err := c.Go(ctx, t, args...); err != nil {
		return fmt.Errorf("compile %s for %s: %w", folder, t, err)
	}
	return nil
}

// Go runs the go command in the root of the repository, for a target, and returns what it prints.
func (c *Compiler) Go(ctx context.Context, t Target, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = c.Root, append(slices.Clip(c.environment), "GOOS="+t.OS, "GOARCH="+t.Arch)
	return output(cmd)
}

// output runs a command. Its error contains what the command printed to standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:2], " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args[:2], " "), err)
	}
	return out, nil
}
