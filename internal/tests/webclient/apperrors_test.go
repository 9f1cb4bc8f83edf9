package webclient

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/emulator/sdktest"
	"heek.kr/heektime/internal/schema"
)

// TestAppErrors: whatever fails, the app says so in a sentence, and what the student can do.
func TestAppErrors(t *testing.T) {
	t.Parallel()
	w := newAppWorld(t)
	a := openApp(t, sdktest.OpenBrowser(t), w, phone)
	listErrors(t, w, a)
	plannerErrors(a)
	signInErrors(a)
	refusedWrites(t, w, a)
	heldBackPlans(t, w, a)
}

// listErrors: a list that is missing, damaged, out of reach or slow. Each can be tried again, and a lecture can be added by hand.
func listErrors(t *testing.T, w *world, a *app) {
	t.Helper()
	a.sees("데모대학교-서울")
	a.eval(nil, "ui.network(':runQuery', 503)")
	a.click("데모대학교-서울")
	a.sees("학교 목록을 불러오지 못했어요")
	a.eval(nil, "ui.network(':runQuery')")
	a.click("다시 시도")
	a.click("2026년 1학기")
	a.open("강의 찾기")
	a.sees("이 학기 강의 목록은 아직 없어요")
	a.sees("직접 추가")
	a.accessible("no list")

	const name = "lectures/데모대학교-서울/2026-0300/0000000000000000000000000000000a.json"
	w.putObject(t, name, []byte(`[{"identifier": "A"}]`))
	w.put(t, semester1, map[string]any{"year": 2026, "term": "1학기", "periods": []any{}, "status": "normal", "lecturesUrl": "gs://" + w.Project + "/" + name})
	a.eval(nil, "ui.network('worker-', 'unreachable')")
	a.click("다시 시도")
	a.sees("강의 목록을 불러오지 못했어요")
	a.eval(nil, "ui.network('worker-')")
	a.click("다시 시도")
	a.sees("강의 목록을 읽을 수 없어요")
	w.publishList(t, name, appList())
	a.eval(nil, "ui.network('/v0/b/', 'unreachable')")
	a.click("다시 시도")
	a.sees("강의 목록을 불러오지 못했어요")
	a.eval(nil, "ui.network('/v0/b/', 'slow')")
	a.click("다시 시도")
	a.sees("강의 목록을 불러오고 있어요")
	a.sees("불러오는 데 오래 걸리고 있어요") // after eight seconds
	a.accessible("slow list")
	a.eval(nil, "ui.network('/v0/b/')")
	a.click("다시 시도")
	a.sees("강의 160개")
}

// plannerErrors: the program that makes plans cannot be loaded.
func plannerErrors(a *app) {
	a.t.Helper()
	a.open("시간표")
	a.eval(nil, "ui.network('worker-', 'unreachable')")
	a.click("자동으로 짜기")
	a.fill("듣고 싶은 과목", "인공지능개론")
	a.click("인공지능개론")
	a.sees("시간표를 만들지 못했어요")
	a.accessible("no planner")
	a.eval(nil, "ui.network('worker-')")
	a.click("다시 시도")
	a.sees("겹치지 않는 시간표")
	a.click("닫기")
}

// signInErrors: Authentication, or the service for old accounts, is down.
func signInErrors(a *app) {
	a.t.Helper()
	a.open("내 정보")
	a.click("로그인 · 가입하기")
	a.click("처음이에요")
	a.fill("이메일", "haneul@example.com")
	a.fill("비밀번호", "heektime")
	for how, want := range map[string]string{"'unreachable'": "서버에 연결하지 못했어요", "503": "로그인 서버가 지금 응답하지 않아요"} {
		a.eval(nil, "ui.network('identitytoolkit.googleapis.com', %s)", how)
		a.click("가입하기")
		a.sees(want)
	}
	a.eval(nil, "ui.network('identitytoolkit.googleapis.com')")
	a.click("이미 계정이 있어요")
	a.fill("이메일 또는 예전 아이디", "예전아이디")
	a.fill("비밀번호", "wrong!")
	a.click("로그인")
	a.sees("서버에 연결하지 못했어요") // the service for old accounts, which does not run here
	a.click("처음이에요")
	a.fill("이메일", "haneul@example.com")
	a.fill("비밀번호", "heektime")
	a.click("가입하기")
	a.click("나중에")
	a.eval(nil, "ui.isGone('dialog[open]')")
}

// refusedWrites: an operator has stopped all writes, and says why. What was shown is taken back.
func refusedWrites(t *testing.T, w *world, a *app) {
	t.Helper()
	a.open("강의 찾기")
	a.fill("강의 찾기", "데이터구조")
	a.sees("저장했어요") // the account is open
	a.click("데이터구조 담기")
	w.untilLectures(t, 1)
	closed, err := rules.Without("firestore.rules", string(read(t, "firestore.rules")), rules.Create, rules.Update, rules.Delete)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Firestore.SetRules(w.Project, []byte(closed)); err != nil {
		t.Fatal(err)
	}
	w.put(t, schema.StopPath, map[string]any{"since": time.Now(), "message": "지금은 점검 중이에요."})
	a.fill("강의 찾기", "선형대수학")
	a.click("선형대수학 담기")
	a.sees("지금은 저장할 수 없어서 되돌렸어요. 지금은 점검 중이에요.")
	a.sees("총 3학점")
}

// heldBackPlans: writes are still stopped when another student signs up. What they have built stays on the screen, the app says where it is,
// and the account gets it as soon as the operator allows writes again.
func heldBackPlans(t *testing.T, w *world, a *app) {
	t.Helper()
	a.open("내 정보")
	a.click("로그아웃")
	a.untilLeft()
	a.load()
	a.open("강의 찾기")
	a.fill("강의 찾기", "선형대수학")
	a.click("선형대수학 담기")
	a.sees("총 3학점")
	a.enterNewAccount("badabada@example.com")
	a.click("나중에")
	held := func() {
		t.Helper()
		a.sees("만든 시간표는 아직 이 기기에만 있어요")
		a.sees("지금은 점검 중이에요.")
		a.open("시간표")
		a.sees("총 3학점")
	}
	held()
	a.accessible("a timetable that is held back")
	a.load()
	held()
	if _, err := w.Firestore.SetRules(w.Project, read(t, "firestore.rules")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.admin.Doc(schema.StopPath).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.eval(nil, "ui.comeBack()")
	a.sees("계정으로 옮겼어요")
	a.seesNot("아직 이 기기에만 있어요")
	w.untilLectures(t, 2)
	a.sees("저장했어요")
	a.sees("총 3학점")
}

// untilLectures waits until all timetables together have so many lectures.
func (w *world) untilLectures(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(hangTimeout); ; time.Sleep(20 * time.Millisecond) {
		lectures, err := w.admin.CollectionGroup("lectures").Documents(t.Context()).GetAll()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d lectures, want %d: %v", len(lectures), n, err)
		}
		if len(lectures) == n {
			return
		}
	}
}

// putObject stores an object that is no list.
func (w *world) putObject(t *testing.T, name string, content []byte) {
	t.Helper()
	object := storageclient.New(t, w.StorageAddress()).Bucket(w.Project).Object(name).NewWriter(t.Context())
	object.ContentType, object.CacheControl = "application/json; charset=utf-8", "public, max-age=31536000, immutable"
	if _, err := object.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := object.Close(); err != nil {
		t.Fatal(err)
	}
}
