package legacydb

// Kind is a kind of row.
type Kind string

// The kinds of rows, each after those that it refers to.
const (
	SchoolKind    Kind = "school"
	SemesterKind  Kind = "semester"
	UserKind      Kind = "user"
	TimetableKind Kind = "timetable"
	LectureKind   Kind = "lecture"
)

// Kinds lists the kinds of rows, each after those that it refers to.
func Kinds() []Kind {
	return []Kind{SchoolKind, SemesterKind, UserKind, TimetableKind, LectureKind}
}

// Row is a row of any kind. A nil column is NULL; the others are as PostgreSQL prints them. The key,
// which is ID, is never NULL: Reader skips rows without one.
type Row interface {
	School | Semester | User | Timetable | Lecture
}

// School is a row of kind school.
type School struct {
	ID   string
	Name *string
}

// Semester is a row of kind semester. HeekTime's have ids such as korea_univ_anam/2022-2학기.
type Semester struct {
	ID                   string
	SchoolID, Year, Term *string
}

// User is a row of kind user.
type User struct {
	ID                           string
	Username, PasswordHash, Name *string
	CreatedAt, UpdatedAt         *string
}

// String hides the password hash.
func (u User) String() string { return "user " + u.ID }

// GoString hides the password hash.
func (u User) GoString() string { return u.String() }

// Timetable is a row of kind timetable. UserID is NULL if the user does not exist.
type Timetable struct {
	ID                        string
	UserID, SemesterID, Title *string
	CreatedAt, UpdatedAt      *string
}

// Lecture is a row of kind lecture. TimetableID is NULL if the timetable does not exist; UserID and
// SemesterID are those of the timetable.
type Lecture struct {
	ID                              string
	TimetableID, UserID, SemesterID *string
	Identifier, Title, Professor    *string
	Credit                          *string
	// Times is a JSON array of objects with weekday, timeBegin, timeEnd and room. Category and Tags are
	// JSON arrays of strings.
	Times, Category, Tags *string
	CreatedAt, UpdatedAt  *string
}

// parentOf is the kind of the row above, "" if there is none.
var parentOf = map[Kind]Kind{TimetableKind: UserKind, LectureKind: TimetableKind}

// column is a column of a kind's SELECT other than the key.
type column struct {
	name     string
	optional bool
	json     bool // an array of the old database is converted
}

var columnsOf = map[Kind][]column{
	SchoolKind:    {{name: "name"}},
	SemesterKind:  {{name: "school_id"}, {name: "year"}, {name: "term"}},
	UserKind:      {{name: "username"}, {name: "password_hash"}, {name: "name", optional: true}, {name: "created_at"}, {name: "updated_at"}},
	TimetableKind: {{name: "user_id"}, {name: "semester_id"}, {name: "title"}, {name: "created_at"}, {name: "updated_at"}},
	LectureKind: {{name: "timetable_id"}, {name: "user_id"}, {name: "semester_id"}, {name: "identifier"}, {name: "title"},
		{name: "professor"}, {name: "credit"}, {name: "times", json: true}, {name: "category", json: true}, {name: "tags", json: true},
		{name: "created_at"}, {name: "updated_at"}},
}

// columns returns pointers to the key and the columns of a row, in the order of columnsOf.
func columns(row any) (key *string, values []**string) {
	switch r := row.(type) {
	case *School:
		return &r.ID, []**string{&r.Name}
	case *Semester:
		return &r.ID, []**string{&r.SchoolID, &r.Year, &r.Term}
	case *User:
		return &r.ID, []**string{&r.Username, &r.PasswordHash, &r.Name, &r.CreatedAt, &r.UpdatedAt}
	case *Timetable:
		return &r.ID, []**string{&r.UserID, &r.SemesterID, &r.Title, &r.CreatedAt, &r.UpdatedAt}
	case *Lecture:
		return &r.ID, []**string{&r.TimetableID, &r.UserID, &r.SemesterID, &r.Identifier, &r.Title, &r.Professor,
			&r.Credit, &r.Times, &r.Category, &r.Tags, &r.CreatedAt, &r.UpdatedAt}
	}
	panic("legacydb: not a pointer to a row")
}

// KindOf returns the kind of a type of rows.
func KindOf[T Row]() Kind {
	switch any(*new(T)).(type) {
	case School:
		return SchoolKind
	case Semester:
		return SemesterKind
	case User:
		return UserKind
	case Timetable:
		return TimetableKind
	}
	return LectureKind
}
