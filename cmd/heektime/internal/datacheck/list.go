package datacheck

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"

	"heek.kr/heektime/internal/schema"
)

// maxList is the size of a list above which it is not downloaded whole: the largest have a few MB.
const maxList = 64 << 20

// checkList checks that a semester's course list exists and has the content that its name says. A list is
// named by the first half of the SHA-256 of its JSON.
func (c *checker) checkList(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	url := schema.ReadSemester(doc).LecturesURL
	if url == "" || c.Bucket == nil {
		return nil
	}
	path := schema.Path(doc.Ref)
	name, ok := strings.CutPrefix(url, "gs://"+c.Bucket.BucketName()+"/")
	school, id, isList := schema.SemesterOfObject(name)
	if !ok || !isList || schema.SemesterPath(school, id) != path {
		c.find(WrongListURL, "%s: %s", path, url)
		return nil
	}
	r, err := c.Bucket.Object(name).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		c.find(MissingList, "%s: %s", path, url)
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(r, maxList)); err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	c.report.Lists++
	file := name[strings.LastIndexByte(name, '/')+1:]
	if want, _, _ := strings.Cut(file, "."); len(want) < 32 || !strings.HasPrefix(hex.EncodeToString(sum.Sum(nil)), want) {
		c.find(WrongList, "%s: %s", path, url)
	}
	return nil
}

// checkRefresh compares the list that a refresh published last with the one that the semester shows. They
// change in one transaction; if they differ, an unchanged list would not be published again.
func (c *checker) checkRefresh(ctx context.Context, doc *firestore.DocumentSnapshot) error {
	var r schema.Refresh
	if err := doc.DataTo(&r); err != nil || len(r.Published) == 0 {
		return nil // an invalid value, or nothing published yet
	}
	semester := schema.SemesterRef(c.Firestore, doc.Ref.Parent.Parent.ID, schema.SemesterID(doc.Ref.ID))
	return c.lookUp(ctx, func(docs map[string]*firestore.DocumentSnapshot) {
		shown := ""
		if found := in(docs, semester); found != nil {
			shown = schema.ReadSemester(found).LecturesURL
		}
		if !strings.HasSuffix(shown, "/"+r.Published[0].Name) {
			c.find(UnpublishedSemester, "%s shows %q, published is %s", schema.Path(semester), shown, r.Published[0].Name)
		}
	}, semester)
}
