package school

import (
	"os"
	"testing"
)

// Old clients know the schools by these ids; see the contract of the legacy API.
func TestRepositoryFile(t *testing.T) {
	f, err := Read("../../run/refresh/schools.yaml", os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, s := range f.Schools {
		ids[s.LegacyID] = s.ID
	}
	for legacy, want := range map[string]string{
		"korea_univ_anam": "고려대학교-서울", "korea_univ_sejong": "고려대학교-세종", "chungang_univ_seoul": "중앙대학교-서울",
	} {
		if ids[legacy] != want {
			t.Errorf("%s is %q, want %q", legacy, ids[legacy], want)
		}
	}
}
