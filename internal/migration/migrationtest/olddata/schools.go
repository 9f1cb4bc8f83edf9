package olddata

import (
	"fmt"
	"math/rand/v2"
)

var (
	schoolIDs = []string{"korea_univ_anam", "korea_univ_sejong", "chungang_univ_seoul"}
	terms     = []string{"1학기", "여름학기", "2학기", "겨울학기"}
)

const firstYear, lastYear = 2017, 2025

// Schools returns all schools.
func (g *Generator) Schools() []School {
	all := []School{
		{schoolIDs[0], ptr("고려대학교 안암캠퍼스")},
		{schoolIDs[1], ptr("고려대학교 세종캠퍼스")},
		{schoolIDs[2], ptr("중앙대학교 서울캠퍼스")},
	}
	if !g.config.Clean {
		all = append(all, School{"closed_univ", nil}) // no longer in the school file
	}
	return all
}

// Semesters returns all semesters.
func (g *Generator) Semesters() (all []Semester) {
	for _, school := range schoolIDs {
		for year := int32(firstYear); year <= lastYear; year++ {
			for _, term := range terms {
				all = append(all, Semester{semester(school, year, term), ptr(school), ptr(year), ptr(term)})
			}
		}
	}
	if !g.config.Clean {
		all = append(all,
			Semester{"closed_univ/2012-2학기", ptr("closed_univ"), ptr(int32(2012)), ptr("2학기")},
			Semester{"korea_univ_anam/test", nil, nil, nil},
			Semester{"korea_univ_anam/2019-계절", ptr(schoolIDs[0]), ptr(int32(2019)), ptr("계절")},
		)
	}
	return all
}

func semester(school string, year int32, term string) string {
	return fmt.Sprintf("%s/%d-%s", school, year, term)
}

func semesterID(r *rand.Rand) string {
	return semester(pick(r, schoolIDs...), firstYear+r.Int32N(lastYear-firstYear+1), pick(r, terms...))
}
