package resource

import "testing"

func TestPattern(t *testing.T) {
	for path, want := range map[string]string{
		"users":                                "users",
		"users/ann/timetables":                 "users/{}/timetables",
		"users/ann/timetables/__id7__/lessons": "users/{}/timetables/{}/lessons",
		"a\x01b/\x01/c":                        "a\x01b/{}/c",
		"users/ann":                            "users/{}",
	} {
		key, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.Pattern(); got != want {
			t.Errorf("the pattern of %q is %q, want %q", path, got, want)
		}
		if got := key.PathSize(); got != len(path) {
			t.Errorf("the size of %q is %d, want %d", path, got, len(path))
		}
	}
	if Key("").Pattern() != "" || Key("").PathSize() != 0 {
		t.Error("the root has a pattern or a size")
	}
}
