import { withParticle } from '../logic/particle.ts'

/** Korean. A text with parameters is a function. */
export const ko = {
  // The frame.
  timetable: '시간표', search: '강의 찾기', lectures: '담은 강의', account: '내 정보',
  main: '주 메뉴', skip: '본문으로 건너뛰기',
  close: '닫기', save: '저장', back: '뒤로', copy: '복사', copied: '복사했어요', retry: '다시 시도',
  undo: '되돌리기', redo: '다시 하기',
  language: '언어', korean: '한국어', english: 'English',
  offline: '오프라인', unsaved: '아직 저장하지 못했어요', saved: '저장했어요', onDevice: '이 기기에만 있어요',
  offlineHint: '인터넷에 연결되면 자동으로 저장할게요.',

  // Schools and semesters.
  welcome: '시간표, 2분이면 돼요', welcomeHint: '가입하지 않고 바로 시작하세요. 나중에 가입하면 만든 시간표를 그대로 가져가요.',
  chooseSchool: '어느 학교에 다니세요?', chooseSemester: '어느 학기인가요?', changeSemester: '학교와 학기 바꾸기',
  findSchool: '학교 이름', noSchool: '찾는 학교가 없어요', schoolsFailed: '학교 목록을 불러오지 못했어요. 인터넷 연결을 확인해 주세요.',
  semester: (year: number, term: string) => `${year}년 ${term}`, terms: {} as Record<string, string>,
  noSemesters: '아직 열린 학기가 없어요.', loading: '불러오는 중이에요', loadsOnline: '인터넷에 연결되면 바로 보여 드릴게요.',

  // The grid.
  days: ['월', '화', '수', '목', '금', '토', '일'],
  longDays: ['월요일', '화요일', '수요일', '목요일', '금요일', '토요일', '일요일'],
  week: '주간 시간표', at: (day: string, begin: string, end: string) => `${day} ${begin}–${end}`,
  noTime: '시간 미정', untimed: '시간이 정해지지 않은 강의', preview: '미리 보기', own: '내 일정',
  empty: '아직 비어 있어요', emptyHint: '강의를 찾아서 담아 보세요. 빈 칸을 끌면 그 시간에 맞는 강의만 보여 드려요.',
  findLectures: '강의 찾기', lecturesOn: (day: string, n: number) => `${day} 강의 ${n}개`,
  credit: (n: number) => `${n}학점`, totalCredits: (n: number) => `총 ${n}학점`,
  clash: '겹침', others: (n: number) => ` 외 ${n}개`, clashes: (titles: string, when: string) => `${when} ${withParticle(titles, '과/와')} 겹쳐요`,

  // Plans.
  plans: '시간표 목록', planTitle: (n: number) => `시간표 ${n}`, ofCopy: '사본', newPlan: '새 시간표',
  rename: '이름 바꾸기', duplicate: '복제', remove: '삭제', title: '이름',
  added: (title: string) => `‘${title}’ 담았어요`, removed: (title: string) => `‘${title}’ 뺐어요`, changed: (title: string) => `‘${title}’ 바꿨어요`,
  created: (title: string) => `‘${title}’ 만들었어요`, kept: (title: string) => `‘${title}’ 그대로 두었어요`,
  compare: '나란히 보기',

  // Search.
  searchPlaceholder: '과목, 교수, 학수번호, 강의실', searchHint: '초성으로도 찾을 수 있어요. 예: ㄷㅇㅌ',
  results: (n: number) => `강의 ${n.toLocaleString('ko')}개`, similar: (n: number) => `비슷한 강의 ${n}개 포함`,
  nothingFound: '찾는 강의가 없어요', nothingFoundHint: '검색어나 조건을 줄여 보세요.', clearFilters: '조건 모두 지우기',
  filters: '조건', filtersOn: (n: number) => `조건 ${n}개`, sort: '정렬',
  orders: { relevance: '관련도순', title: '과목순', professor: '교수순', credit: '학점순', time: '시간순', identifier: '학수번호순' },
  college: '대학', department: '학과', year: '학년', other: '분류', any: '전체', credits: '학점', tags: '특징', weekdays: '요일',
  hours: '시간대', from: '시작', to: '끝', freeOnly: '안 겹치는 강의만', showResults: (n: number) => `강의 ${n.toLocaleString('ko')}개 보기`,
  add: '담기', addThis: (title: string) => `${title} 담기`, removeThis: (title: string) => `${title} 빼기`, syllabus: '강의계획서',
  listMissing: '이 학기 강의 목록은 아직 없어요', listMissingHint: '학교에서 공개하면 여기에 나타나요. 그동안 직접 추가할 수 있어요.',
  listDamaged: '강의 목록을 읽을 수 없어요', listDamagedHint: '목록에 문제가 있어요. 곧 고칠게요. 담은 강의는 그대로예요.',
  listUnreachable: '강의 목록을 불러오지 못했어요', listUnreachableHint: '인터넷 연결을 확인하고 다시 시도해 주세요.',
  listChecked: (when: string) => `${when}에 학교 목록을 확인했어요`, listLoading: '강의 목록을 불러오고 있어요',
  listSlow: '강의 목록을 불러오는 데 오래 걸리고 있어요. 다시 시도하거나 강의를 직접 추가할 수 있어요.',

  // One lecture.
  addOwn: '직접 추가', newOwn: '직접 추가하기', editLecture: '강의 고치기', lectureTitle: '제목', professor: '교수', room: '강의실',
  time: '시간', addTime: '시간 추가', removeTime: '시간 빼기', weekday: '요일', begins: '시작', ends: '끝', titleNeeded: '제목을 써 주세요.',
  timeOrder: '끝나는 시간이 시작보다 늦어야 해요.', noLectures: '담은 강의가 없어요',

  // Changes and announcements.
  news: '바뀐 강의', newsOf: (n: number) => `바뀐 강의 ${n}개`, since: (when: string) => `${when}에 바뀌었어요`, takeOver: '반영하기', keep: '그대로 두기',
  gone: '학교 목록에서 없어졌어요', editedHere: '내가 고친 값이라 바꾸지 않아요', perhapsEdited: '직접 고친 값이라면 그대로 두세요', newsNone: '바뀐 강의가 없어요',
  fields: { identifier: '학수번호', title: '과목', professor: '교수', credit: '학점', times: '시간·강의실', category: '분류', metas: '특징' },
  announcement: '공지', dismiss: '그만 보기',

  // Making plans.
  planner: '자동으로 짜기', plannerHint: '듣고 싶은 과목을 고르면 겹치지 않는 시간표를 모두 찾아서 좋은 순서로 보여 드려요.',
  wanted: '듣고 싶은 과목', addWanted: '과목, 교수, 학수번호', or: ' 또는 ', insteadOf: (title: string) => `${title} 대신`, freeDays: '공강', notBefore: '첫 수업', anyTime: '상관없음', noGaps: '빈 시간 적게',
  combinations: (n: number, all: boolean) => `겹치지 않는 시간표 ${n.toLocaleString('ko')}개${all ? '' : ' 이상'}`, noCombination: '조건에 맞는 시간표가 없어요', together: (titles: string, when: string | undefined) => `${withParticle(titles, '은/는')} 함께 들을 수 없어요.${when === undefined ? '' : ` 어떻게 골라도 겹쳐요. 예: ${when}`}`,
  plannerFailed: '시간표를 만들지 못했어요',
  unfinished: '조합이 너무 많아서 중간에 멈췄어요. 더 좋은 시간표가 있을 수 있으니 과목이나 조건을 좁혀 보세요.',
  useThis: '이 시간표로 만들기', option: (n: number) => `${n}번째`, required: '꼭 듣기', optional: '되면 듣기', leastCredits: '최소 학점', mostCredits: '최대 학점',
  gaps: (hours: number, minutes: number) => `빈 시간 ${[hours && `${hours}시간`, minutes && `${minutes}분`].filter(Boolean).join(' ')}`,
  rules: { busy: '내 일정', freeDays: '공강', notBefore: '첫 수업', notAfter: '마지막 수업', credits: '학점' },
  impossible: (titles: string, conditions: string) => (titles === '' ? `${conditions} 조건에 맞는 시간표가 없어요.` : `${withParticle(titles, '은/는')} ${conditions} 조건과 맞지 않아요.`),
  notOffered: (title: string) => `${withParticle(title, '은/는')} 이 학기 강의 목록에 없어요.`,

  // Sharing.
  share: '공유', shareHint: '공개하면 링크가 있는 누구나 볼 수 있어요', public: '공개', makePublic: '시간표 공개하기',
  link: '링크', picture: '그림', calendar: '캘린더 구독', print: '인쇄', openPicture: '그림 열기', subscribe: '구독하기', send: '보내기',
  views: (n: number, people: number) => (n === 0 ? '지난 7일 동안 열어 본 사람이 없어요.' : `지난 7일 동안 ${n.toLocaleString('ko')}번 열어 봤어요. 가장 많은 날에는 ${people.toLocaleString('ko')}명쯤이었어요.`),
  shareEmpty: '강의를 담으면 시간표를 공유할 수 있어요.',
  shareSignIn: '공유하려면 먼저 로그인하세요. 만든 시간표는 그대로 가져가요.', shareUsername: '공유 주소에 쓸 이름을 먼저 정해 주세요.',

  // Friends.
  friends: '친구와 비는 시간 찾기', friendsHint: '친구가 공개한 시간표와 비교해서 모두 비는 시간을 찾아요. 한 번에 네 명까지 비교해요.', friendList: '친구',
  friendName: '친구의 사용자 이름', addFriend: '추가', removeFriend: (name: string) => `${name} 빼기`, friendUnknown: '그런 이름을 쓰는 사람이 없어요',
  friendGone: '지금은 볼 수 없는 사용자예요', friendSelf: '내 이름이에요', friendWaiting: '인터넷에 연결되면 추가할게요', compareFriend: (name: string) => `${withParticle(name, '과/와')} 비교`,
  followers: (n: number) => (n === 0 ? '아직 나를 친구로 추가한 사람이 없어요.' : `${n.toLocaleString('ko')}명이 나를 친구로 추가했어요.`),
  friendPrivate: '이 학기에 공개한 시간표가 없어요', friendFailed: '불러오지 못했어요', commonFree: '모두 비는 시간', noCommonFree: '평일 9시부터 21시 사이에 모두 비는 시간이 없어요.',

  // The account.
  signedInAs: (id: string) => `${id} 계정으로 로그인했어요.`,
  signIn: '로그인', signUp: '가입하기', signOut: '로그아웃', signInHint: '로그인하면 다른 기기에서도 보고, 링크로 공유할 수 있어요.',
  email: '이메일', idOrEmail: '이메일 또는 예전 아이디', password: '비밀번호', newPassword: '새 비밀번호', currentPassword: '지금 비밀번호',
  passwordRule: '6자 이상', haveAccount: '이미 계정이 있어요', noAccount: '처음이에요', forgot: '비밀번호를 잊었어요',
  resetSent: '비밀번호를 다시 정하는 메일을 보냈어요.', resetNeedsEmail: '먼저 이메일을 써 주세요.', takenAlong: '지금까지 만든 시간표도 함께 옮겨요.',
  username: '사용자 이름', chooseUsername: '사용자 이름 정하기', usernameHint: '공유 주소에 들어가요. 4~32자, 나중에 바꿀 수 있어요.', usernameBad: '4~32자의 글자, 숫자, - . _ ~ 만 쓸 수 있어요.',
  changeUsername: '사용자 이름 바꾸기', later: '나중에',
  changePassword: '비밀번호 바꾸기', signOutEverywhere: '모든 기기에서 로그아웃',
  signOutEverywhereHint: '비밀번호를 바꾸면 다른 기기에서는 모두 로그아웃돼요.', passwordChanged: '비밀번호를 바꿨어요. 다른 기기에서는 로그아웃돼요.',
  signOutUnsaved: '아직 저장하지 못한 변경이 있어요. 지금 로그아웃하면 사라져요.',
  deleteAccount: '계정 삭제', deleteHint: '모든 시간표와 사용자 이름이 사라져요. 66시간 안에는 다시 로그인해서 되찾을 수 있어요.',
  deleting: '계정을 삭제하는 중이에요', deletingHint: (when: string) => `${when}까지 되찾을 수 있어요. 그 뒤에는 모두 사라져요.`, takeBack: '계정 되찾기', takenBack: '계정을 되찾았어요.',
  settings: '설정', licenses: '오픈소스 라이선스', working: '잠시만요…',
  notifications: {
    title: '내 강의가 바뀌면 알림 받기', hint: '강의실, 시간, 교수가 바뀌거나 폐강되면 이 기기로 알려 드려요. 밤 10시부터 아침 8시까지는 보내지 않아요.',
    notSetUp: '이 서비스는 아직 알림을 보내지 않아요.', install: '아이폰과 아이패드에서는 공유 버튼을 눌러 홈 화면에 추가한 다음, 거기에서 켤 수 있어요.',
    unsupported: '이 브라우저는 알림을 받을 수 없어요.', denied: '브라우저에서 알림이 차단되어 있어요. 주소창의 사이트 설정에서 알림을 허용해 주세요.',
    failed: '알림 설정을 바꾸지 못했어요. 잠시 뒤에 다시 해 보세요.',
  },
  guestHint: '시간표는 이 기기에 저장되어 있어요.', takenToAccount: '이 기기에서 만든 시간표를 계정으로 옮겼어요.',
  heldBack: (why: string) => `만든 시간표는 아직 이 기기에만 있어요. 저장할 수 있게 되면 계정으로 옮길게요. ${why}`,
  sessionEnded: '로그아웃되었어요. 다시 로그인해 주세요.',

  failures: {
    credentials: '아이디나 비밀번호가 맞지 않아요.', disabled: '사용이 정지된 계정이에요.', emailTaken: '이미 가입한 이메일이에요. 로그인해 보세요.',
    email: '이메일 주소를 다시 확인해 주세요.', weakPassword: '비밀번호는 6자 이상이어야 해요.',
    tooMany: (seconds: number | undefined) => (seconds === undefined ? '시도가 너무 많았어요. 조금 뒤에 다시 해 주세요.' : `시도가 너무 많았어요. ${Math.ceil(seconds)}초 뒤에 다시 해 주세요.`),
    network: '서버에 연결하지 못했어요. 인터넷 연결을 확인하고 다시 시도해 주세요.', again: '안전을 위해 비밀번호를 다시 입력해 주세요.', tooLate: '되찾을 수 있는 기간이 지났어요.',
    usernameTaken: '이미 다른 사람이 쓰는 이름이에요.', signInDown: (code: string) => `로그인 서버가 지금 응답하지 않아요. 잠시 뒤에 다시 해 주세요. (${code})`, refused: '서버가 받아들이지 않았어요.', unknown: (code: string) => `문제가 생겼어요. (${code})`,
    takenBack: (why: string) => `저장하지 못해서 되돌렸어요. ${why}`, stopped: (message: string) => `지금은 저장할 수 없어서 되돌렸어요. ${message}`,
    deviceFull: '이 기기에 저장할 공간이 없어요.',
  },
}
