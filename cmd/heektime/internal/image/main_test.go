package image

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/longtest"
)

// revision is the commit of the images in tests.
const revision = "0123456789012345678901234567890123456789"

func TestMain(m *testing.M) {
	code := m.Run()
	if out != "" {
		os.RemoveAll(out)
	}
	os.Exit(code)
}

// out is the folder of the images that the tests share.
var out string

// images builds the images of all services, once for all tests.
var images = sync.OnceValues(func() (map[string]*Built, error) {
	compiler, err := NewCompiler(context.Background(), ".")
	if err != nil {
		return nil, err
	}
	if out, err = os.MkdirTemp("", "heektime-images-"); err != nil {
		return nil, err
	}
	builder, built := &Builder{Compiler: compiler, Out: out, Revision: revision}, map[string]*Built{}
	for _, s := range deployment.Table().Services {
		image, err := builder.Build(context.Background(), Service(&s))
		if err != nil {
			return nil, err
		}
		fmt.Println(image) // go test -v shows the sizes
		built[s.Name] = image
	}
	return built, nil
})

// allImages returns the images of all services. The flags and settings of their builds are not those of
// a plain go test, so that almost 700 packages are compiled again: four minutes of processor time, and three
// even for the service with the fewest packages. The gate compiles everything with these flags.
func allImages(t *testing.T) map[string]*Built {
	t.Helper()
	longtest.Only(t, "builds the images of all services, which takes minutes")
	built, err := images()
	if err != nil {
		t.Fatal(err)
	}
	return built
}
