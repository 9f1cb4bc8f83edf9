// Error messages in the page's languages, by the codes that the API sends.

import { choose, t } from './words.js';

/** ApiError is an error with a code. */
export class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** errorText returns the text to show for an error. */
export function errorText(error) {
  if (error.code === 'CONNECTION_LOST') return t('lost');
  const pair = Object.hasOwn(texts, error.code ?? '') ? texts[error.code] : ['{message}', '오류가 발생했어요. ({message})'];
  return choose(pair, { message: error.message });
}

const texts = {
  'key': ['Open the URL that heektime console printed.', 'heektime console이 출력한 주소로 다시 열어 주세요.'],
  'forbidden': ['{message}', '허용되지 않은 요청이에요. ({message})'],
  'invalid': ['{message}', '값이 올바르지 않아요. ({message})'],
  'other-project': ['This page is of another project. Open the URL that heektime console printed.', '다른 프로젝트의 페이지예요. heektime console이 출력한 주소로 다시 열어 주세요.'],
  'no-user': ['There is no such user.', '사용자를 찾을 수 없어요.'],
  'no-older-list': ['There is no older list to compare with.', '비교할 이전 목록이 없어요.'],
  'too-late': ['The account is being deleted and can no longer be restored.', '이미 삭제되고 있어 복구할 수 없는 계정이에요.'],
  'purging': ['The account is being deleted.', '이미 삭제되고 있는 계정이에요.'],
  'no-queue': ['{message}', '새로고침 큐 설정 없이 실행되어 새로고침할 수 없어요.'],
  'no-push-queue': ['{message}', '알림 큐 설정 없이 실행되어 알림을 보낼 수 없어요.'],
  'not-sent': ['{message}', '공지는 등록했지만 알림을 보내지 못했어요. 공지를 종료하고 다시 등록해 주세요. ({message})'],
  'no-announcement': ['There is no such announcement any more.', '이미 삭제된 공지예요.'],
  'no-school': ['There is no such school any more.', '학교를 찾을 수 없어요.'],
  'too-many-announcements': ['Apps show 20 announcements at most. End one first.', '공지는 20개까지만 보여 줄 수 있어요. 다른 공지를 먼저 종료해 주세요.'],
  'announcement-times': ['The end must be after the beginning.', '종료 시각은 시작 시각보다 늦어야 해요.'],
  'no-bill': ['{message}', '사용량을 읽을 수 없어 요금을 계산하지 못했어요.'],
  'bill-forbidden': ['The bill needs the role Monitoring Viewer (roles/monitoring.viewer).', '요금을 계산하려면 모니터링 뷰어 역할(roles/monitoring.viewer)이 필요해요.'],
  'bill-disabled': ['The Monitoring API is disabled. Run gcloud services enable monitoring.googleapis.com.', 'Monitoring API가 꺼져 있어요. gcloud services enable monitoring.googleapis.com을 실행해 주세요.'],
  'confirmation': ['This is not the ID of the project.', '프로젝트 ID가 일치하지 않아요.'],
  'timeout': ['The cloud did not respond in time. Check the state before you try again.', '제시간에 응답이 오지 않았어요. 상태를 확인한 뒤 다시 시도해 주세요.'],
};
