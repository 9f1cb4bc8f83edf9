package securityrules

import (
	"strings"
	"time"

	"heek.kr/heektime/internal/schema"
)

// world returns the documents that exist before every operation. Alice and Bob are users. Carol has
// signed in but has no username yet. Dave was migrated from the old system, so his documents have
// fields that only servers write.
//
// Some documents are inconsistent. Clients cannot create them, but a faulty server could, and no
// attack may exploit them: the index document spare belongs to Alice although her username is
// alice, ghost belongs to Carol, who has no user document, and Erin's index document has another
// username than her user document.
//
// Hal claimed his username before the rules bounded its characters.
//
// Fay's account is pending deletion: a server has moved her user document to deletions/fay. Gus's
// account is pending deletion too and never had a user document. Ivy is blocked.
//
// Of the announcements, clients may read the first three.
//
// Fay and Ivy have timetables with the same ids as Alice, and follow whom she follows, so that they can try what she may do.
// Dave follows as many others as he may, Hal one less. Bob has followers.
func world() map[string]fields {
	w := map[string]fields{
		"schools/korea": {"name": "고려대학교-서울"},
		semester1: {"year": 2026, "term": "1학기", "status": "normal", "lecturesUrl": "gs://demo/lectures/korea/2026-0300/1.json",
			"periods": []any{fields{"period": 1, "timeBegin": 540, "timeEnd": 615}}},
		semester2:                          {"year": 2026, "term": "2학기", "status": "normal", "periods": []any{}},
		hiddenSemester:                     {"year": 2027, "term": "1학기", "status": "hidden", "periods": []any{}},
		semester1 + "/changes/1-first":     {"at": earlier, "to": "gs://demo/lectures/korea/2026-0300/1.json"},
		semester1 + "/notes/note1":         {"note": "not a semester"},
		schema.StopPath:                    {"since": earlier, "message": "점검 중이에요."},
		"refreshes/korea":                  {"enabled": true},
		serverSemester:                     {"slot": earlier},
		serverSemester + "/runs/1":         {"outcome": "changed"},
		"schedules/korea":                  {"every": "hour"},
		"credentials/alice":                {"hash": "pbkdf2:sha256:1$s$0"},
		"announcements/now":                announcement("korea", -time.Hour, 24*time.Hour),
		"announcements/soon":               announcement("all", 30*time.Minute, 24*time.Hour),
		"announcements/ended":              announcement("all", -48*time.Hour, -12*time.Hour),
		"announcements/tomorrow":           announcement("all", 24*time.Hour, 48*time.Hour),
		"announcements/past":               announcement("all", -72*time.Hour, -48*time.Hour),
		"deletions/fay":                    {"user": user("fayette"), "purging": false},
		"deletions/gus":                    {"purging": true},
		"deletions/ivy":                    {"user": user("ivyleague"), "block": fields{"reason": "spam"}, "purging": false, "signedOut": true},
		"indices/user/usernames/ivyleague": {"value": "ivy"},
		"indices/user/usernames/fayette":   {"value": "fay"},
		"indices/user/usernames/alice":     {"value": "alice"},
		"indices/user/usernames/spare":     {"value": "alice"},
		"indices/user/usernames/bobby":     {"value": "bob"},
		"indices/user/usernames/ghost":     {"value": "carol"},
		"indices/user/usernames/erin2":     {"value": "erin"},
		"indices/user/usernames/olddave":   {"value": "dave"},
		"indices/user/usernames/" + odd:    {"value": "hal"},
		"users/hal":                        user(odd),
		"users/alice":                      user("alice"),
		"users/bob":                        user("bobby"),
		"users/dave":                       user("olddave"),
		"users/erin":                       user("erin1"),
		"users/dave/timetables/" + legacy:  timetable("public"),
	}
	for uid, names := range map[string][]string{"alice": {alicePublic, alicePrivate}, "bob": {bobPublic, bobPrivate}, "fay": {alicePublic, alicePrivate}, "ivy": {alicePublic, alicePrivate}} {
		for i, id := range names {
			path := "users/" + uid + "/timetables/" + id
			w[path] = timetable([]string{"public", "private"}[i])
			w[path+"/lectures/first"] = lecture()
		}
		// Lectures whose timetable was deleted.
		w["users/"+uid+"/timetables/deleted001/lectures/first"] = lecture()
	}
	w[viewsPath+"/2026-11-28"] = fields{"views": 7, "viewers": 5, "expires": earlier}
	for _, uid := range []string{"alice", "bob", "fay", "ivy"} {
		w["users/"+uid+"/follows/dave"], w["users/"+uid+"/counts/following"] = followed("dave"), following(1, "dave")
	}
	w["users/"+longestUID], w["users/"+longestUID+"x"] = user("longest"), user("longer")
	w["users/hal/counts/following"] = following(schema.MaxFollows-1, "alice")
	w["users/dave/follows/alice"], w["users/dave/counts/following"] = followed("alice"), following(schema.MaxFollows, "alice")
	w["users/alice/counts/followers"], w["users/bob/counts/followers"] = fields{"count": 3}, fields{"count": 2}
	w["users/dave"]["oldId"] = 17
	w["users/dave/timetables/"+legacy]["oldId"] = "4711"
	l := lecture()
	l["oldId"] = 99
	w["users/dave/timetables/"+legacy+"/lectures/first"] = l
	return w
}

const (
	semester1      = "schools/korea/semesters/2026-0300"
	semester2      = "schools/korea/semesters/2026-0900"
	hiddenSemester = "schools/korea/semesters/2027-0300"
	serverSemester = "refreshes/korea/semesters/2026-0300"

	alicePublic  = "aliceopen1"
	alicePrivate = "alicehide1"
	bobPublic    = "bob-open-1"
	bobPrivate   = "bob-hide-1"
	odd          = " 하 l%41?#\u200b "
	legacy       = "0123456789abcdef0123456789abcdef"
)

func user(name string) fields {
	return fields{"username": name, "createdAt": earlier, "updatedAt": earlier}
}

func timetable(visibility string) fields {
	return fields{"title": "봄학기", "visibility": visibility, "semester": reference(semester1),
		"createdAt": earlier, "updatedAt": earlier}
}

// longestUID is the longest uid of Authentication.
var longestUID = strings.Repeat("😀", schema.MaxUID)

func followed(uid string) fields { return fields{"uid": uid, "createdAt": earlier} }

func following(count int, last string) fields {
	return fields{"count": count, "uid": last, "updatedAt": earlier}
}

// announcement returns an announcement whose times are relative to the request's.
func announcement(audience string, from, until time.Duration) fields {
	return fields{"korean": "점검 안내", "english": "Maintenance", "audience": audience, "from": fromNow(from), "until": fromNow(until)}
}

// lecture returns a lecture with every field of the schema.
func lecture() fields {
	l := fields{"identifier": "COSE372-02", "title": "데이터베이스시스템", "professor": "정연돈", "credit": 3,
		"times": []any{meeting(1), meeting(3)}, "category": []any{"정보대학", "컴퓨터학과"}, "metas": []any{tag("영강")},
		"createdAt": earlier, "updatedAt": earlier}
	for _, f := range lectureFields() {
		if _, has := l[f.Name]; !has {
			l[f.Name] = sampleOf(f)
		}
	}
	return l
}

func meeting(weekday int) fields {
	return fields{"weekday": weekday, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"}
}

func tag(name string) fields { return fields{"type": "tag", "name": name} }

// stamped sets both timestamps of a new document to the server timestamp.
func stamped(f fields) fields {
	f["createdAt"], f["updatedAt"] = serverTime{}, serverTime{}
	return f
}
