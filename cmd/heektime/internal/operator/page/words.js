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

  googleText: ['These pages are in Google Cloud’s own console.', 'Google Cloud 콘솔에서 볼 수 있어요.'],
  localText: ['The local cloud has no bill. heektime dev shows its alerts.', '로컬 클라우드에는 요금이 없어요. 알림은 heektime dev에서 볼 수 있어요.'],
  alerts: ['Alerts that are firing', '발생한 알림'],
  bill: ['Bill', '요금'],
  logs: ['Logs', '로그'],
  services: ['Services', '서비스'],
  firestore: ['Firestore', 'Firestore'],
};
