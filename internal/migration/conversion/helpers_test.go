package conversion_test

import (
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
)

// client makes references. It never connects.
func client(t testing.TB) *firestore.Client {
	t.Helper()
	c, err := firestore.NewClient(t.Context(), "p", option.WithoutAuthentication(), option.WithEndpoint("127.0.0.1:1"),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func ptr(text string) *string { return &text }

const (
	userID      = "11111111-1111-4111-8111-111111111111"
	timetableID = "0123456789abcdef0123456789abcdef"
	lectureID   = "22222222-2222-4222-8222-222222222222"
	semesterID  = "korea_univ_anam/2022-2학기"
)

// converter has a school, a semester, and a user.
func converter(t testing.TB, m *legacydb.Mapping) *conversion.Converter {
	t.Helper()
	names := conversion.NewNames(m)
	names.Put(cleanUser())
	return conversion.New(conversion.Config{
		Client: client(t), Mapping: m, Names: names,
		Schools:   []legacydb.School{{ID: "korea_univ_anam", Name: ptr("고려대학교")}, {ID: "closed_univ"}},
		Semesters: []legacydb.Semester{{ID: semesterID, SchoolID: ptr("korea_univ_anam"), Year: ptr("2022"), Term: ptr("2학기")}},
	})
}

func cleanUser() legacydb.User {
	return legacydb.User{
		ID: userID, Username: ptr("minsu"), Name: ptr("김민수"), CreatedAt: ptr("2022-03-01 09:00:00.123456"), UpdatedAt: ptr("2022-03-02 09:00:00"),
		PasswordHash: ptr("pbkdf2:sha256:1000$salt$e1fbf7d6e9b7e8b2d8b1d4d6c0e0b5a2f3c4d5e6f708192a3b4c5d6e7f809102"),
	}
}

func cleanTimetable() legacydb.Timetable {
	return legacydb.Timetable{
		ID: timetableID, UserID: ptr(userID), SemesterID: ptr(semesterID), Title: ptr("시간표"),
		CreatedAt: ptr("2022-03-01 09:00:00"), UpdatedAt: ptr("2022-03-02 09:00:00"),
	}
}

func cleanLecture() legacydb.Lecture {
	return legacydb.Lecture{
		ID: lectureID, TimetableID: ptr(timetableID), UserID: ptr(userID), SemesterID: ptr(semesterID),
		Identifier: ptr("COSE101-01"), Title: ptr("자료구조"), Professor: ptr("홍길동"), Credit: ptr("3"),
		Times:    ptr(`[{"weekday": 0, "timeBegin": 540, "timeEnd": 615, "room": "정보관 202"}]`),
		Category: ptr(`["전공", "필수"]`), Tags: ptr(`["영강"]`),
		CreatedAt: ptr("2022-03-01 09:00:00"), UpdatedAt: ptr("2022-03-02 09:00:00"),
	}
}
