// The page's texts. The browser's language applies until the user chooses another one.

import { billWords } from './billwords.js';

const languages = { en: 'English', ko: '한국어' };

let chosen = localStorage.getItem('language');
if (!Object.hasOwn(languages, chosen)) {
  chosen = navigator.languages.map((l) => l.slice(0, 2)).find((l) => Object.hasOwn(languages, l)) ?? 'en';
}

/** language returns 'en' or 'ko'. */
export const language = () => chosen;

/** otherLanguage returns the code and the name of the language that the page can switch to. */
export function otherLanguage() {
  return Object.entries(languages).find(([code]) => code !== chosen);
}

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
  ...billWords,
  title: ['Local cloud', '로컬 클라우드'],
  skip: ['Skip to content', '본문으로 건너뛰기'],
  firestore: ['Firestore', 'Firestore'],
  users: ['Users', '사용자'],
  storage: ['Storage', '스토리지'],
  tasks: ['Task queues', '작업 큐'],
  schedules: ['Schedules', '예약 작업'],
  triggers: ['Triggers', '트리거'],
  services: ['Cloud Run services', 'Cloud Run 서비스'],
  requests: ['Requests', '요청'],
  rules: ['Rules coverage', '규칙 커버리지'],
  bill: ['Bill', '요금'],
  alerts: ['Alerts', '알림'],
  project: ['Project', '프로젝트'],
  database: ['Database', '데이터베이스'],
  theme: ['Theme', '테마'],
  themeAuto: ['System', '시스템'],
  themeLight: ['Light', '라이트'],
  themeDark: ['Dark', '다크'],
  lost: ['The local cloud is not responding. Is it still running?', '로컬 클라우드가 응답하지 않아요. 실행 중인지 확인해 주세요.'],
  cancel: ['Cancel', '취소'],
  close: ['Close', '닫기'],
  save: ['Save', '저장'],
  create: ['Create', '만들기'],
  add: ['Add', '추가'],
  edit: ['Edit', '편집'],
  delete: ['Delete', '삭제'],
  more: ['Show more', '더 보기'],
  copy: ['Copy path', '경로 복사'],
  copied: ['Copied', '복사했어요'],
  deleted: ['Deleted', '삭제했어요'],
  saved: ['Saved', '저장했어요'],
  state: ['State', '상태'],
  actions: ['Actions', '동작'],

  clockTitle: ['Advance the clock', '시계 앞당기기'],
  clockText: ['Schedules, retries and expirations happen as if that much time had passed. The clock cannot be moved back.',
    '실제로 그만큼 시간이 지난 것처럼 예약 작업, 재시도, 만료가 처리돼요. 시계는 되돌릴 수 없어요.'],
  clockNow: ['The clock now shows {time}', '시계를 앞당겼어요: {time}'],
  clockBy: ['Advance by', '앞당길 시간'],
  minute: ['1 minute', '1분'],
  tenMinutes: ['10 minutes', '10분'],
  hour: ['1 hour', '1시간'],
  day: ['1 day', '1일'],
  week: ['1 week', '1주'],
  advance: ['Advance', '앞당기기'],

  collections: ['Collections', '컬렉션'],
  documents: ['Documents', '문서'],
  noCollections: ['No collections yet.', '아직 컬렉션이 없어요.'],
  noDocuments: ['No documents.', '문서가 없어요.'],
  chooseCollection: ['Select a collection.', '컬렉션을 선택해 주세요.'],
  chooseDocument: ['Select a document.', '문서를 선택해 주세요.'],
  subcollections: ['Subcollections', '하위 컬렉션'],
  goTo: ['Go to a path: users/u1', '경로로 이동: users/u1'],
  root: ['root', '루트'],
  missing: ['does not exist, but has subcollections', '문서는 없고 하위 컬렉션만 있어요'],
  noSuchDocument: ['There is no document at this path.', '이 경로에는 문서가 없어요.'],
  emptyDocument: ['The document has no fields.', '문서에 필드가 없어요.'],
  newDocument: ['New document', '새 문서'],
  collectionID: ['Collection', '컬렉션'],
  documentID: ['Document ID', '문서 ID'],
  documentIDHint: ['Anything without slashes. This one was generated.', '슬래시를 빼고 자유롭게 적을 수 있어요. 자동으로 만든 ID예요.'],
  fields: ['Fields', '필드'],
  typesHint: ['JSON. Types that JSON lacks:', 'JSON으로 적어요. JSON에 없는 타입은 이렇게 써요.'],
  editDocument: ['Edit {path}', '{path} 편집'],
  deleteDocument: ['Delete this document?', '이 문서를 삭제할까요?'],
  deleteSubcollections: ['Also delete all documents in its subcollections', '하위 컬렉션의 문서도 모두 삭제'],
  deleteCollection: ['Delete this collection?', '이 컬렉션을 삭제할까요?'],
  deleteCollectionText: ['This deletes all documents of {path} and of their subcollections.', '{path}의 문서와 하위 컬렉션의 문서가 모두 삭제돼요.'],
  deletedDocuments: ['{n} documents deleted', '문서 {n}개를 삭제했어요'],
  created: ['Created', '만든 시각'],
  updated: ['Updated', '수정한 시각'],

  usersCount: ['{n} users', '사용자 {n}명'],
  noUsers: ['No users yet.', '아직 사용자가 없어요.'],
  noSuchUser: ['No user has this UID, e-mail address or phone number.', '이 UID, 이메일, 전화번호를 쓰는 사용자가 없어요.'],
  findUser: ['UID, e-mail or phone', 'UID, 이메일, 전화번호'],
  newUser: ['New user', '새 사용자'],
  uid: ['UID', 'UID'],
  uidHint: ['Leave empty to generate one.', '비워 두면 자동으로 만들어요.'],
  email: ['E-mail', '이메일'],
  password: ['Password', '비밀번호'],
  passwordHint: ['At least 6 characters.', '6자 이상'],
  displayName: ['Name', '이름'],
  providers: ['Sign-in providers', '로그인 방법'],
  claims: ['Custom claims', '커스텀 클레임'],
  claimsShort: ['Claims', '클레임'],
  claimsTitle: ['Custom claims of {uid}', '{uid}의 커스텀 클레임'],
  claimsHint: ['A JSON object of at most 1,000 characters. ID tokens issued from now on contain it.', '1,000자 이하의 JSON 객체예요. 지금부터 발급하는 ID 토큰에 담겨요.'],
  signedIn: ['Last sign-in', '마지막 로그인'],
  disable: ['Disable', '사용 중지'],
  enable: ['Enable', '다시 사용'],
  disabled: ['disabled', '중지됨'],
  deleteUser: ['Delete this user?', '이 사용자를 삭제할까요?'],

  buckets: ['Buckets', '버킷'],
  noBuckets: ['No buckets.', '버킷이 없어요.'],
  noObjects: ['Nothing here.', '비어 있어요.'],
  size: ['Size', '크기'],
  type: ['Type', '타입'],
  download: ['Download', '다운로드'],
  deleteObject: ['Delete this object?', '이 객체를 삭제할까요?'],
  generation: ['Generation', '세대'],
  encoding: ['Encoding', '인코딩'],
  cacheControl: ['Cache-Control', 'Cache-Control'],
  customMetadata: ['Custom metadata', '사용자 메타데이터'],

  noQueues: ['No queues yet. Services create them, as a deployment does.', '아직 큐가 없어요. 서비스가 실행되면 배포할 때처럼 만들어져요.'],
  noTasks: ['No tasks are waiting, and none ended recently.', '대기 중인 작업도, 최근에 끝난 작업도 없어요.'],
  waiting: ['waiting', '대기'],
  running: ['running', '실행 중'],
  done: ['done', '완료'],
  dead: ['dead', '실패'],
  taskDeleted: ['deleted', '삭제됨'],
  paused: ['paused', '일시중지'],
  pause: ['Pause', '일시중지'],
  resume: ['Resume', '재개'],
  purge: ['Purge', '비우기'],
  purgeQueue: ['Purge this queue?', '이 큐를 비울까요?'],
  purgeText: ['This deletes all pending tasks of {queue}.', '{queue} 큐에서 아직 끝나지 않은 작업이 모두 삭제돼요.'],
  runNow: ['Run now', '지금 실행'],
  started: ['Started', '시작했어요'],
  due: ['Next attempt', '다음 시도'],
  dueOrEnded: ['Due or ended', '예정/종료'],
  ended: ['Ended', '끝난 시각'],
  attempts: ['Attempts', '시도'],
  attemptsCount: ['{n} attempts', '시도 {n}번'],
  lastStatus: ['Last response', '마지막 응답'],
  noAttempts: ['Not attempted yet.', '아직 시도하지 않았어요.'],
  inFlight: ['in flight', '진행 중'],
  noResponse: ['no response', '응답 없음'],
  timedOut: ['timed out', '시간 초과'],
  target: ['Target', '대상'],
  body: ['Body', '본문'],
  bodySize: ['{n} bytes in total', '전체 {n}바이트'],
  headers: ['Headers', '헤더'],
  serviceAccount: ['Service account', '서비스 계정'],
  moreTasks: ['{n} more tasks are not shown.', '작업 {n}개가 더 있어요.'],
  queueLimits: ['{rate} per second, {n} concurrent, {attempts}', '초당 {rate}건, 동시 {n}건, {attempts}'],
  unlimitedAttempts: ['unlimited attempts', '시도 횟수 제한 없음'],

  noJobs: ['No schedules yet.', '아직 예약 작업이 없어요.'],
  schedule: ['Schedule', '일정'],
  nextRun: ['Next run', '다음 실행'],
  lastRun: ['Last run', '마지막 실행'],
  runs: ['Runs', '실행 기록'],
  noRuns: ['Has not run since the local cloud started.', '로컬 클라우드를 시작한 뒤로 실행된 적이 없어요.'],
  forced: ['manual', '수동 실행'],

  noServices: ['No services yet.', '아직 서비스가 없어요.'],
  traffic: ['Traffic', '트래픽'],
  revisions: ['Revisions', '리비전'],
  image: ['Image', '이미지'],
  ready: ['ready', '준비됨'],
  notReady: ['failed', '실패'],
  lastChange: ['Last change', '마지막 변경'],
  whichRevision: ['Serving', '서비스 중'],

  noTriggers: ['No triggers yet. Functions register them at startup.', '아직 트리거가 없어요. 함수가 시작될 때 등록돼요.'],
  noEvents: ['No events yet.', '아직 이벤트가 없어요.'],
  absent: ['not registered', '등록 안 됨'],
  absentText: ['Registered by an earlier run, but not by this one. Its events wait until it is registered again.', '이전 실행에서 등록됐지만 이번에는 아직 등록되지 않았어요. 다시 등록될 때까지 이벤트가 대기해요.'],
  retries: ['retries for 24 hours', '24시간 동안 재시도'],
  retriesNot: ['does not retry', '재시도 안 함'],
  eventKind: ['Event', '이벤트'],
  eventTime: ['Committed', '커밋'],
  eventID: ['Event ID', '이벤트 ID'],
  redeliver: ['Redeliver', '다시 전달'],
  moreEvents: ['{n} more events are not shown.', '이벤트 {n}개가 더 있어요.'],

  billText: ['What Google would charge. Days begin at midnight Pacific time. Free amounts are deducted from the sums only: what actions, users and collections cost is without them.',
    'Google Cloud에서 실행했다면 청구될 금액이에요. 하루는 미국 태평양 시간 자정에 시작해요. 무료 사용량은 합계에서만 빼고, 동작·사용자·컬렉션별 금액에서는 빼지 않아요.'],

  alert: ['Alert', '알림'],
  severity: ['Severity', '심각도'],
  since: ['State', '상태'],
  firing: ['firing', '발생'],
  silent: ['silent', '정상'],
  noAlerts: ['No alert is firing.', '발생한 알림이 없어요.'],
  alertMeans: ['What it means', '의미'],
  alertDo: ['What to do', '조치'],
  alertWhen: ['Fires at', '발생 조건'],

  allowed: ['allowed', '허용'],
  denied: ['denied', '거부'],
  all: ['All', '전체'],
  onlyDenied: ['Denied', '거부만'],
  onlyAllowed: ['Allowed', '허용만'],
  filter: ['Filter by path, UID or method', '경로, UID, 메서드로 필터'],
  signedOut: ['signed out', '로그인 안 함'],
  noRequests: ['The rules have not evaluated any requests yet. Requests from servers bypass the rules and are not listed.', '아직 규칙이 평가한 요청이 없어요. 서버의 요청은 규칙을 거치지 않아서 여기에 나오지 않아요.'],
  noRules: ['There are no security rules: every request is allowed.', '보안 규칙이 없어서 모든 요청이 허용돼요.'],
  noMatch: ['No request matches the filter.', '필터에 맞는 요청이 없어요.'],
  line: ['line {n}', '{n}번째 줄'],
  allowedBy: ['Allowed by', '허용한 규칙'],
  deniedBy: ['Evaluated, but did not allow', '허용하지 않은 규칙'],
  noStatement: ['No allow statement matches this method and path.', '이 메서드와 경로에 해당하는 allow 문이 없어요.'],
  was: ['was', '결과'],
  expressions: ['{n} expressions evaluated, {calls} documents read', '식 {n}개 평가, 문서 {calls}개 조회'],
  readsBilled: ['The rules have read {n} documents, each billed as a read', '규칙이 조회한 문서 {n}개 (읽기로 과금돼요)'],

  coverageFull: ['true and false', '참과 거짓 모두'],
  coverageHalf: ['always the same', '항상 같은 값'],
  coverageNone: ['never evaluated', '평가된 적 없음'],
  coverageSum: ['{full} of {all} expressions were true and false', '식 {all}개 중 {full}개가 참과 거짓 모두 나옴'],
};
