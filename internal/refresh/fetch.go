package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// maxLectures bounds a list, so that a source that never ends does not fill the memory. The largest university of the
// country has some 8,000 a semester.
const maxLectures = 50_000

// fetch asks the course service for a semester's list. The report says what became of the rows, also when the
// reading failed.
func (s *Service) fetch(ctx context.Context, sch *school.School, sem *school.Semester) (schema.CourseList, importreport.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel() // ends the stream, too
	stream, err := s.courses.GetLectures(ctx, payload(sch, sem))
	if err != nil {
		return nil, importreport.Report{}, fmt.Errorf("ask the course service: %w", err)
	}
	var list schema.CourseList
	for {
		l, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			report, reportErr := importreport.FromTrailer(stream.Trailer())
			return nil, report, errors.Join(fmt.Errorf("read the list: %w", err), reportErr)
		}
		if len(list) == maxLectures {
			return nil, importreport.Report{}, status.Errorf(codes.ResourceExhausted, "the list has more than %d lectures", maxLectures)
		}
		var entry schema.Lecture
		entry.FromProto(l)
		list = append(list, entry)
	}
	report, err := importreport.FromTrailer(stream.Trailer())
	if err != nil {
		return nil, report, err
	}
	// A stream that a proxy cut off ends like one that is complete, but without the report.
	if report.Lectures != len(list) {
		return nil, report, status.Errorf(codes.Unavailable, "the course service sent %d lectures and reports %d", len(list), report.Lectures)
	}
	return list, report, nil
}

func payload(sch *school.School, sem *school.Semester) *lecturespb.GetLecturesPayload {
	p := &lecturespb.GetLecturesPayload{Year: int32(sem.Year), Semester: sem.Term.Proto(), SchoolId: sch.ID}
	for _, period := range sch.PeriodsOf(sem) {
		p.Periods = append(p.Periods, period.Proto())
	}
	for key, value := range sch.SourceOptions(sem) {
		p.Options = append(p.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
	}
	return p
}

// retryable reports whether an error of a fetch may be gone at the next try: the school or the course service is down or slow.
// A list that cannot be understood stays so until somebody changes the school file or the adapter.
func retryable(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.DataLoss, codes.ResourceExhausted, codes.OutOfRange, codes.Unimplemented:
		return false
	}
	return true
}
