package simulation

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"heek.kr/heektime/emulator/billing"
)

// seoul is the students' time zone. It has no daylight saving time.
var seoul = time.FixedZone("Asia/Seoul", 9*60*60)

// client is the kind of client that a student uses.
type client int

const (
	oldClient     client = iota // REST
	fieldClient                 // Firebase SDK, as in the field
	currentClient               // Firebase SDK, as docs/cost.md recommends
)

// profile is what distinguishes a student.
type profile struct {
	client  client
	warm    bool
	newUser bool // creates the account on the first visit
	friends []int
}

// visit is one use of the app.
type visit struct {
	student       int
	at            time.Time // to the second
	search        bool
	adds, removes int
	friend        int  // whose timetable they look at, -1 for none
	lists         bool // their timetables
	newPlan       bool
	signIn        bool // again, with an empty cache
}

// change is a change of the course list by the school.
type change struct {
	at time.Time
}

// program is everything that happens in a month. It depends on the behaviour, the month and the seed
// only.
type program struct {
	profiles []profile
	visits   []visit // by time, then by student
	changes  []change
}

// newProgram draws a program. Each student draws from a stream of random numbers of their own, so that
// the visits of the first thousand are the same however many there are. With distinct, students beyond
// that number draw from the same streams again.
func newProgram(b *Behaviour, month billing.Month, seed uint64, students, distinct, days int) *program {
	p := &program{profiles: make([]profile, students)}
	from, to := month.Bounds()
	if days > 0 {
		to = from.Add(time.Duration(days) * 24 * time.Hour)
	}
	for i := range students {
		stream := i
		if distinct > 0 {
			stream = i % distinct
		}
		random := rand.New(rand.NewPCG(seed, uint64(stream)+1))
		p.profiles[i] = b.profile(random, i, students)
		p.visits = append(p.visits, b.visits(random, i, p.profiles[i], from, to)...)
	}
	slices.SortStableFunc(p.visits, func(x, y visit) int {
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.student, y.student))
	})
	p.changes = b.changes(rand.New(rand.NewPCG(seed, 0)), from, to)
	return p
}

// profile draws a student. Friends are in the same group of twenty, so that they do not depend on how
// many students there are.
func (b *Behaviour) profile(random *rand.Rand, index, students int) profile {
	const group = 20
	var p profile
	warm := b.Warm.Current
	switch r := random.Float64(); {
	case r < b.Clients.Old:
		p.client, warm = oldClient, b.Warm.Old
	case r < b.Clients.Old+b.Clients.Field:
		p.client, warm = fieldClient, b.Warm.Field
	default:
		p.client = currentClient
	}
	p.warm, p.newUser = random.Float64() < warm, random.Float64() < b.SignUps
	if hasFriends := random.Float64() < b.Friends.Share; hasFriends {
		first := index / group * group
		for _, other := range random.Perm(group)[:min(b.Friends.Count, group)] {
			if friend := first + other; friend != index && friend < students {
				p.friends = append(p.friends, friend)
			}
		}
	}
	return p
}

// visits draws a student's visits between two times.
func (b *Behaviour) visits(random *rand.Rand, student int, p profile, from, to time.Time) (all []visit) {
	rush, _ := b.Rush.start() // checked by check
	var registration []int
	for day := midnight(from); day.Before(to); day = day.AddDate(0, 0, 1) {
		kind, isRegistration := b.Other, slices.Contains(b.RegistrationDays, day.Day())
		if isRegistration {
			kind = b.Registration
		}
		n := poisson(random, kind.Opens)
		for i := range n {
			at := day.Add(b.timeOfDay(random))
			if i == 0 && slices.Contains(b.Rush.Days, day.Day()) && random.Float64() < b.Rush.Share {
				at = day.Add(rush + time.Duration(random.IntN(b.Rush.Minutes*60))*time.Second)
			}
			v := visit{student: student, at: at, friend: -1, search: random.Float64() < kind.Searches}
			if v.search {
				v.adds, v.removes = poisson(random, kind.Adds), poisson(random, kind.Removes)
			}
			v.lists = random.Float64() < kind.Lists
			if len(p.friends) > 0 && random.Float64() < kind.Views {
				v.friend = p.friends[random.IntN(len(p.friends))]
			}
			if at.Before(from) || !at.Before(to) {
				continue
			}
			if isRegistration {
				registration = append(registration, len(all))
			}
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil
	}
	anyOf := registration
	if len(anyOf) == 0 {
		for i := range all {
			anyOf = append(anyOf, i)
		}
	}
	for range poisson(random, b.NewPlans) {
		all[anyOf[random.IntN(len(anyOf))]].newPlan = true
	}
	if random.Float64() < b.SignInsAgain {
		all[random.IntN(len(all))].signIn = true
	}
	return all
}

// timeOfDay draws when a visit begins.
func (b *Behaviour) timeOfDay(random *rand.Rand) time.Duration {
	total := 0.0
	for _, w := range b.Hours {
		total += w
	}
	at, hour := random.Float64()*total, 0
	for hour < len(b.Hours)-1 && at >= b.Hours[hour] {
		at -= b.Hours[hour]
		hour++
	}
	return time.Duration(hour)*time.Hour + time.Duration(random.IntN(3600))*time.Second
}

// changes draws when the school changes its list.
func (b *Behaviour) changes(random *rand.Rand, from, to time.Time) (all []change) {
	for day := midnight(from); day.Before(to); day = day.AddDate(0, 0, 1) {
		mean := b.List.OtherChanges
		if slices.Contains(b.RegistrationDays, day.Day()) {
			mean = b.List.Changes
		}
		for range poisson(random, mean) { // in office hours
			at := day.Add(9*time.Hour + time.Duration(random.IntN(9*60))*time.Minute)
			if !at.Before(from) && at.Before(to) {
				all = append(all, change{at})
			}
		}
	}
	slices.SortFunc(all, func(x, y change) int { return x.at.Compare(y.at) })
	return all
}

// midnight returns the beginning of a time's day in Seoul.
func midnight(t time.Time) time.Time {
	y, m, d := t.In(seoul).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, seoul)
}

// poisson draws how often something happens that happens mean times on average.
func poisson(random *rand.Rand, mean float64) int {
	limit, product, n := math.Exp(-mean), random.Float64(), 0
	for product > limit {
		product *= random.Float64()
		n++
	}
	return n
}
