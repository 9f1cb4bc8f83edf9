package measure

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// visit is a student who opens the app.
type visit struct {
	at      time.Duration // from the beginning of the minute
	old     bool          // with an old app, through compat-server
	signsIn bool          // because the phone is new, say
	writes  time.Duration // after opening the app, 0 for a student who only looks
}

const (
	oldShare    = 0.10 // of the students
	signInShare = 0.05
	maxThought  = 20 * time.Second // from opening the app to adding a lecture
)

// plan returns the visits of a minute. Students come as soon as registration begins: half of them in the first
// quarter of the minute, and an eighth in its first second. The same options give the same visits.
func plan(o RegistrationOptions) []visit {
	random := rand.New(rand.NewPCG(o.Seed, 0))
	visits := make([]visit, o.Students)
	for i := range visits {
		u := random.Float64()
		visits[i].at = time.Duration(u * u * float64(o.Minute))
	}
	for i := range visits {
		visits[i].old = random.Float64() < oldShare
		visits[i].signsIn = random.Float64() < signInShare
	}
	for _, i := range random.Perm(len(visits))[:min(o.Writers, len(visits))] {
		visits[i].writes = time.Duration((0.05 + 0.95*random.Float64()) * float64(maxThought) * float64(o.Minute) / float64(time.Minute))
	}
	return visits
}

// order returns the numbers of the visits in the order in which they begin.
func order(visits []visit) []int {
	numbers := make([]int, len(visits))
	for i := range numbers {
		numbers[i] = i
	}
	slices.SortStableFunc(numbers, func(a, b int) int { return cmp.Compare(visits[a].at, visits[b].at) })
	return numbers
}
