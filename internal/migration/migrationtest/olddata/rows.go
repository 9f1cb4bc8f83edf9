package olddata

import "time"

// School is a row of schools.
type School struct {
	ID   string
	Name *string
}

// Semester is a row of semesters.
type Semester struct {
	ID       string
	SchoolID *string
	Year     *int32
	Term     *string
}

// User is a row of users, with the timetables generated for it. Every column but the key can be NULL.
// Times are local time in Asia/Seoul without a zone, written as if it were UTC.
type User struct {
	ID           string // a version 4 UUID
	Username     *string
	PasswordHash *string
	Name         *string
	CreatedAt    *time.Time
	UpdatedAt    *time.Time

	// Password is what PasswordHash was made from. No column has it.
	Password string
	// Dirt is the name of what is wrong with this user or something of theirs, "" if nothing is.
	Dirt       string
	Timetables []*Timetable
}

// Timetable is a row of timetables, with its lectures.
type Timetable struct {
	ID         string // 32 hexadecimal digits
	UserID     *string
	SemesterID *string
	Title      *string
	CreatedAt  *time.Time
	UpdatedAt  *time.Time

	Lectures []*Lecture
}

// Lecture is a row of lectures, with its rows of the tables below it.
type Lecture struct {
	ID          string // a version 4 UUID
	TimetableID *string
	Identifier  *string
	Title       *string
	Professor   *string
	Credit      *float64
	CreatedAt   *time.Time
	UpdatedAt   *time.Time

	Times      []LectureTime
	Categories []LectureCategory
	Tags       []*string
}

// LectureTime is a row of lecture_times.
type LectureTime struct {
	Weekday, TimeBegin, TimeEnd *int32
	Room                        *string
}

// LectureCategory is a row of lecture_categories.
type LectureCategory struct {
	Position *int32
	Name     *string
}
