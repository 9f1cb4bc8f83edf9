package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
)

// maxBatch is how many messages the client sends in one call.
//
// Source: https://firebase.google.com/docs/cloud-messaging/send-message
const maxBatch = 500

// envelope is a message on its way, and what it is about.
type envelope struct {
	message *messaging.Message
	lecture int // index of what is due
}

// send sends what is due, and records in the plan what was sent. The error says that some of it should be tried
// again.
func (s *Service) send(ctx context.Context, sem *semester, plan *pushplan.Plan, due []pushplan.Message) error {
	var all []envelope
	for i := range due {
		for _, message := range sem.messages(&due[i], s.now()) {
			if !slices.Contains(due[i].Sent, message.Topic) {
				all = append(all, envelope{message, i})
			}
		}
	}
	failed := make([]bool, len(due))
	reached := make([][]string, len(due))
	var errs []error
	for batch := range slices.Chunk(all, maxBatch) {
		messages := make([]*messaging.Message, len(batch))
		for i, e := range batch {
			messages[i] = e.message
		}
		response, err := s.messaging.SendEach(ctx, messages)
		for i, e := range batch {
			sendErr := err
			if err == nil {
				sendErr = response.Responses[i].Error
			}
			switch {
			case sendErr == nil:
				reached[e.lecture] = append(reached[e.lecture], e.message.Topic)
			case isPermanent(sendErr):
				s.log.ErrorContext(ctx, "a message cannot be sent", "topic", e.message.Topic, "error", sendErr.Error())
				reached[e.lecture] = append(reached[e.lecture], e.message.Topic)
			default:
				failed[e.lecture] = true
				errs = append(errs, fmt.Errorf("send to %s: %w", e.message.Topic, sendErr))
			}
		}
	}
	sent := 0
	for i := range due {
		if failed[i] {
			plan.State.NotSent(&due[i], append(slices.Clone(due[i].Sent), reached[i]...))
			continue
		}
		sent++
		plan.State.Sent(&due[i])
	}
	if len(due) > 0 {
		s.log.InfoContext(ctx, "students notified", "school", sem.school, "semester", string(sem.id), "lectures", sent, "failed", len(due)-sent)
	}
	return errors.Join(errs[:min(len(errs), 3)]...) // the others are alike
}

// isPermanent reports whether a message fails however often it is sent.
//
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
func isPermanent(err error) bool {
	return messaging.IsUnregistered(err) || messaging.IsInvalidArgument(err) || messaging.IsSenderIDMismatch(err)
}

// messages returns the messages about one lecture: to each code that students may have for it, in each language.
func (sem *semester) messages(m *pushplan.Message, now time.Time) (messages []*messaging.Message) {
	for _, code := range m.Topics {
		name := topic.Lecture(sem.school, sem.id, code)
		for _, language := range topic.Languages() {
			title, body := m.Text(language)
			n := notification{
				topic: name.In(language), title: title, body: body,
				// What is sent about a lecture on a day replaces what was sent before.
				collapse: topic.Hash(string(name) + "/" + m.Day), thread: string(name), expires: now.Add(timeToLive),
				data: map[string]string{
					dataType: "lecture", dataSchool: sem.school, dataSemester: string(sem.id),
					dataIdentifier: code, dataNewIdentifier: m.Identifier,
				},
			}
			messages = append(messages, n.message(now))
		}
	}
	return messages
}

// Keys of the data of a message, for deep links.
const (
	dataType          = "type" // lecture, list or announcement
	dataSchool        = "schoolId"
	dataSemester      = "semesterId"
	dataIdentifier    = "lecture"
	dataNewIdentifier = "lectureNow"
	dataAnnouncement  = "announcementId"
)
