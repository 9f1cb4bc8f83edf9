package oldserver

// problem is an error response.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (p *problem) Error() string { return p.Code }

var (
	errNoToken         = &problem{401, "AT001", "로그인이 필요합니다."}
	errBadToken        = &problem{401, "AT002", "잘못된 토큰입니다."}
	errTokenExpired    = &problem{401, "AT003", "토큰이 만료되었습니다."}
	errWrongPassword   = &problem{401, "AL001", "아이디 또는 비밀번호가 틀렸습니다."}
	errRefreshRejected = &problem{401, "AL002", "다시 로그인해 주세요."}
	errSignUp          = &problem{400, "US001", "아이디는 4자, 비밀번호는 8자, 이름은 2자 이상이어야 합니다."}
	errUsernameTaken   = &problem{409, "US002", "이미 사용 중인 아이디입니다."}
	errNoUser          = &problem{404, "US003", "존재하지 않는 사용자입니다."}
	errNoSemester      = &problem{404, "SM001", "존재하지 않는 학기입니다."}
	errNoTimetable     = &problem{404, "TT001", "존재하지 않는 시간표입니다."}
	errNoLecture       = &problem{404, "LC001", "존재하지 않는 강의입니다."}
	errMalformed       = &problem{400, "RQ001", "잘못된 요청입니다."}
	errNotFound        = &problem{404, "RQ002", "잘못된 주소입니다."}
	errInternal        = &problem{500, "SV001", "서버 오류가 발생했습니다."}
)
