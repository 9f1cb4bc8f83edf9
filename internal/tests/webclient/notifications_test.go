package webclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/push"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/subscriptions"
	"heek.kr/heektime/internal/taskqueue"
)

const (
	notifySwitch = "내 강의가 바뀌면 알림 받기"
	schoolID     = "데모대학교-서울"
	semesterID   = schema.SemesterID("2026-0900")
	linear       = "COSE104-00" // the lecture that the student adds
)

// notifier is the services of notifications. Their tasks stay in a paused queue: tests do them.
type notifier struct {
	*world
	*push.Service
	at time.Time
}

// newNotifier starts the services behind the world's Hosting.
func newNotifier(t *testing.T, w *world) *notifier {
	t.Helper()
	const parent, name = "projects/demo-test/locations/asia-northeast3", "projects/demo-test/locations/asia-northeast3/queues/topics"
	tasks := tasksclient.New(t, w.TasksAddress())
	if _, err := tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: name}}); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	queue := &taskqueue.Queue{Client: tasks, Name: name, URL: "http://127.0.0.1:1", Audience: "push", ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com"}
	n := &notifier{world: w, at: time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC)} // 10:00 in Seoul
	accounts := authclient.New(t, w.Project, w.AuthAddress())
	subscribing, err := subscriptions.New(subscriptions.Config{Firestore: w.admin, Accounts: accounts, Queue: queue, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(subscribing.Handler())
	t.Cleanup(server.Close)
	if err := w.Hosting[0].SetService("subscriptions", server.URL); err != nil {
		t.Fatal(err)
	}
	n.Service, err = push.New(push.Config{
		Firestore: w.admin, Messaging: messagingclient.New(t, w.Project, w.MessagingAddress()), Queue: queue, Log: slog.New(slog.DiscardHandler),
		Lists: func(context.Context, string) ([]byte, error) { return nil, liststore.ErrNone }, Now: func() time.Time { return n.at },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// change moves the lecture to another room in the list, and notifies. It returns the message that the device gets, as Cloud
// Messaging sends it to browsers.
func (n *notifier) change(t *testing.T, from, to, token string) []byte {
	t.Helper()
	n.at = n.at.Add(time.Hour)
	times := func(room string) map[string]any {
		return map[string]any{"times": []any{map[string]any{"weekday": 0, "timeBegin": 540, "timeEnd": 615, "room": room}}}
	}
	semester := schema.SemesterRef(n.admin, schoolID, semesterID)
	change := schema.Change{
		At: n.at, From: "gs://x/1.json", To: "gs://x/2.json", Complete: true, Changed: 1, Expires: n.at.AddDate(0, 4, 0),
		Lectures: []schema.LectureChange{{Kind: schema.LectureChanged, Identifier: linear, Title: "선형대수학", Before: times(from), After: times(to)}},
	}
	if _, err := schema.ChangeRef(semester, n.at, "12345678").Set(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	list := appList()
	for _, lecture := range list {
		if lecture["identifier"] == linear {
			maps.Copy(lecture, times(to))
		}
	}
	n.publishList(t, listObject(n.at.Hour()), list)
	if _, err := semester.Update(t.Context(), []firestore.Update{{Path: schema.FieldListChangedAt, Value: n.at}}); err != nil {
		t.Fatal(err)
	}
	if err := n.Notify(t.Context(), schoolID, semesterID); err != nil {
		t.Fatal(err)
	}
	device, _ := n.Messages().Device(token)
	if len(device.Shown) != 1 {
		t.Fatalf("the device shows %d messages, want 1: %+v", len(device.Shown), device)
	}
	shown := device.Shown[0]
	message, err := json.Marshal(map[string]any{
		"from": "1", "fcmMessageId": shown.ID, "data": shown.Data, "notification": map[string]string{"title": shown.Title, "body": shown.Body, "tag": shown.Tag},
	})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// device waits until the app has registered one device that is another than before, and returns its token.
func (n *notifier) device(a *app, uid, before string) (token string) {
	a.t.Helper()
	a.eval(nil, `ui.finds('[role=switch]:checked:not([aria-busy=true])')`)
	a.eval(nil, `ui.until(() => ![%q, undefined].includes(JSON.parse(localStorage.getItem('heektime.subscription'))?.token))`, before)
	a.eval(&token, `JSON.parse(localStorage.getItem('heektime.subscription')).token`)
	if err := n.Follow(a.t.Context(), uid); err != nil {
		a.t.Fatal(err)
	}
	return token
}

// untilRoom waits until Firestore has the only lecture of all timetables in a room.
func (n *notifier) untilRoom(t *testing.T, room string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
	defer cancel()
	snapshots := n.admin.CollectionGroup("lectures").Snapshots(ctx)
	defer snapshots.Stop()
	for {
		snapshot, err := snapshots.Next()
		if err != nil {
			t.Fatal(err)
		}
		docs, err := snapshot.Documents.GetAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 1 && schema.ReadLecture(docs[0]).Times[0].Room == room {
			return
		}
	}
}

// subscribed returns the tokens that a user has subscribed.
func (n *notifier) subscribed(t *testing.T, uid string) (tokens []string) {
	t.Helper()
	docs, err := schema.SubscriptionsOf(schema.UserRef(n.admin, uid)).Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range docs {
		if s := schema.ReadSubscription(doc); !s.Removed {
			tokens = append(tokens, s.Token)
		}
	}
	return tokens
}

// untilSubscribed waits until a user has subscribed these tokens and no others.
func (n *notifier) untilSubscribed(t *testing.T, uid string, tokens ...string) {
	t.Helper()
	for deadline := time.Now().Add(hangTimeout); ; time.Sleep(20 * time.Millisecond) {
		got := n.subscribed(t, uid)
		if slices.Equal(got, tokens) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("subscribed: %v, want %v", got, tokens)
		}
	}
}

// TestNotifications uses the web app with the services of notifications. Three things at the edge of Chromium are made
// up: its push service (testdata/pushservice.js), which is missing when it is headless; the delivery of what Cloud
// Messaging would hand to that, by DevTools; and taps on notifications, of which the worker gets an event.
func TestNotifications(t *testing.T) {
	t.Parallel()
	browser := sdktest.OpenBrowser(t)
	for name, run := range map[string]func(*testing.T, *sdktest.Browser){"on and off": notificationsOnAndOff, "obstacles": notificationObstacles} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, browser)
		})
	}
}

// notificationsOnAndOff turns notifications on, receives some while the app is open and while it is not, opens one, and
// turns them off. It is long because it follows one student through all of it.
func notificationsOnAndOff(t *testing.T, b *sdktest.Browser) {
	w := newAppWorld(t)
	n := newNotifier(t, w)
	a := openApp(t, b, w, phone)
	prepareForPush(a)
	a.click(schoolID)
	a.click("2026년 2학기")
	a.open("강의 찾기")
	a.fill("강의 찾기", "선형")
	a.click("선형대수학 담기")
	a.signUp()
	uid := w.onlyUser(t)
	a.eval(nil, "ui.until(() => localStorage.getItem('heektime.plans') === '[]')") // the account has the lecture

	a.click(notifySwitch)
	token := n.device(a, uid, "")
	device, _ := n.Messages().Device(token)
	want := []string{topic.Lecture(schoolID, semesterID, linear).In(schema.Korean), topic.School(schoolID).In(schema.Korean), topic.Announcements.In(schema.Korean)}
	if slices.Sort(want); device.Platform != messaging.WebPlatform || !slices.Equal(device.Topics, want) {
		t.Errorf("the device is %+v, want the topics %v", device, want)
	}
	a.accessible("account with notifications")

	// While the app is open, it says so itself.
	deliver(a, n.change(t, "정보관 200", "정보관 300", token))
	a.sees("선형대수학 강의실이 바뀌었어요: 정보관 200 → 정보관 300")
	wantShown(a)

	// While it is not, the browser does. A message about the same lecture on the same day replaces the one before.
	if err := a.page.Navigate(t.Context(), "about:blank"); err != nil {
		t.Fatal(err)
	}
	message := n.change(t, "정보관 300", "정보관 400", token)
	var sent struct {
		Notification struct{ Body string }
		Data         map[string]string
	}
	if err := json.Unmarshal(message, &sent); err != nil {
		t.Fatal(err)
	}
	deliver(a, bytes.Replace(message, []byte("정보관"), []byte("정보관 지하"), 1))
	deliver(a, message)
	wantShown(a, sent.Notification.Body)

	// A tap opens the lecture: in a new window by its address, and in one that is open.
	data, _ := json.Marshal(sent.Data)
	home := a.url
	a.eval(&a.url, `%q + '?' + new URLSearchParams(%s)`, home, data)
	a.load()
	a.url = home
	a.sees("강의 고치기")
	a.eval(nil, `ui.until(() => document.querySelector('dialog[open] input').value === '선형대수학')`)
	a.sees("정보관 400") // what the school changed, to take over
	a.accessible("a lecture that changed")
	a.click("닫기")
	inWorker(a, `registration.getNotifications().then(([notification]) => { dispatchEvent(new NotificationEvent('notificationclick', { notification })) })`)
	a.sees("강의 고치기")
	a.click("반영하기")
	a.eval(nil, "ui.isGone('dialog[open]')")
	wantShown(a)
	n.untilRoom(t, "정보관 400")

	// The browser's push service gives the device another address.
	a.eval(nil, `localStorage.setItem('test.endpoint', 'https://push.example/2')`)
	a.load()
	a.open("내 정보")
	renewed := n.device(a, uid, token)
	n.untilSubscribed(t, uid, renewed) // the new token alone

	a.click(notifySwitch)
	a.eval(nil, `ui.finds('[role=switch]:not(:checked):not([aria-busy=true])')`)
	wantGone(t, n, uid, renewed)
	a.click(notifySwitch)
	token = n.device(a, uid, "")
	a.click("로그아웃")
	a.untilLeft()
	wantGone(t, n, uid, token)
	var left string
	if a.eval(&left, `String(localStorage.getItem('heektime.subscription'))`); left != "null" {
		t.Errorf("the device still remembers %s", left)
	}
	if console := a.page.Console(); strings.Contains(console, "Content Security Policy") {
		t.Errorf("the page's policy forbids something that it does:\n%s", console)
	}
}

// prepareForPush gives the app's device a push service, and answers for the student that it may notify.
func prepareForPush(a *app) {
	a.t.Helper()
	script, err := os.ReadFile("testdata/pushservice.js")
	if err == nil {
		err = a.page.BeforeScripts(a.t.Context(), string(script))
	}
	if err == nil {
		err = a.page.AllowNotifications(a.t.Context(), true)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	a.load()
}

// enterNewAccount fills in the form of a new account, and sends it.
func (a *app) enterNewAccount(email string) {
	a.t.Helper()
	a.open("내 정보")
	a.click("로그인 · 가입하기")
	a.click("처음이에요")
	a.fill("이메일", email)
	a.fill("비밀번호", "heektime")
	a.click("가입하기")
}

// signUp signs up as 하늘하늘. The account's dialog is open then.
func (a *app) signUp() {
	a.t.Helper()
	a.enterNewAccount("haneul@example.com")
	a.fill("사용자 이름", "하늘하늘")
	a.click("저장")
	a.eval(nil, "ui.isGone('dialog[open]')")
	a.sees("하늘하늘")
}

// deliver delivers a message to the app's service worker.
func deliver(a *app, message []byte) {
	a.t.Helper()
	if err := a.page.DeliverPush(a.t.Context(), a.url, message); err != nil {
		a.t.Fatal(err)
	}
}

func inWorker(a *app, expression string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), hangTimeout)
	defer cancel()
	if err := a.page.EvalInWorker(ctx, a.url+"sw.js", expression); err != nil {
		a.t.Fatal(err)
	}
}

