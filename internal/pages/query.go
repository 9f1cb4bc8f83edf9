package pages

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"heek.kr/heektime/internal/pages/picture"
	"heek.kr/heektime/internal/pages/share"
)

// query has the parameters of an address. Parameters that do not exist and values that are not on a list
// are errors: otherwise, each would be another entry of the CDN's cache, and another picture to draw.
type query map[string]string

func parseQuery(raw string) (query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errors.New("the query string is not valid")
	}
	q := query{}
	for name, list := range values {
		if len(list) != 1 || list[0] == "" {
			return nil, errors.New("a parameter is duplicated or empty")
		}
		q[name] = list[0]
	}
	return q, nil
}

// only returns an error if the query has other parameters than the named ones.
func (q query) only(names ...string) error {
	for name := range q {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there are no other parameters than %v", names)
		}
	}
	return nil
}

// styled completes a file whose query has the style of a picture.
func styled(q query, f file, write func(io.Writer, *share.Timetable, picture.Style) error) (file, error) {
	size, sizeErr := picture.ParseSize(q["size"])
	theme, themeErr := picture.ParseTheme(q["theme"])
	language, languageErr := share.ParseLanguage(q["lang"])
	if err := errors.Join(q.only("size", "theme", "lang"), sizeErr, themeErr, languageErr); err != nil {
		return file{}, err
	}
	f.variant = fmt.Sprint(f.variant, " ", size, " ", theme, " ", language)
	f.write = func(w io.Writer, t *share.Timetable) error {
		return write(w, t, picture.Style{Size: size, Theme: theme, Language: language})
	}
	return f, nil
}
