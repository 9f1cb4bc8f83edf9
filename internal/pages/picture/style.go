package picture

import (
	"fmt"

	"heek.kr/heektime/internal/pages/share"
)

// Size is one of the sizes in which pictures exist. Its value indexes sizes.
type Size int

// The sizes.
const (
	// Preview is the size that chats and social networks show.
	Preview Size = iota
	// Square is for feeds.
	Square
	// The wallpapers are the screens of common phones, from small to large. Others scale the nearest one.
	Wallpaper1080x2340
	Wallpaper1170x2532
	Wallpaper1290x2796
	Wallpaper1440x3120
)

// sizes are the names and pixels of the sizes. Wallpapers leave space for the phone's clock and buttons.
var sizes = []struct {
	name          string
	width, height int
	wallpaper     bool
}{
	Preview:            {"preview", 1200, 630, false},
	Square:             {"square", 1080, 1080, false},
	Wallpaper1080x2340: {"1080x2340", 1080, 2340, true},
	Wallpaper1170x2532: {"1170x2532", 1170, 2532, true},
	Wallpaper1290x2796: {"1290x2796", 1290, 2796, true},
	Wallpaper1440x3120: {"1440x3120", 1440, 3120, true},
}

// Theme is the set of colours.
type Theme int

// The themes.
const (
	Light Theme = iota
	Dark
)

var themeNames = []string{Light: "light", Dark: "dark"}

// ParseSize returns the size with the given name, and [Preview] for "".
func ParseSize(name string) (Size, error) {
	return share.ParseName[Size]("size", name, sizeNames())
}

// ParseTheme returns the theme with the given name, and [Light] for "".
func ParseTheme(name string) (Theme, error) {
	return share.ParseName[Theme]("theme", name, themeNames)
}

func (s Size) String() string  { return sizes[s].name }
func (t Theme) String() string { return themeNames[t] }

// Wallpapers returns the sizes that are for phones.
func Wallpapers() (wallpapers []Size) {
	for i, s := range sizes {
		if s.wallpaper {
			wallpapers = append(wallpapers, Size(i))
		}
	}
	return wallpapers
}

// Pixels returns the width and height of pictures of the size.
func (s Size) Pixels() (width, height int) { return sizes[s].width, sizes[s].height }

func sizeNames() []string {
	names := make([]string, len(sizes))
	for i, s := range sizes {
		names[i] = s.name
	}
	return names
}

// validate rejects styles that are not made of the constants above.
func (s Style) validate() error {
	if s.Size < 0 || int(s.Size) >= len(sizes) || s.Theme < 0 || int(s.Theme) >= len(themeNames) || !s.Language.Valid() {
		return fmt.Errorf("no such style: size %d, theme %d, language %d", s.Size, s.Theme, s.Language)
	}
	return nil
}
