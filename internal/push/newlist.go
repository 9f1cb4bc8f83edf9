package push

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
)

// listTexts tell students that they have to look themselves.
var listTexts = map[schema.Language]struct{ title, body string }{
	schema.Korean:  {"강의 목록 변경", "학교 강의 목록이 한꺼번에 많이 바뀌었어요. 담은 강의가 그대로인지 확인해 보세요."},
	schema.English: {"Course list change", "Much of your school's course list changed at once. Check whether your lectures are affected."},
}

// sendList tells the students of a school that a list changed whose lectures they cannot be told of one by one. That
// takes one message for each language, however many lectures and students there are. The topic is that of the school:
// students of the semesters before and after get it, too.
func (s *Service) sendList(ctx context.Context, sem *semester, plan *pushplan.Plan, now time.Time) error {
	day := now.In(pushplan.Seoul).Format(time.DateOnly)
	for _, language := range topic.Languages() {
		text := listTexts[language]
		n := notification{
			topic: topic.School(sem.school).In(language), title: text.title, body: text.body,
			collapse: topic.Hash("list/" + sem.school + "/" + string(sem.id) + "/" + day), thread: string(topic.School(sem.school)), expires: now.Add(timeToLive),
			data: map[string]string{dataType: "list", dataSchool: sem.school, dataSemester: string(sem.id)},
		}
		if _, err := s.messaging.Send(ctx, n.message(now)); err != nil && !isPermanent(err) {
			return fmt.Errorf("tell the students of %s %s that the list changed: %w", sem.school, sem.id, err)
		}
	}
	plan.State.ListSent(now)
	s.log.InfoContext(ctx, "students told that the list changed", "school", sem.school, "semester", string(sem.id))
	return nil
}
