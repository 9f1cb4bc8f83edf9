// The page's texts. The browser's language applies until the operator chooses another one.

const languages = { en: 'English', ko: '한국어' };

let chosen = localStorage.getItem('language');
if (!Object.hasOwn(languages, chosen)) {
  chosen = navigator.languages.map((l) => l.slice(0, 2)).find((l) => Object.hasOwn(languages, l)) ?? 'en';
}

/** language returns 'en' or 'ko'. */
export const language = () => chosen;

/** otherLanguage returns the code and the name of the language that the page can switch to. */
export const otherLanguage = () => Object.entries(languages).find(([code]) => code !== chosen);

export function setLanguage(code) {
  localStorage.setItem('language', code);
  chosen = code;
}

/** t returns a text in the chosen language, with {name} replaced by values.name. */
export function t(key, values) {
  const pair = words[key];
  if (!pair) throw new Error('no text ' + key);
  return choose(pair, values);
}

/** choose returns one of an English and a Korean text, with {name} replaced by values.name. */
export function choose(pair, values = {}) {
  return pair[chosen === 'ko' ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

const words = {
  title: ['HeekTime operations', '희크타임 운영'],
  google: ['Google Cloud', 'Google Cloud'],
  local: ['Local cloud', '로컬 클라우드'],
  skip: ['Skip to content', '본문으로 건너뛰기'],
  lost: ['heektime console is not running.', 'heektime console이 실행 중이 아니에요.'],
  cancel: ['Cancel', '취소'],
  close: ['Close', '닫기'],
  users: ['Users', '사용자'],
  hidden: ['Blocked and deleted', '차단·삭제 예정'],
  refreshes: ['Course lists', '강의 목록'],
  migration: ['Move', '데이터 이전'],
  google_pages: ['Alerts and bill', '알림·요금'],

  find: ['Find', '찾기'],
  findUser: ['UID, e-mail address or username', 'UID, 이메일 또는 아이디'],
  findHint: ['Enter a user’s exact UID, e-mail address or username.', '사용자의 UID, 이메일, 아이디 중 하나를 정확히 입력해 주세요.'],
  uid: ['UID', 'UID'],
  username: ['Username', '아이디'],
  email: ['E-mail', '이메일'],
  account: ['Account', '계정'],
  noAccount: ['not in Authentication', 'Authentication에 없음'],
  oldHash: ['has not migrated yet', '아직 이전하지 않음'],
  disabled: ['disabled', '사용 중지됨'],
  active: ['active', '사용 중'],
  signedIn: ['Last sign-in', '마지막 로그인'],
  timetables: ['Timetables', '시간표'],
  state: ['State', '상태'],
  reserved: ['{name} (reserved)', '{name} (보관 중)'],
  blocked: ['blocked', '차단됨'],
  lifting: ['being unblocked', '차단 해제 중'],
  unsettled: ['sign-out pending', '로그아웃 처리 중'],
  deleting: ['to be deleted', '삭제 예정'],
  purging: ['being deleted', '삭제 중'],
  since: ['Since', '시각'],
  blockedAt: ['Blocked at', '차단 시각'],
  requestedAt: ['Deletion requested at', '삭제 요청 시각'],
  reason: ['Reason', '사유'],
  until: ['Can be restored until', '복구 가능 기한'],
  none: ['–', '–'],
  noHidden: ['No account is blocked or about to be deleted.', '차단되었거나 삭제 예정인 계정이 없어요.'],
  moreHidden: ['Only the first are shown.', '일부만 표시돼요.'],

  block: ['Block', '차단'],
  unblock: ['Unblock', '차단 해제'],
  delete: ['Delete', '삭제'],
  deleteNow: ['Delete permanently', '영구 삭제'],
  restore: ['Restore', '복구'],
  'block?': ['Block this user?', '이 사용자를 차단할까요?'],
  'unblock?': ['Unblock this user?', '차단을 해제할까요?'],
  'delete?': ['Delete this account?', '이 계정을 삭제할까요?'],
  'delete-now?': ['Delete this account permanently?', '이 계정을 영구 삭제할까요?'],
  'restore?': ['Restore this account?', '이 계정을 복구할까요?'],
  'block.text': ['The user is signed out everywhere and cannot sign in. Others no longer see the user or the timetables. All data is kept.', '모든 기기에서 로그아웃되고 다시 로그인할 수 없어요. 다른 사람에게는 사용자와 시간표가 보이지 않아요. 데이터는 그대로 보관돼요.'],
  'unblock.text': ['The user can sign in again, and everything is as before.', '다시 로그인할 수 있고, 모든 데이터가 차단 전 상태로 돌아가요.'],
  'delete.text': ['The user is signed out and hidden. The account can be restored for 66 hours, and is then deleted with all its data.', '로그아웃되고 다른 사람에게 보이지 않아요. 66시간 안에는 복구할 수 있고, 그 뒤에는 모든 데이터와 함께 삭제돼요.'],
  'delete-now.text': ['The next purge deletes the account with all its data. This cannot be undone.', '다음 정리 작업에서 모든 데이터와 함께 삭제돼요. 되돌릴 수 없어요.'],
  'restore.text': ['The account is not deleted. If it is blocked, it stays blocked.', '삭제가 취소돼요. 차단된 계정은 차단된 상태로 남아요.'],
  'block.done': ['Blocked', '차단했어요'],
  'unblock.done': ['Unblocked', '차단을 해제했어요'],
  'delete.done': ['The account will be deleted', '삭제 예정으로 바꿨어요'],
  'delete-now.done': ['The next purge deletes the account', '다음 정리 작업에서 삭제돼요'],
  'restore.done': ['Restored', '복구했어요'],
  reasonHint: ['Only operators see it.', '운영자에게만 보여요.'],
  project: ['Project', '프로젝트'],
  typeProject: ['Type the project ID to confirm', '확인을 위해 프로젝트 ID를 입력해 주세요'],

  school: ['School', '학교'],
  semester: ['Semester', '학기'],
  lastRun: ['Last run', '마지막 실행'],
  outcome: ['Result', '결과'],
  lectures: ['Lectures', '강의'],
  skipped: ['Skipped rows', '건너뛴 행'],
  changed: ['changed', '변경됨'],
  unchanged: ['unchanged', '변경 없음'],
  suspicious: ['held back', '게시 보류'],
  failed: ['failed', '실패'],
  superseded: ['superseded', '대체됨'],
  refused: ['refused', '거부됨'],
  run: ['Refresh', '새로고침'],
  accept: ['Publish', '게시'],
  compare: ['Compare', '비교'],
  noRefreshes: ['No semester has been refreshed yet.', '아직 새로고침한 학기가 없어요.'],
  started: ['Refresh started', '새로고침을 시작했어요'],
  'accept?': ['Publish the suspicious list?', '보류된 목록을 게시할까요?'],
  'accept.text': ['The list of {school} {semester} is requested again and published, even if it looks suspicious.', '{school} {semester} 목록을 다시 받아, 평소와 많이 달라도 게시해요.'],
  'compare.title': ['{school} {semester}: what the last published list changed', '{school} {semester}: 최근 게시된 목록의 변경 사항'],
  versions: ['{older} → {newer}, {before} → {after} lectures', '{older} → {newer}, 강의 {before}개 → {after}개'],
  added: ['Added: {n}', '추가 {n}개'],
  removed: ['Removed: {n}', '삭제 {n}개'],
  changedLectures: ['Changed: {n}', '변경 {n}개'],
  andMore: ['… and {n} more', '… 외 {n}개'],

  'migration.kind': ['Kind', '종류'],
  'migration.kind.schools': ['Schools', '학교·학기'],
  'migration.kind.accounts': ['Accounts', '계정'],
  'migration.kind.timetables': ['Timetables', '시간표·강의'],
  'migration.side': ['Side', '사용 중인 쪽'],
  'migration.side.old': ['old', '이전 DB'],
  'migration.side.new': ['new', 'Firestore'],
  'migration.phase.holding': ['writes held', '쓰기 대기 중'],
  'migration.phase.settling': ['settling', '전환 마무리 중'],
  'migration.toward.new': ['toward the new side', 'Firestore로 전환'],
  'migration.toward.old': ['toward the old side', '이전 DB로 전환'],
  'migration.aborting': ['going back', '취소하는 중'],
  'migration.oldWrites': ['Writes to the old database', '이전 DB 쓰기'],
  'migration.writes.accepted': ['accepted', '허용'],
  'migration.writes.timed': ['rejected for a switch', '전환 중 차단'],
  'migration.writes.final': ['rejected', '차단'],
  'migration.epoch': ['Epoch', '에포크'],
  'migration.since': ['Since', '변경 시각'],
  'migration.copy': ['Copy', '복사'],
  'migration.notStarted': ['not started', '시작하지 않았어요'],
  'migration.copied': ['finished, {rows} rows', '완료, {rows}행'],
  'migration.copying': ['{rows} rows', '{rows}행 복사됨'],
  'migration.copyingOf': ['{rows} of {total} rows', '{total}행 중 {rows}행 복사됨'],
  'migration.left': ['({left} left)', '({left} 남음)'],
  'migration.follow': ['Follow', '변경 반영'],
  'migration.follow.running': ['running', '실행 중'],
  'migration.follow.stopped': ['stopped', '중지됨'],
  'migration.follow.problem': ['stopped by a problem', '문제로 중지됨'],
  'migration.follow.unknown': ['last seen', '마지막 상태'],
  'migration.lag': ['{seconds} and {bytes} behind', '{seconds}, {bytes} 뒤처짐'],
  'migration.rate': ['{bytes} per second', '초당 {bytes}'],
  'migration.retained': ['{bytes} of WAL retained', '보관 중인 WAL {bytes}'],
  'migration.back': ['Way back', '되돌리기 경로'],
  'migration.noBack': ['not needed before the first switch', '첫 전환 전에는 필요하지 않아요'],
  'migration.backLag': ['{seconds} behind Firestore', 'Firestore보다 {seconds} 뒤처짐'],
  'migration.aside': ['{n} documents without a place in the old database', '이전 DB에 담을 수 없는 문서 {n}개'],
  'migration.verification': ['Comparison', '비교'],
  'migration.never': ['never compared', '아직 비교하지 않았어요'],
  'migration.equal': ['equal', '일치'],
  'migration.different': ['{n} differences', '차이 {n}개'],
  'migration.late': ['{n} unconfirmed', '확인 안 된 차이 {n}개'],
  'migration.whole': ['all {n} users', '전체 사용자 {n}명'],
  'migration.sample': ['{n} users', '사용자 {n}명'],
  'migration.oldDatabase': ['Old database', '이전 DB'],
  'migration.unread': ['not read', '읽지 못함'],
  'migration.next': ['Next', '다음 할 일'],
  'migration.next.plan': ['{reason}', '아직 복사한 데이터가 없어요. plan 보고서를 확인한 뒤 heektime migrate copy를 실행해 주세요.'],
  'migration.next.copy': ['{reason}', '복사가 끝나지 않았어요. 실행 중이 아니라면 다시 시작해 주세요. 멈춘 곳부터 이어서 복사해요.'],
  'migration.next.follow': ['{reason}', '복사가 끝났어요. 그 뒤에 바뀐 내용을 반영해 주세요.'],
  'migration.next.problem': ['{reason}', '변경 반영이 멈췄어요. ({reason})'],
  'migration.next.lost': ['{reason}', '반영하지 못한 변경이 이전 DB에서 사라졌어요. 다시 복사해 주세요.'],
  'migration.next.stopped': ['{reason}', '변경 반영이 멈춰 있고, 이전 DB에 WAL이 쌓이고 있어요. follow를 실행해 주세요.'],
  'migration.next.lag': ['{reason}', '변경 반영이 뒤처져 있어요. 따라잡을 때까지 기다려 주세요.'],
  'migration.next.verify': ['{reason}', '복사한 뒤로 두 쪽을 비교하지 않았어요.'],
  'migration.next.different': ['{reason}', '마지막 비교에서 차이가 나왔어요. 내용을 확인하고 다시 비교해 주세요.'],
  'migration.next.sample': ['{reason}', '마지막 비교가 일부 사용자만 확인했어요.'],
  'migration.next.verify-again': ['{reason}', '마지막으로 비교한 지 하루가 넘었어요.'],
  'migration.next.switch': ['{reason}', '두 쪽이 일치해요. 다음 종류를 전환할 수 있어요.'],
  'migration.next.switching': ['{reason}', '전환하는 중이에요. 명령이 중단되었다면 compat-server가 몇 초 안에 되돌려요.'],
  'migration.next.unguarded': ['{reason}', 'Firestore로 전환된 데이터인데 이전 DB가 아직 쓰기를 허용해요. follow를 실행하면 차단돼요.'],
  'migration.next.guarded': ['{reason}', '이전 DB를 쓰는 데이터인데 쓰기가 차단되어 있어요. follow를 실행하면 풀려요.'],
  'migration.next.back-stopped': ['{reason}', '이전 DB가 Firestore보다 뒤처져 있어 바로 되돌릴 수 없어요. follow가 실행 중인지 확인해 주세요.'],
  'migration.next.wait': ['{reason}', '모두 Firestore로 전환됐어요. 2주 동안은 되돌릴 수 있도록 follow를 계속 실행해 주세요.'],
  'migration.next.finish': ['{reason}', '모두 전환된 지 2주가 지났어요. 이전을 마무리해 주세요.'],

  googleText: ['These pages are in Google Cloud’s own console.', 'Google Cloud 콘솔에서 볼 수 있어요.'],
  localText: ['The local cloud has no bill. heektime dev shows its alerts.', '로컬 클라우드에는 요금이 없어요. 알림은 heektime dev에서 볼 수 있어요.'],
  alerts: ['Alerts that are firing', '발생한 알림'],
  bill: ['Bill', '요금'],
  logs: ['Logs', '로그'],
  services: ['Services', '서비스'],
  firestore: ['Firestore', 'Firestore'],
};
