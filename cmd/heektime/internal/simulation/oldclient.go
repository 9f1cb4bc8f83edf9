package simulation

import (
	"context"
	"net/url"
	"time"
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
		if _, err := p.do(ctx, s, "sign up", request{method: "POST", url: p.rest("/users"), body: body}); err != nil {
			return err
		}
		s.thinks()
	}
	if err := p.authorizeREST(ctx, s, first || v.signIn); err != nil {
		return err
	}
	const action = "open the app"
	var me struct{ ID string }
	if err := p.doJSON(ctx, s, action, s.get(p.rest("/me")), &me); err != nil {
		return err
	}
	s.uid = me.ID
	for _, path := range []string{"/schools", "/users/" + s.uid + "/timetables"} {
		if _, err := p.do(ctx, s, action, s.get(p.rest(path))); err != nil {
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
		if err := p.doJSON(ctx, s, action, s.get(p.rest("/username/"+url.PathEscape(p.students[v.friend].username))), &friend); err != nil {
			return err
		}
		_, err := p.do(ctx, s, action, s.get(p.rest("/users/"+friend.ID+"/timetables")))
		return err
	}
	return nil
}

// authorizeREST signs in, or renews the access token if it has expired.
func (p *player) authorizeREST(ctx context.Context, s *student, signIn bool) error {
	if signIn || s.refresh == "" {
		var r struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		body := map[string]string{"username": s.username, "password": password}
		if err := p.doJSON(ctx, s, "sign in", request{method: "POST", url: p.rest("/auth/token"), body: body}, &r); err != nil {
			return err
		}
		s.access, s.refresh, s.accessIssued = r.Access, r.Refresh, p.now()
		return nil
	}
	if p.now().Sub(s.accessIssued) < accessTokenLife {
		return nil
	}
	var r struct {
		Access string `json:"access_token"`
	}
	body := map[string]string{"refresh_token": s.refresh}
	if err := p.doJSON(ctx, s, "renew the session", request{method: "POST", url: p.rest("/auth/refresh-token"), body: body}, &r); err != nil {
		return err
	}
	s.access, s.accessIssued = r.Access, p.now()
	return nil
}

// rest returns the URL of a call of the REST API, which old apps reach through Hosting.
func (p *player) rest(path string) string { return p.site + "/apis/v2" + path }

func (s *student) get(url string) request { return request{method: "GET", url: url, token: s.access} }

func (p *player) planWithREST(ctx context.Context, s *student) error {
	var r struct{ ID string }
	body := map[string]string{"semester_id": p.oldSemester, "title": "새 시간표"}
	err := p.doJSON(ctx, s, "make a timetable", request{method: "POST", url: p.rest("/me/timetables"), token: s.access, body: body}, &r)
	if err == nil {
		s.plans = append(s.plans, &plan{id: r.ID, public: true})
	}
	return err
}

// loadOldList loads the list in the format of old apps, unless the HTTP cache has it.
func (p *player) loadOldList(ctx context.Context, s *student) (*list, error) {
	const action = "search"
	var r struct{ URL string }
	if err := p.doJSON(ctx, s, action, s.get(p.rest("/semesters/"+url.PathEscape(p.oldSemester)+"/lectures-url")), &r); err != nil {
		return nil, err
	}
	p.addSearch()
	if s.listURL == r.URL {
		p.addCached(p.lists.known(r.URL).bytes)
		return p.lists.known(r.URL), nil
	}
	text, err := p.do(ctx, s, action, request{method: "GET", url: p.publicURL(r.URL)})
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
		if err := p.doJSON(ctx, s, "add a lecture", request{method: "POST", url: lectures, token: s.access, body: lecture}, &r); err != nil {
			return err
		}
		shown.lectures = append(shown.lectures, r.ID)
	}
	for range min(v.removes, len(shown.lectures)) {
		s.thinks()
		i := s.random.IntN(len(shown.lectures))
		if _, err := p.do(ctx, s, "remove a lecture", request{method: "DELETE", url: lectures + "/" + shown.lectures[i], token: s.access}); err != nil {
			return err
		}
		shown.lectures = append(shown.lectures[:i], shown.lectures[i+1:]...)
	}
	return nil
}
