package simulation

import (
	"context"
	"net/url"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
)

// accessTokenLife is how long an access token of the REST API is valid.
const accessTokenLife = 10 * time.Minute

// visitWithREST plays a visit with an old app.
func (p *player) visitWithREST(ctx context.Context, s *student, v visit) error {
	first := s.uid == ""
	if !s.warm {
		s.listURL = ""
	}
	if first {
		body := map[string]string{"username": s.username, "password": password, "name": "학생"}
		if _, err := s.app.Do(ctx, "sign up", appclient.Request{Method: "POST", URL: p.rest("/users"), Body: body}); err != nil {
			return err
		}
		s.thinks()
	}
	if err := p.authorizeREST(ctx, s, first || v.signIn); err != nil {
		return err
	}
	const action = "open the app"
	var me struct{ ID string }
	if err := s.app.JSON(ctx, action, s.get(p.rest("/me")), &me); err != nil {
		return err
	}
	s.uid = me.ID
	for _, path := range []string{"/schools", "/users/" + s.uid + "/timetables"} {
		if _, err := s.app.Do(ctx, action, s.get(p.rest(path))); err != nil {
			return err
		}
	}
	if v.newPlan {
		s.thinks()
		if err := p.planWithREST(ctx, s); err != nil {
			return err
		}
	}
	if v.search || v.newPlan {
		s.thinks()
		list, err := p.loadOldList(ctx, s)
		if err != nil {
			return err
		}
		if err := p.editWithREST(ctx, s, v, list); err != nil {
			return err
		}
	}
	if v.friend >= 0 && p.students[v.friend].uid != "" {
		s.thinks()
		var friend struct{ ID string }
		const action = "look at a friend's timetable"
		if err := s.app.JSON(ctx, action, s.get(p.rest("/username/"+url.PathEscape(p.students[v.friend].username))), &friend); err != nil {
			return err
		}
		_, err := s.app.Do(ctx, action, s.get(p.rest("/users/"+friend.ID+"/timetables")))
		return err
	}
	return nil
}

// authorizeREST signs in, or renews the access token if it has expired.
func (p *player) authorizeREST(ctx context.Context, s *student, signIn bool) error {
	if signIn || s.refresh == "" {
		tokens, err := s.app.OldSignIn(ctx, "sign in", s.username, password)
		if err != nil {
			return err
		}
		s.access, s.refresh, s.accessIssued = tokens.Access, tokens.Refresh, p.now()
		return nil
	}
	if p.now().Sub(s.accessIssued) < accessTokenLife {
		return nil
	}
	var r struct {
		Access string `json:"access_token"`
	}
	body := map[string]string{"refresh_token": s.refresh}
	if err := s.app.JSON(ctx, "renew the session", appclient.Request{Method: "POST", URL: p.rest("/auth/refresh-token"), Body: body}, &r); err != nil {
		return err
	}
	s.access, s.accessIssued = r.Access, p.now()
	return nil
}

// rest returns the URL of a call of the REST API, which old apps reach through Hosting.
func (p *player) rest(path string) string { return p.cloud.REST + path }

func (s *student) get(url string) appclient.Request {
	return appclient.Request{Method: "GET", URL: url, Token: s.access}
}

func (p *player) planWithREST(ctx context.Context, s *student) error {
	var r struct{ ID string }
	body := map[string]string{"semester_id": p.oldSemester, "title": "새 시간표"}
	err := s.app.JSON(ctx, "make a timetable", appclient.Request{Method: "POST", URL: p.rest("/me/timetables"), Token: s.access, Body: body}, &r)
	if err == nil {
		s.plans = append(s.plans, &plan{id: r.ID, public: true})
	}
	return err
}

// loadOldList loads the list in the format of old apps, unless the HTTP cache has it.
func (p *player) loadOldList(ctx context.Context, s *student) (*list, error) {
	const action = "search"
	var r struct{ URL string }
	if err := s.app.JSON(ctx, action, s.get(p.rest("/semesters/"+url.PathEscape(p.oldSemester)+"/lectures-url")), &r); err != nil {
		return nil, err
	}
	p.addSearch()
	if s.listURL == r.URL {
		p.addCached(p.lists.known(r.URL).bytes)
		return p.lists.known(r.URL), nil
	}
	text, err := s.app.Do(ctx, action, appclient.Request{Method: "GET", URL: p.publicURL(r.URL)})
	if err != nil {
		return nil, err
	}
	if s.warm {
		s.listURL = r.URL
	}
	p.addLoad(int64(len(text)))
	return p.lists.of(r.URL, text, true)
}

func (p *player) editWithREST(ctx context.Context, s *student, v visit, list *list) error {
	if len(s.plans) == 0 {
		return nil
	}
	shown := s.plans[0]
	lectures := p.rest("/me/timetables/" + shown.id + "/lectures")
	for range v.adds {
		s.thinks()
		var r struct{ ID string }
		lecture := list.old[s.random.IntN(len(list.old))]
		if err := s.app.JSON(ctx, "add a lecture", appclient.Request{Method: "POST", URL: lectures, Token: s.access, Body: lecture}, &r); err != nil {
			return err
		}
		shown.lectures = append(shown.lectures, r.ID)
	}
	for range min(v.removes, len(shown.lectures)) {
		s.thinks()
		i := s.random.IntN(len(shown.lectures))
		if _, err := s.app.Do(ctx, "remove a lecture", appclient.Request{Method: "DELETE", URL: lectures + "/" + shown.lectures[i], Token: s.access}); err != nil {
			return err
		}
		shown.lectures = append(shown.lectures[:i], shown.lectures[i+1:]...)
	}
	return nil
}