// wantShown waits until the browser shows notifications with these texts, and no others.
func wantShown(a *app, texts ...string) {
	a.t.Helper()
	inWorker(a, fmt.Sprintf(`(async () => {
		const shown = async () => (await registration.getNotifications()).map(({ body }) => body).join()
		while (await shown() !== %q) await new Promise((next) => setTimeout(next, 50))
	})()`, strings.Join(texts, ",")))
}

// wantGone checks that nothing reaches a device any more, and that the server does not know it.
func wantGone(t *testing.T, n *notifier, uid, token string) {
	t.Helper()
	if _, ok := n.Messages().Device(token); ok {
		t.Error("the device is still registered")
	}
	n.untilSubscribed(t, uid)
}

// notificationObstacles: the switch says why a browser cannot be notified, and does nothing then.
func notificationObstacles(t *testing.T, b *sdktest.Browser) {
	const noKey = `{ const { fetch } = window; window.fetch = async (input, init) => {
		const response = await fetch(input, init)
		if (input !== '/__/firebase/init.json') return response
		const { emulators: { messaging, ...emulators }, ...config } = await response.json()
		return Response.json({ ...config, emulators })
	} }`
	const iPhone = `Object.defineProperty(navigator, 'userAgent', { value: 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X)' }); delete window.PushManager`
	w := newAppWorld(t)
	a := openApp(t, b, w, phone)
	a.click(schoolID)
	a.click("2026년 2학기")
	a.signUp()
	blocked := func(want string) {
		t.Helper()
		a.load()
		a.open("내 정보")
		a.sees(want)
		a.eval(nil, `ui.finds('[role=switch]:disabled:not(:checked)')`)
	}
	if err := a.page.AllowNotifications(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	blocked("브라우저에서 알림이 차단되어 있어요")
	for _, c := range []struct{ script, want string }{{iPhone, "홈 화면에 추가한 다음"}, {noKey, "이 서비스는 아직 알림을 보내지 않아요"}} {
		if err := a.page.BeforeScripts(t.Context(), c.script); err != nil {
			t.Fatal(err)
		}
		blocked(c.want)
	}
}
