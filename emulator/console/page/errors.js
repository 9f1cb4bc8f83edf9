// Error messages in the page's languages, by the codes that the API sends.

import { choose, t } from './words.js';

/** ApiError is an error with a code, and with values for the placeholders of its text. */
export class ApiError extends Error {
  constructor(code, message, values = {}) {
    super(message);
    this.code = code;
    this.values = values;
  }
}

/** errorText returns the text to show for an error. An error without a known code shows its own message. */
export function errorText(error) {
  if (error.code === 'CONNECTION_LOST') return t('lost');
  if (error instanceof SyntaxError) return choose(texts.INVALID_REQUEST, { message: error.message }); // from JSON.parse
  const pair = Object.hasOwn(texts, error.code ?? '') ? texts[error.code] : ['{message}', '오류가 발생했어요. ({message})'];
  return choose(pair, { message: error.message, ...error.values });
}

// {message} is the service's message, in English.
const texts = {
  ID_WITH_SLASH: ['IDs cannot contain slashes.', 'ID에는 슬래시를 쓸 수 없어요.'],

  INTERNAL: ['{message}', '로컬 클라우드에서 오류가 발생했어요. ({message})'],
  FORBIDDEN: ['{message}', '허용되지 않은 요청이에요. ({message})'],
  METHOD_NOT_ALLOWED: ['{message}', '지원하지 않는 메서드예요. ({message})'],
  MISSING_PARAMETER: ['{message}', '매개변수 {name} 값이 없어요.'],
  INVALID_PROJECT: ['{message}', '올바른 프로젝트 ID가 아니에요.'],
  INVALID_REQUEST: ['This is not valid JSON. ({message})', '올바른 JSON이 아니에요. ({message})'],
  REQUEST_TOO_LARGE: ['{message}', '요청이 너무 커요. 최대 {limit}바이트까지 보낼 수 있어요.'],
  UNKNOWN_ACTION: ['{message}', '알 수 없는 동작이에요. ({message})'],
  INVALID_ADVANCE: ['{message}', '시계는 1초에서 366일까지 앞당길 수 있어요.'],
  INVALID_PATH: ['{message}', '올바른 경로가 아니에요: {path}. 컬렉션 ID와 문서 ID를 번갈아 적고, ID에는 슬래시를 쓸 수 없어요.'],
  INVALID_JSON: ['This is not valid JSON. Check line {line}, column {column}.', '올바른 JSON이 아니에요. {line}번째 줄 {column}번째 글자를 확인해 주세요.'],
  FIELDS_NOT_OBJECT: ['The fields must be one JSON object.', '필드는 JSON 객체 하나로 적어 주세요.'],
  INVALID_FIELD: ['{message}', '필드 값이 올바르지 않아요. ({detail})'],
  DOCUMENT_EXISTS: ['There is already a document with this ID.', '같은 ID의 문서가 이미 있어요.'],
  DOCUMENT_CHANGED: ['The document has changed since you opened it. Open it again.', '편집하는 동안 문서가 바뀌었어요. 다시 열어서 편집해 주세요.'],

  INVALID_ARGUMENT: ['{message}', '값이 올바르지 않아요. ({message})'],
  NOT_FOUND: ['{message}', '찾을 수 없어요. ({message})'],
  ALREADY_EXISTS: ['{message}', '이미 있어요. ({message})'],
  FAILED_PRECONDITION: ['{message}', '지금 상태에서는 할 수 없어요. ({message})'],
  ABORTED: ['{message}', '다른 변경과 충돌했어요. 다시 시도해 주세요. ({message})'],
  UNIMPLEMENTED: ['{message}', '지원하지 않는 기능이에요. ({message})'],
  UNAVAILABLE: ['{message}', '지금은 처리할 수 없어요. 잠시 후 다시 시도해 주세요. ({message})'],
  CANCELED: ['{message}', '취소됐어요.'],

  // codes of Authentication
  EMAIL_EXISTS: ['Another user has this e-mail address.', '이미 사용 중인 이메일이에요.'],
  INVALID_EMAIL: ['The e-mail address is invalid.', '이메일 주소가 올바르지 않아요.'],
  MISSING_EMAIL: ['Enter an e-mail address.', '이메일을 입력해 주세요.'],
  MISSING_PASSWORD: ['Enter a password.', '비밀번호를 입력해 주세요.'],
  WEAK_PASSWORD: ['The password must have at least 6 characters.', '비밀번호는 6자 이상이어야 해요.'],
  PHONE_NUMBER_EXISTS: ['Another user has this phone number.', '이미 사용 중인 전화번호예요.'],
  DUPLICATE_LOCAL_ID: ['Another user has this UID.', '이미 사용 중인 UID예요.'],
  INVALID_LOCAL_ID: ['The UID is invalid.', 'UID가 올바르지 않아요.'],
  USER_NOT_FOUND: ['This user does not exist.', '사용자를 찾을 수 없어요.'],
  INVALID_CLAIMS: ['Custom claims must be a JSON object.', '커스텀 클레임은 JSON 객체여야 해요.'],
  CLAIMS_TOO_LARGE: ['Custom claims can have at most 1,000 characters.', '커스텀 클레임은 1,000자까지 쓸 수 있어요.'],
  FORBIDDEN_CLAIM: ['One of these names is reserved: {message}', '예약된 이름은 클레임으로 쓸 수 없어요. ({message})'],
};
