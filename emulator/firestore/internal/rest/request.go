package rest

import (
	"net/url"

	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/internal/transcoding"
)

// request builds the message of a request from its query, body and path.
func (r *route) request(query url.Values, body []byte, path map[string]string) (proto.Message, error) {
	if r.call.request == nil { // unimplemented: any request fails
		return nil, nil
	}
	m := r.call.request()
	err := transcoding.Request{Query: query, Body: body, Path: path, BodyField: r.body, Unmarshal: wirejson.Unmarshal}.Fill(m)
	return m, err
}
