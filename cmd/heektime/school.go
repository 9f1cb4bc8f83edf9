package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	grpcstatus "google.golang.org/grpc/status"

	"heek.kr/heektime/cmd/heektime/internal/schooltry"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/spelling"
)

// defaultSchools is the school file of the refresh service.
const defaultSchools = "run/refresh/schools.yaml"

// tryOptions are the flags of school try.
type tryOptions struct {
	schools, school, semester string
}

// schoolCommand reads a school's list without publishing it.
func schoolCommand(ctx context.Context, args []string) error {
	var o tryOptions
	flags := flag.NewFlagSet("school", flag.ContinueOnError)
	flags.StringVar(&o.schools, "schools", "", "school `FILE` with the mapping (default: schools.yaml in this folder, or "+defaultSchools+")")
	flags.StringVar(&o.school, "school", "", "`ID` of the school whose mapping reads the file (default: the only one)")
	flags.StringVar(&o.semester, "semester", "", "`ID` of the semester (default: the newest one)")
	words, err := parse(flags, args, "try", "FILE|URL|SCHOOL")
	if err != nil {
		return err
	}
	if words[0] != "try" {
		return fmt.Errorf("unknown action %q: use try", words[0])
	}
	return o.try(ctx, words[1])
}

// try reads a list and shows what it finds.
func (o *tryOptions) try(ctx context.Context, name string) error {
	sch, sem, err := o.find(name)
	if err != nil {
		return err
	}
	req := refresh.Payload(sch, sem)
	fmt.Printf("trying    %s %s with adapter %s; nothing is published\n", sch.ID, sem.ID, sch.Source.Adapter)
	service, err := courses.New(courses.Config{FilesRoot: "/", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	preview, err := service.Preview(ctx, req)
	schooltry.Write(os.Stdout, preview)
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nheektime: the list cannot be read: %s\n", grpcstatus.Convert(err).Message())
		return errReported
	}
	return schooltry.Publishable(preview.Lectures)
}

// find returns the school and semester to try. name is a school's ID, or a list to read instead of the
// school's own.
func (o *tryOptions) find(name string) (*school.School, *school.Semester, error) {
	path, err := o.schoolFile()
	if err != nil {
		return nil, nil, err
	}
	file, err := school.Read(path, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	list, isList, err := listURL(name)
	if err != nil {
		return nil, nil, err
	}
	id := name
	if isList {
		id = o.school
	} else if o.school != "" && o.school != name {
		return nil, nil, fmt.Errorf("%s is neither a file nor a URL, and --school %s names another school", name, o.school)
	}
	sch, err := findSchool(file, id)
	if err != nil {
		if !isList {
			err = fmt.Errorf("%w; nor is there a file of this name", err)
		}
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	sem, err := o.findSemester(sch)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if isList {
		options := map[string]string{}
		for key, value := range sem.Options {
			options[key] = value
		}
		options["url"] = list
		withList := *sem
		withList.Options = options
		sem = &withList
	}
	return sch, sem, nil
}

// schoolFile returns the path of the school file.
func (o *tryOptions) schoolFile() (string, error) {
	if o.schools != "" {
		return o.schools, nil
	}
	for _, path := range []string{"schools.yaml", defaultSchools} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no schools.yaml in this folder; name the school file with --schools FILE")
}

// listURL returns the URL of a list that name refers to. ok is false if it is neither a URL nor a file.
func listURL(name string) (list string, ok bool, err error) {
	for _, scheme := range []string{"http://", "https://", "file://"} {
		if strings.HasPrefix(name, scheme) {
			return name, true, nil
		}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`):
		return "", false, nil // a school
	case err != nil:
		return "", false, fmt.Errorf("open the list: %w", err)
	case info.IsDir():
		return "", false, fmt.Errorf("%s is a folder, not a list", name)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", false, fmt.Errorf("open the list: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String(), true, nil
}

// findSchool returns the school with an ID, or the only one if the ID is "".
func findSchool(file *school.File, id string) (*school.School, error) {
	var ids []string
	for i := range file.Schools {
		s := &file.Schools[i]
		if s.ID == id || s.LegacyID != "" && s.LegacyID == id || id == "" && len(file.Schools) == 1 {
			return s, nil
		}
		ids = append(ids, s.ID)
	}
	names := strings.Join(ids[:min(len(ids), 10)], ", ")
	if id == "" {
		return nil, fmt.Errorf("%d schools; choose one with --school: %s", len(ids), names)
	}
	return nil, fmt.Errorf("no school %q%s; there are %s", id, spelling.Suggest(id, ids), names)
}

// findSemester returns the semester of the flag, or the newest one.
func (o *tryOptions) findSemester(sch *school.School) (*school.Semester, error) {
	var newest *school.Semester
	var ids []string
	for i := range sch.Semesters {
		sem := &sch.Semesters[i]
		if sem.ID == schema.SemesterID(o.semester) {
			return sem, nil
		}
		if ids = append(ids, string(sem.ID)); newest == nil || sem.ID > newest.ID {
			newest = sem
		}
	}
	if o.semester != "" || newest == nil {
		slices.Sort(ids)
		return nil, fmt.Errorf("%s has no semester %q; it has %s", sch.ID, o.semester, strings.Join(ids, ", "))
	}
	return newest, nil
}
