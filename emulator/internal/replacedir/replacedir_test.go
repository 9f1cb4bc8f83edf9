package replacedir

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// content returns the content of the only file of a folder, and checks that nothing is beside the folder.
func content(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "file"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "export")
	broken := errors.New("broken")
	for _, c := range []struct {
		text string
		fail error
		want string
	}{{"one", broken, ""}, {"one", nil, "one"}, {"two", nil, "two"}, {"three", broken, "two"}} {
		before := content(t, dir)
		err := Write(dir, func(beside string) error {
			if err := os.WriteFile(filepath.Join(beside, "file"), []byte(c.text), 0o600); err != nil {
				return err
			}
			if now := content(t, dir); now != before { // what a crash here would leave
				t.Errorf("while %s is written, there is %q, not %q", c.text, now, before)
			}
			return c.fail
		})
		if !errors.Is(err, c.fail) || content(t, dir) != c.want {
			t.Errorf("%s: error %v, %q, want %q", c.text, err, content(t, dir), c.want)
		}
		if names, _ := filepath.Glob(dir + ".*"); names != nil {
			t.Errorf("%s left %q", c.text, names)
		}
	}
}

func TestExchangeInTurn(t *testing.T) {
	beside, path := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(beside, "file"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exchangeInTurn(beside, path); err != nil || content(t, path) != "new" || content(t, beside) != "" {
		t.Errorf("%v: %q, %q", err, content(t, path), content(t, beside))
	}
}
