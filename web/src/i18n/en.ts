import type { Dictionary } from './index.ts'

const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** English. */
export const en: Dictionary = {
  timetable: 'Timetable', search: 'Search', lectures: 'My classes', account: 'Account',
  main: 'Main menu', skip: 'Skip to content',
  close: 'Close', cancel: 'Cancel', save: 'Save', back: 'Back', more: 'More', copy: 'Copy', copied: 'Copied', retry: 'Try again',
  undo: 'Undo', redo: 'Redo',
  language: 'Language', korean: '한국어', english: 'English',
  offline: 'Offline', unsaved: 'Not saved yet', saved: 'Saved', onDevice: 'On this device only',
  offlineHint: 'We’ll save it as soon as you’re online.',
  reload: 'There is a new version', reloadNow: 'Reload',

  welcome: 'Your timetable in two minutes', welcomeHint: 'Start without an account. If you sign up later, your timetables come along.',
  chooseSchool: 'Where do you study?', chooseSemester: 'Which semester?', changeSemester: 'Change school or semester',
  findSchool: 'Name of the school', noSchool: 'No such school.', schoolsFailed: 'We couldn’t load the schools. Check your connection.',
  semester: (year, term) => `${en.terms[term] ?? term} ${year}`,
  terms: { '1학기': 'Spring', '봄학기': 'Spring', '여름학기': 'Summer', '2학기': 'Fall', '가을학기': 'Fall', '겨울학기': 'Winter' },
  noSemesters: 'No semester is open yet.', loading: 'Loading',

  days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  longDays: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  week: 'Week', at: (day, begin, end) => `${day} ${begin}–${end}`,
  noTime: 'No time yet', untimed: 'Classes without a time', preview: 'Preview', own: 'My own',
  empty: 'Nothing here yet', emptyHint: 'Find classes and add them. Drag over free time to see what fits there.',
  findLectures: 'Find classes', lecturesOn: (day, n) => `${day}: ${count(n, 'class', 'classes')}`,
  credit: (n) => count(n, 'credit'), totalCredits: (n) => `${count(n, 'credit')} in total`,
  clash: 'Clash', others: (n) => ` and ${n} more`, clashes: (titles, when) => `Clashes with ${titles} (${when})`,

  plans: 'Timetables', planTitle: (n) => `Timetable ${n}`, copyOf: (title) => `Copy of ${title}`, newPlan: 'New timetable',
  rename: 'Rename', duplicate: 'Duplicate', remove: 'Delete', show: 'Show', shown: 'Shown', title: 'Name',
  added: (title) => `Added ${title}`, removed: (title) => `Removed ${title}`, changed: (title) => `Changed ${title}`,
  compare: 'Side by side', compareNone: 'Only this one',

  searchPlaceholder: 'Title, professor, code or room', searchHint: 'Initial consonants work, too: ㄷㅇㅌ',
  results: (n) => count(n, 'class', 'classes'), similar: (n) => `including ${n} similar`,
  nothingFound: 'Nothing found', nothingFoundHint: 'Try fewer words or filters.', clearFilters: 'Clear filters',
  filters: 'Filters', filtersOn: (n) => count(n, 'filter'), sort: 'Sort',
  orders: { relevance: 'Best match', title: 'Title', professor: 'Professor', credit: 'Credits', time: 'Time', identifier: 'Code' },
  college: 'College', department: 'Department', year: 'Year', other: 'Category', any: 'Any', credits: 'Credits', tags: 'Tags', weekdays: 'Days',
  hours: 'Hours', from: 'From', to: 'To', freeOnly: 'No clashes', area: 'Selected time', showResults: (n) => `Show ${count(n, 'class', 'classes')}`,
  add: 'Add', addThis: (title) => `Add ${title}`, removeThis: (title) => `Remove ${title}`, syllabus: 'Syllabus',
  listMissing: 'No class list yet', listMissingHint: 'It appears here once the school publishes it. Until then, add classes yourself.',
  listDamaged: 'The class list can’t be read', listDamagedHint: 'It is damaged; we’ll mend it soon. Your classes are safe.',
  listUnreachable: 'The class list didn’t load', listUnreachableHint: 'Check your connection and try again.',
  listChecked: (when) => `Checked with the school on ${when}`, listLoading: 'Loading the class list',

  addOwn: 'Add your own', newOwn: 'Add your own', edit: 'Edit', editLecture: 'Edit class', lectureTitle: 'Title', professor: 'Professor', room: 'Room',
  time: 'Time', addTime: 'Add a time', removeTime: 'Remove time', weekday: 'Day', begins: 'Begins', ends: 'Ends', titleNeeded: 'Enter a title.',
  timeOrder: 'The end must be after the beginning.', category: 'Category', identifier: 'Code', noLectures: 'No classes yet',

  news: 'Changed classes', newsOf: (n) => count(n, 'changed class', 'changed classes'), since: (when) => `Changed on ${when}`, takeOver: 'Update mine', keep: 'Keep mine',
  gone: 'The school no longer lists it', editedHere: 'You edited this, so it stays', before: 'Yours', after: 'School',
  fields: { identifier: 'Code', title: 'Title', professor: 'Professor', credit: 'Credits', times: 'Time and room', category: 'Category', metas: 'Tags' },
  announcement: 'Announcement', dismiss: 'Dismiss',

  planner: 'Make plans for me', plannerHint: 'Choose the courses you want. We find every timetable without clashes and show the best first.',
  wanted: 'Courses you want', addWanted: 'Add a course', freeDays: 'Days off', notBefore: 'Not before', anyTime: 'Any time', noGaps: 'Few gaps',
  combinations: (n, all) => `${all ? '' : 'At least '}${count(n, 'timetable')} without clashes`, noCombination: 'No timetable has all of them.', together: (titles) => `You can’t have all of: ${titles}`,
  useThis: 'Use this one', option: (n) => `Option ${n}`, required: 'Must have', optional: 'If it fits', leastCredits: 'Min. credits', mostCredits: 'Max. credits',
  gaps: (hours, minutes) => `${[hours && `${hours} h`, minutes && `${minutes} min`].filter(Boolean).join(' ')} of gaps`,
  rules: { busy: 'my own blocks', freeDays: 'days off', notBefore: 'not before', notAfter: 'not after', credits: 'credits' },
  impossible: (titles, conditions) => (titles === '' ? `No timetable meets your conditions: ${conditions}.` : `${titles} can’t be combined with your conditions: ${conditions}.`),
  notOffered: (title) => `${title} is not in this semester’s list.`,

  share: 'Share', shareHint: 'Everyone with the link can see a public timetable.', public: 'Public', private: 'Private', makePublic: 'Make it public',
  link: 'Link', picture: 'Picture', calendar: 'Calendar', print: 'Print', openPicture: 'Open picture', subscribe: 'Subscribe',
  shareSignIn: 'Sign in to share. Your timetables come along.', shareUsername: 'Choose a name for your address first.',

  friends: 'Find time with friends', friendsHint: 'Compares your timetable with those that friends have made public. Up to four friends.', friendList: 'Friends',
  friendName: 'Friend’s user name', addFriend: 'Add', removeFriend: (name) => `Remove ${name}`, friendUnknown: 'nobody has this name',
  friendPrivate: 'no public timetable this semester', friendFailed: 'couldn’t be loaded', commonFree: 'Everyone is free', noCommonFree: 'There is no time between 9 and 21 on weekdays when everyone is free.',

  signIn: 'Sign in', signUp: 'Sign up', signOut: 'Sign out', signInHint: 'Sign in to see your timetables on other devices and share them.',
  email: 'Email', idOrEmail: 'Email or old user name', password: 'Password', newPassword: 'New password', currentPassword: 'Current password',
  passwordRule: 'At least 6 characters', haveAccount: 'I have an account', noAccount: 'I’m new here', forgot: 'Forgot your password?',
  resetSent: 'We sent you an email to set a new password.', resetNeedsEmail: 'Enter your email first.', takenAlong: 'The timetables you have made come along.',
  username: 'User name', chooseUsername: 'Choose a user name', usernameHint: 'It is part of your address. 4 to 32 characters; you can change it later.', usernameBad: 'Use 4 to 32 letters, digits, or - . _ ~',
  changeUsername: 'Change user name', later: 'Later', noUsername: 'None yet',
  changePassword: 'Change password', signOutEverywhere: 'Sign out everywhere',
  signOutEverywhereHint: 'A new password signs you out on all other devices.', passwordChanged: 'Password changed. Other devices are signed out.',
  signOutUnsaved: 'Some changes are not saved yet. Signing out now loses them.',
  deleteAccount: 'Delete account', deleteHint: 'All timetables and your user name go. For 66 hours you can sign in again and take it back.', deleteConfirm: 'Enter your password once more to delete.',
  deleting: 'Your account is being deleted', deletingHint: (when) => `You can take it back until ${when}. After that, everything is gone.`, takeBack: 'Take it back', takenBack: 'Your account is back.',
  settings: 'Settings', licenses: 'Open source licenses', working: 'One moment…',
  guestHint: 'Your timetables are on this device.',

  failures: {
    credentials: 'The user name or password is wrong.', disabled: 'This account is suspended.', emailTaken: 'This email has an account. Try signing in.',
    email: 'Check the email address.', weakPassword: 'A password needs at least 6 characters.',
    tooMany: (seconds) => (seconds === undefined ? 'Too many attempts. Try again in a while.' : `Too many attempts. Try again in ${Math.ceil(seconds)} s.`),
    network: 'We couldn’t reach the server. Check your connection and try again.', again: 'For your safety, enter your password again.', tooLate: 'It is too late to take the account back.',
    usernameTaken: 'Somebody else has this name.', refused: 'The server did not accept it.', unknown: (code) => `Something went wrong. (${code})`,
    takenBack: (why) => `Not saved, so we took it back. ${why}`, stopped: (message) => `Nothing can be saved at the moment, so we took it back. ${message}`,
    deviceFull: 'This device has no room left.',
  },
}
