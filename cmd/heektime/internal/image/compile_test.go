package image

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The gate compiles everything with the flags and settings of the images. If it did not, images and tests
// would compile almost 700 packages twice.
func TestGateCompilesAsImages(t *testing.T) {
	text, err := os.ReadFile("../../../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	var tags string
	for _, flag := range Flags {
		if value, found := strings.CutPrefix(flag, "-tags="); found {
			tags = value
		}
	}
	for _, want := range []string{
		"\ntags=" + tags + "\n",
		"\nCGO_ENABLED=0 GOFLAGS=\"$(go env GOFLAGS) -trimpath -tags=$tags\"\nexport CGO_ENABLED GOFLAGS\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf(".ci/run has no line %s", want)
		}
	}
	if !slices.Contains(Flags, "-trimpath") || !slices.Contains(Settings, "CGO_ENABLED=0") {
		t.Errorf("images are built with other flags than the gate's: %q, %q", Flags, Settings)
	}
}
