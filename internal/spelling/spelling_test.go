package spelling

import "testing"

func TestClosest(t *testing.T) {
	names := []string{"id", "name", "legacyId", "source", "periods", "semesters", "maxLoss"}
	for word, want := range map[string]string{
		"nmae": "name", "semester": "semesters", "maxloss": "maxLoss", "legacyID": "legacyId", "Source": "source",
		"adapter": "", "x": "", "": "", "period": "periods",
	} {
		if got := Closest(word, names); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}
