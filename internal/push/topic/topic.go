// Package topic names the topics of Firebase Cloud Messaging that HeekTime sends to. A name follows from what
// it is about, so that servers and clients build the same one without asking each other; docs/push.md describes
// the names for clients, and web/src/pushtopics.ts is the same in TypeScript.
//
//	lecture-9f86…0a08.ko    a lecture of a semester
//	announcements.en        announcements for everyone
//	school-2c26…66ae.ko     announcements for a school
//
// A topic name may have only letters, digits and -_.~%, and course codes and school IDs are in any script, so
// the names have hashes: 128 bits, which nobody finds a second input for.
//
// Source: https://firebase.google.com/docs/cloud-messaging/send-message
package topic

import (
	"crypto/sha256"
	"encoding/hex"

	"heek.kr/heektime/internal/schema"
)

// Languages of the messages, in the order in which they are sent.
func Languages() []schema.Language { return []schema.Language{schema.Korean, schema.English} }

// Name is a topic without its language. [Name.In] returns the topic.
type Name string

// Announcements is about announcements for everyone.
const Announcements Name = "announcements"

// Lecture is about one lecture: the code that a student's timetable has for it. A lecture whose code changes
// keeps the topic of the old code for students who have not taken the change over.
func Lecture(schoolID string, semester schema.SemesterID, identifier string) Name {
	// No school or semester ID contains a slash, so no two lectures have the same text.
	return Name("lecture-" + Hash(schoolID+"/"+string(semester)+"/"+identifier))
}

// School is about announcements for a school.
func School(schoolID string) Name { return Name("school-" + Hash(schoolID)) }

// In returns the topic in a language.
func (n Name) In(l schema.Language) string { return string(n) + "." + string(l) }

// Hash returns 32 hexadecimal digits for a text: half of its SHA-256.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
