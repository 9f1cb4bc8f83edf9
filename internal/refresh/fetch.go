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

// maxLectures bounds a list, so that an endless source cannot exhaust memory. Korea's largest
// university offers some 8,000 lectures a semester.
const maxLectures = 50_000

// fetch reads a semester's list from the course service. The report counts what became of the rows,
// and may be present even if reading failed.
func (s *Service) fetch(ctx context.Context, sch *school.School, sem *school.Semester) (schema.CourseList, importreport.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel() // also ends the stream
	stream, err := s.courses.GetLectures(ctx, Payload(sch, sem))
	if err != nil {
		return nil, importreport.Report{}, fmt.Errorf("call the course service: %w", err)
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
	// A stream cut off by a proxy looks complete, except that the report is missing.
	if report.Lectures != len(list) {
		return nil, report, status.Errorf(codes.Unavailable, "the course service sent %d lectures but reported %d", len(list), report.Lectures)
	}
	return list, report, nil
}

// Payload returns the request for a semester's list to the course service.
func Payload(sch *school.School, sem *school.Semester) *lecturespb.GetLecturesPayload {
	p := &lecturespb.GetLecturesPayload{Year: int32(sem.Year), Semester: sem.Term.Proto(), SchoolId: sch.ID}
	for _, period := range sch.PeriodsOf(sem) {
		p.Periods = append(p.Periods, period.Proto())
	}
	for key, value := range sch.SourceOptions(sem) {
		p.Options = append(p.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
	}
	return p
}

// retryable reports whether a retry may succeed after a failed fetch, as when the school or the course
// service is down or slow. A list that cannot be parsed fails until somebody changes the school file
// or the adapter.
func retryable(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.DataLoss, codes.ResourceExhausted, codes.OutOfRange, codes.Unimplemented:
		return false
	}
	return true
}
