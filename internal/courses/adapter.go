package courses

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/lecturespb"
)

// adapter knows one way in which schools publish their course lists.
type adapter struct {
	// name chooses the adapter in the option "adapter".
	name string
	// options that the adapter knows, besides "adapter".
	options []option
	// read checks the options, asks the school and gives every row to r.list.
	read func(ctx context.Context, r *request) error
}

// adapters is every adapter there is. To add one, write its file and its line here.
func adapters() []adapter {
	return []adapter{
		snuXLS(),
		snuHTML(),
		mjuJSON(),
		korea(),
		chungAng(),
		sheet(),
	}
}

// option is one setting of an adapter.
type option struct {
	// key of the setting. One that ends in "." is a family: its keys go on with a name of the operator's choice.
	key string
	// required settings must be there and not blank.
	required bool
	// values that are allowed; nil allows any.
	values []string
}

// request is one reading: what is asked for, and where to put it.
type request struct {
	year     int
	semester lecturespb.Semester
	hours    classHours
	options  map[string]string
	source   *source
	list     *list
}

// prepare checks a request as far as can be done without knowing the adapter.
func (s *Service) prepare(req *lecturespb.GetLecturesPayload) (adapter, *request, error) {
	options := map[string]string{}
	for _, o := range req.GetOptions() {
		if _, twice := options[o.GetKey()]; twice {
			return adapter{}, nil, invalid("option %q is given twice", clip(o.GetKey(), 100))
		}
		options[o.GetKey()] = strings.TrimSpace(o.GetValue())
	}
	i := slices.IndexFunc(s.adapters, func(a adapter) bool { return a.name == options["adapter"] })
	if i < 0 {
		var names []string
		for _, a := range s.adapters {
			names = append(names, a.name)
		}
		return adapter{}, nil, invalid("option adapter is %q; known are %s", clip(options["adapter"], 100), strings.Join(names, ", "))
	}
	a := s.adapters[i]
	delete(options, "adapter")
	if err := a.check(options); err != nil {
		return adapter{}, nil, err
	}
	if req.GetYear() < 1900 || req.GetYear() > 9999 {
		return adapter{}, nil, invalid("year %d is not between 1900 and 9999", req.GetYear())
	}
	hours, err := newClassHours(req.GetPeriods())
	if err != nil {
		return adapter{}, nil, err
	}
	return a, &request{year: int(req.GetYear()), semester: req.GetSemester(), hours: hours, options: options}, nil
}

// check refuses options that the adapter does not know, and misses those that it needs.
func (a adapter) check(options map[string]string) error {
	keys := make([]string, 0, len(options))
	for key := range options {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		o := a.option(key)
		if o == nil {
			return invalid("adapter %s has no option %q; it has %s", a.name, clip(key, 100), a.known())
		}
		if value := options[key]; o.values != nil && value != "" && !slices.Contains(o.values, value) {
			return invalid("option %s is %q; allowed are %s", key, clip(value, 100), strings.Join(o.values, ", "))
		}
	}
	for _, o := range a.options {
		if o.required && options[o.key] == "" {
			return invalid("adapter %s needs option %s", a.name, o.key)
		}
	}
	return nil
}

func (a adapter) option(key string) *option {
	for i, o := range a.options {
		family := strings.HasSuffix(o.key, ".") && strings.HasPrefix(key, o.key) && len(key) > len(o.key)
		if o.key == key && !strings.HasSuffix(key, ".") || family {
			return &a.options[i]
		}
	}
	return nil
}

// known lists the keys of an adapter for an error message.
func (a adapter) known() string {
	var keys []string
	for _, o := range a.options {
		key := o.key
		if strings.HasSuffix(key, ".") {
			key += "NAME"
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, ", ")
}

// option is the value of a setting, or the default when it is absent or blank.
func (r *request) option(key, otherwise string) string {
	if value := r.options[key]; value != "" {
		return value
	}
	return otherwise
}

// term is the school's own word for the semester, of the four for spring, summer, fall and winter.
func (r *request) term(words [4]string) (string, error) {
	if r.semester < lecturespb.Semester_spring || r.semester > lecturespb.Semester_winter {
		return "", invalid("semester %s is none of spring, summer, fall, winter", r.semester)
	}
	return words[r.semester-lecturespb.Semester_spring], nil
}

// termWords are the usual words for the parts of the year in the query of a school's site; option "terms" has others.
const termWords = "1 S 2 W"

// expand puts the year and the term into an address: {year} and {term}.
func (r *request) expand(address string) (string, error) {
	if strings.Contains(address, "{term}") {
		words := strings.Fields(r.option("terms", termWords))
		if len(words) != 4 {
			return "", invalid("option terms has %d words; it needs four, for spring, summer, fall and winter", len(words))
		}
		term, err := r.term([4]string(words))
		if err != nil {
			return "", err
		}
		address = strings.ReplaceAll(address, "{term}", term)
	}
	return strings.ReplaceAll(address, "{year}", fmt.Sprint(r.year)), nil
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// unknownShape is an answer that is whole but not what the adapter knows.
func unknownShape(format string, args ...any) error {
	return status.Errorf(codes.FailedPrecondition, format, args...)
}

// damaged is an answer that is not whole.
func damaged(format string, args ...any) error {
	return status.Errorf(codes.DataLoss, format, args...)
}
