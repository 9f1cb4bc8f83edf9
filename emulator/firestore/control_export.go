package firestore

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/rest"
	"heek.kr/heektime/emulator/internal/resource"
)

// managedRequest is the body of :export and :import. The project and the database in the path are not used, as in
// Google's emulator.
type managedRequest struct {
	Database  string `json:"database"`
	Directory string `json:"exportDirectory"` // for :import, the path of a metadata file
	Name      string `json:"exportName"`      // for :export only
}

// managed serves POST …:export and …:import, with which the Firebase CLI saves and loads documents.
func (c *control) managed(w http.ResponseWriter, r *http.Request, do func(*control, *Database, managedRequest) error) {
	body, err := c.bodies.Read(w, r)
	if err != nil {
		rest.WriteBodyError(w, err)
		return
	}
	defer body.Release()
	in, err := parseManaged(body.Bytes)
	var db *Database
	if err == nil {
		var name resource.Database
		if name, err = resource.ParseDatabase(in.Database); err == nil {
			db, err = c.server.Database(name.Project(), name.ID())
		}
	}
	if err == nil {
		err = do(c, db, in)
	}
	if err != nil {
		code := status.Code(err)
		if code == codes.Unknown {
			code = codes.InvalidArgument
		}
		httpStatus := http.StatusBadRequest
		if code == codes.Internal {
			httpStatus = http.StatusInternalServerError
		}
		rest.WriteError(w, httpStatus, code, status.Convert(err).Message())
		return
	}
	respondJSON(w, struct{}{})
}

// parseManaged accepts both spellings of a key, as protobuf's JSON does.
func parseManaged(text []byte) (in managedRequest, err error) {
	if len(text) == 0 {
		return in, nil
	}
	var keys map[string]*string
	if err := json.Unmarshal(text, &keys); err != nil {
		return in, fmt.Errorf("the body must be {\"database\": …, \"export_directory\": …}: %w", err)
	}
	for key, value := range keys {
		if value == nil {
			continue
		}
		switch key {
		case "database":
			in.Database = *value
		case "export_directory", "exportDirectory":
			in.Directory = *value
		case "export_name", "exportName":
			in.Name = *value
		default:
			return in, fmt.Errorf("there is no field %q", key)
		}
	}
	return in, nil
}

// export writes the documents to a folder in export_directory.
func (c *control) export(db *Database, in managedRequest) error {
	if info, err := os.Stat(in.Directory); err != nil || !info.IsDir() {
		return status.Error(codes.FailedPrecondition, "export_directory must be a directory")
	}
	if in.Name == "" {
		in.Name = fmt.Sprintf("firestore_export_%d", time.Now().Unix())
	}
	if in.Name == "." || in.Name == ".." || strings.ContainsAny(in.Name, `/\`) {
		return status.Error(codes.InvalidArgument, "export_name must be the name of a folder")
	}
	if err := db.ExportManaged(filepath.Join(in.Directory, in.Name)); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return nil
}

// load reads the documents of the export whose metadata file is export_directory.
func (c *control) load(db *Database, in managedRequest) error {
	if in.Name != "" {
		return status.Error(codes.InvalidArgument, "there is no field export_name")
	}
	return db.ImportManaged(in.Directory)
}
