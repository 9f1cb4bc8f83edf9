package share

import (
	"net/http"

	"golang.org/x/text/language"
)

// maxAccept bounds the header that is parsed. Browsers send less than half of it.
const maxAccept = 200

// languageTags are the languages as the matcher needs them, by their value.
var languageTags = language.NewMatcher([]language.Tag{Korean: language.Korean, English: language.English})

// AcceptedLanguage returns the language that a client's Accept-Language header prefers, Korean if it has none.
// The response must vary by that header.
func AcceptedLanguage(r *http.Request) Language {
	header := r.Header.Get("Accept-Language")
	if len(header) > maxAccept {
		header = header[:maxAccept]
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return Korean
	}
	if base, _ := tags[0].Base(); base.String() == "mul" { // any
		return Korean
	}
	_, i, confidence := languageTags.Match(tags...)
	if confidence == language.No {
		return English // somebody who reads neither is more likely to read English
	}
	return Language(i)
}
