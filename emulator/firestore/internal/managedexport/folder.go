package managedexport

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// MetadataSuffix is the end of the name of the file that describes an export.
const MetadataSuffix = ".overall_export_metadata"

// The files of the kind that stands for all documents.
const (
	kindFolder   = "all_namespaces/all_kinds"
	kindMetadata = kindFolder + "/all_namespaces_all_kinds.export_metadata"
	output       = "output-0"
)

// Entry is a document to export.
type Entry struct {
	Path   string
	Fields *value.Fields
}

// Write writes an export with a name into a folder.
func Write(dir, name string, database resource.Database, documents iter.Seq[Entry]) error {
	start := time.Now()
	kind := filepath.Join(dir, filepath.FromSlash(kindFolder))
	if err := os.MkdirAll(kind, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(kind, output))
	if err != nil {
		return err
	}
	log, count := newLogWriter(f), 0
	var entity []byte
	for d := range documents {
		entity = appendEntity(entity[:0], database.Project(), database.ID(), d.Path, d.Fields)
		log.write(entity)
		count++
	}
	if err := errors.Join(log.flush(), f.Close()); err != nil {
		return err
	}
	var overall []byte
	if count == 0 {
		err = os.RemoveAll(filepath.Join(dir, "all_namespaces"))
	} else {
		var times, file []byte
		times = appendString(times, 1, name)
		times = appendVarint(times, 2, uint64(start.UnixMicro()))
		times = appendVarint(times, 3, uint64(time.Now().UnixMicro()))
		file = appendString(appendString(file, 1, ""), 2, output)
		err = os.WriteFile(filepath.Join(dir, filepath.FromSlash(kindMetadata)), appendBytes(appendBytes(nil, 1, times), 2, file), 0o644)

		var one []byte
		one = appendBytes(one, 1, appendVarint(appendVarint(nil, 1, 2), 3, 3))
		one = appendString(one, 2, kindMetadata)
		one = appendVarint(one, 3, uint64(count))
		one = appendVarint(one, 4, uint64(log.size))
		overall = appendBytes(nil, 1, one)
	}
	if err != nil {
		return err
	}
	f, err = os.Create(filepath.Join(dir, name+MetadataSuffix))
	if err != nil {
		return err
	}
	log = newLogWriter(f)
	log.write([]byte{formatVersion})
	log.write(overall)
	return errors.Join(log.flush(), f.Close())
}

// Read calls each with every document of the export that a metadata file describes. References of production lead
// to documents of project.
func Read(metadataFile, project string, each func(Document) error) error {
	var records [][]byte
	err := readFile(metadataFile, func(record []byte) error {
		records = append(records, append([]byte(nil), record...))
		return nil
	})
	if err != nil {
		return err
	}
	if len(records) == 0 || len(records[0]) != 1 || records[0][0] != formatVersion || len(records) > 2 {
		return fmt.Errorf("%s: is not of the version of exports that can be read", metadataFile)
	}
	if len(records) == 1 {
		return nil
	}
	return eachFile(metadataFile, records[1], 1, func(path string) error { return readKind(path, project, each) })
}

// eachFile calls each with the path of every file that a metadata file names: field 2 of the messages in some field.
func eachFile(metadataFile string, metadata []byte, messages int, each func(path string) error) error {
	return eachField(metadata, func(f field) error {
		if int(f.number) != messages {
			return nil
		}
		return eachField(f.data, func(f field) error {
			if f.number != 2 {
				return nil
			}
			path, err := below(filepath.Dir(metadataFile), string(f.data))
			if err != nil {
				return fmt.Errorf("%s: %w", metadataFile, err)
			}
			return each(path)
		})
	})
}

// readKind reads the output files that the metadata of a kind names.
func readKind(metadataFile, project string, each func(Document) error) error {
	b, err := os.ReadFile(metadataFile)
	if err != nil {
		return err
	}
	err = eachFile(metadataFile, b, 2, func(path string) error {
		return readFile(path, func(record []byte) error {
			d, err := decodeEntity(record, project)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			return each(d)
		})
	})
	if errors.Is(err, errFormat) {
		err = fmt.Errorf("%s: %w", metadataFile, err)
	}
	return err
}

// below returns a path that a metadata file names, which must not lead out of its folder.
func below(dir, name string) (string, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("names a file outside of the export: %q", name)
	}
	return filepath.Join(dir, name), nil
}

// readFile reads a log. Its errors name the file.
func readFile(path string, each func(record []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var inner error
	err = readLog(f, func(record []byte) error {
		inner = each(record)
		return inner
	})
	if err != nil && inner == nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return err
}
