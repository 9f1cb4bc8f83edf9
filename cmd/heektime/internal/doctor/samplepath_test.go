package doctor

import (
	"regexp"
	"testing"
)

func TestSamplePaths(t *testing.T) {
	for glob, want := range map[string]string{
		"/login/": "/login/", "/apis/v2/**": "/apis/v2/doctor", "/@(robots.txt|sitemap.xml)": "/robots.txt", "/a/*/b": "/a/doctor/b",
	} {
		if got := sampleOfGlob(glob); got != want {
			t.Errorf("%s: %q, want %q", glob, got, want)
		}
	}
	for _, text := range []string{
		`^/user/[^/]+/timetable/.*$`, `^/sitemap-[^/]+[.]xml$`, `^/v[0-9]{2,}/(?P<a>b|c)?$`, `^/[[:punct:]]$`, `^/(?i)ABC\d+$`, `^/é.$`,
	} {
		if got := sampleOfRegex(text); got == "" || !regexp.MustCompile(text).MatchString(got) {
			t.Errorf("%s does not match its sample %q", text, got)
		}
	}
	if got := sampleOfRegex("("); got != "" {
		t.Errorf("a sample %q of no expression", got)
	}
}
