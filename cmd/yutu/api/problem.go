package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"yutu/data/atlas"
	"yutu/data/pg"
	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// The kinds of refusal that begin here; those of other rooms stand in the table below beside them.
var (
	errParameter     = errors.New("bad parameter")
	errPath          = errors.New("malformed path")
	errHost          = errors.New("bad host")
	errTooLong       = errors.New("address too long")
	errNotFound      = errors.New("not found")
	errNotAcceptable = errors.New("not acceptable")
	errMethod        = errors.New("method not allowed")
	errBusy          = errors.New("too many open streams")
	errNotReady      = errors.New("not ready")
	errInternal      = errors.New("internal error")

	errUnauthenticated  = errors.New("not signed in")
	errBadToken         = errors.New("token not in effect")
	errWrongPassword    = errors.New("wrong name or password")
	errDisabled         = errors.New("account disabled")
	errForbidden        = errors.New("not allowed")
	errForgery          = errors.New("request of a foreign page")
	errNeedsBrowser     = errors.New("not with a token")
	errWrongOldPassword = errors.New("wrong old password")
	errReadOnly         = errors.New("read-only node")
	errTooManyAttempts  = errors.New("too many attempts to sign in")
	errTooManySignIns   = errors.New("too many sign-ins at once")
	errBody             = errors.New("malformed body")
	errTooLarge         = errors.New("body too large")
	errMediaType        = errors.New("not JSON")
	// errUndeclared: a route is missing in the table of access. errUnscoped: a handler named no divisions.
	errUndeclared = errors.New("the route says not who may use it")
	errUnscoped   = errors.New("the handler authorized nothing in any division")
)

// problemPrefix begins the type of every problem.
const problemPrefix = "urn:yutu:problem:"

// kind is one row of the table from errors to answers.
type kind struct {
	err    error
	status int
	// slug ends the problem's type, a name that programs may compare.
	slug  string
	title geo.Text
	// advice is the detail where the error brings none of its own.
	advice geo.Text
	// retryAfter is in seconds; 0 means that trying again will not help.
	retryAfter int
}

var unavailable = geo.Text{
	ZH: "数据库暂时无法连接，查询仍可使用，修改请稍后重试。",
	EN: "The database cannot be reached at the moment. Reading goes on; try changes again later.",
}

// kinds is the table; the first row whose error is found in a chain counts.
var kinds = []kind{
	{errParameter, 400, "invalid-parameter", geo.Text{ZH: "参数有误", EN: "Invalid parameter"}, geo.Text{}, 0},
	{crs.ErrUnsupported, 400, "unsupported-crs", geo.Text{ZH: "不支持的坐标系", EN: "Unsupported reference system"}, geo.Text{}, 0},
	{crs.ErrOutOfRange, 400, "position-out-of-range", geo.Text{ZH: "坐标超出范围", EN: "Position out of range"}, geo.Text{}, 0},
	{errPath, 400, "malformed-path", geo.Text{ZH: "地址格式有误", EN: "Malformed address"},
		geo.Text{ZH: "请检查地址的写法，地址中不得含有编码的斜杠或上级目录。", EN: "Check how the address is written; encoded slashes and parent folders are not allowed."}, 0},
	{errHost, 400, "bad-host", geo.Text{ZH: "主机名有误", EN: "Bad host name"},
		geo.Text{ZH: "请求的 Host 不是有效的主机名。", EN: "The Host of the request is not a valid host name."}, 0},
	{errBody, 400, "malformed-body", geo.Text{ZH: "请求内容有误", EN: "Malformed body"}, geo.Text{}, 0},
	{errUnauthenticated, 401, "not-signed-in", geo.Text{ZH: "请先登录", EN: "Not signed in"},
		geo.Text{ZH: "此操作需要登录，或登录已过期，请重新登录。程序请用 Authorization: Bearer 附上令牌。", EN: "This needs an account, or your session has ended: sign in again. Programs send a token with Authorization: Bearer."}, 0},
	{errBadToken, 401, "bad-token", geo.Text{ZH: "令牌无效", EN: "Token not in effect"},
		geo.Text{ZH: "令牌有误、已过期或已撤销，请换用新的令牌。", EN: "The token is malformed, over, or revoked: use a new one."}, 0},
	{errWrongPassword, 401, "wrong-password", geo.Text{ZH: "账号或密码不正确", EN: "Wrong name or password"},
		geo.Text{ZH: "请检查后重试。忘记密码请联系管理员重置。", EN: "Check both and try again. If you forgot the password, ask an administrator for a new one."}, 0},
	{errDisabled, 401, "account-disabled", geo.Text{ZH: "账号已停用", EN: "Account disabled"},
		geo.Text{ZH: "请联系管理员。", EN: "Ask an administrator."}, 0},
	{errForbidden, 403, "not-allowed", geo.Text{ZH: "没有权限", EN: "Not allowed"},
		geo.Text{ZH: "您的角色不含此操作，请联系管理员。", EN: "Your roles do not include this: ask an administrator."}, 0},
	{errForgery, 403, "forgery-suspected", geo.Text{ZH: "请求来源可疑", EN: "Request from elsewhere"},
		geo.Text{ZH: "请求不像是从本站页面发出的，没有执行。请刷新页面后重试。", EN: "The request does not seem to come from a page of this service, and nothing was done. Reload the page and try again."}, 0},
	{errNeedsBrowser, 403, "not-with-a-token", geo.Text{ZH: "不能用令牌进行", EN: "Not with a token"},
		geo.Text{ZH: "账号、密码和令牌只能登录后在网页上或由管理员用命令行管理。", EN: "Accounts, passwords and tokens are managed by somebody who is signed in, or on the command line."}, 0},
	{errReadOnly, 403, "read-only", geo.Text{ZH: "只读节点", EN: "Read-only node"},
		geo.Text{ZH: "本节点只供查询，请到主节点登录和修改。", EN: "This node only answers questions: sign in and change things at the main node."}, 0},
	{errNotFound, 404, "not-found", geo.Text{ZH: "没有找到", EN: "Not found"},
		geo.Text{ZH: "这个地址没有内容，请检查拼写，或从 /ogc 开始浏览。", EN: "There is nothing at this address. Check its spelling, or start from /ogc."}, 0},
	{atlas.ErrZoom, 404, "no-such-tile", geo.Text{ZH: "没有这张瓦片", EN: "No such tile"},
		geo.Text{ZH: "瓦片超出级别或行列范围，可用范围见 /tiles/divisions.json。", EN: "The tile lies outside the zooms or the grid; /tiles/divisions.json has the range."}, 0},
	{pg.ErrNotFound, 404, "not-found", geo.Text{ZH: "没有找到", EN: "Not found"},
		geo.Text{ZH: "没有这条记录。", EN: "There is no such record."}, 0},
	{errMethod, 405, "method-not-allowed", geo.Text{ZH: "不支持的请求方法", EN: "Method not allowed"},
		geo.Text{ZH: "可用的方法见 Allow。", EN: "The Allow header lists what can be done here."}, 0},
	{errNotAcceptable, 406, "not-acceptable", geo.Text{ZH: "没有所要的格式", EN: "Not acceptable"},
		geo.Text{ZH: "请用 Accept 或参数 f 指定 json 或 html。", EN: "Ask for json or html with Accept or the parameter f."}, 0},
	{pg.ErrAlreadyUndone, 409, "already-undone", geo.Text{ZH: "已经撤销过", EN: "Undone already"},
		geo.Text{ZH: "这次导入已经撤销，无须再做。", EN: "This import was taken back before; there is nothing left to do."}, 0},
	{pg.ErrUndoBlocked, 409, "undo-blocked", geo.Text{ZH: "无法撤销", EN: "Cannot be undone"},
		geo.Text{ZH: "后来的修改以这次导入为基础，请先撤销后来的修改。", EN: "Later changes build on this import: take those back first."}, 0},
	{pg.ErrSyntheticOverReal, 409, "synthetic-over-real", geo.Text{ZH: "演示数据不能覆盖真实数据", EN: "Synthetic data over real data"},
		geo.Text{ZH: "数据库中已有真实数据。", EN: "The database holds real data already."}, 0},
	{pg.ErrOverlap, 409, "overlapping-versions", geo.Text{ZH: "有效期重叠", EN: "Overlapping versions"},
		geo.Text{ZH: "同一代码在同一日期只能有一个版本。", EN: "One code can have only one version on a day."}, 0},
	{pg.ErrExists, 409, "exists-already", geo.Text{ZH: "已经存在", EN: "Exists already"},
		geo.Text{ZH: "请换一个名字。", EN: "Choose another name."}, 0},
	{pg.ErrLastAdmin, 409, "last-administrator", geo.Text{ZH: "最后一个管理员", EN: "The last administrator"},
		geo.Text{ZH: "请先另设一个管理员。", EN: "Appoint another administrator first."}, 0},
	{errTooLarge, 413, "body-too-large", geo.Text{ZH: "内容过大", EN: "Body too large"},
		geo.Text{ZH: "请求内容超过上限。", EN: "The body is larger than what is taken here."}, 0},
	{errTooLong, 414, "address-too-long", geo.Text{ZH: "地址过长", EN: "Address too long"},
		geo.Text{ZH: "请减少查询条件。", EN: "Ask with fewer conditions."}, 0},
	{errMediaType, 415, "not-json", geo.Text{ZH: "须为 JSON", EN: "JSON is wanted"},
		geo.Text{ZH: "请以 Content-Type: application/json 发送。", EN: "Send it with Content-Type: application/json."}, 0},
	{errWrongOldPassword, 422, "wrong-password", geo.Text{ZH: "当前密码不正确", EN: "Wrong password"},
		geo.Text{ZH: "请重新输入现在使用的密码。", EN: "Type the password that you use now again."}, 0},
	{pg.ErrRefused, 422, "event-refused", geo.Text{ZH: "不能记录这一变更", EN: "The event cannot be recorded"},
		geo.Text{ZH: "请按所列理由修改。", EN: "Change it as the findings say."}, 0},
	{pg.ErrInvalid, 422, "invalid-value", geo.Text{ZH: "内容不符合要求", EN: "Invalid value"},
		geo.Text{ZH: "请检查所填的值。", EN: "Check the values given."}, 0},
	{errTooManyAttempts, 429, "too-many-attempts", geo.Text{ZH: "登录尝试过多", EN: "Too many attempts"},
		geo.Text{ZH: "请稍后再试。", EN: "Try again later."}, 30},
	{errTooManySignIns, 503, "too-many-sign-ins", geo.Text{ZH: "登录人数较多", EN: "Many are signing in"},
		geo.Text{ZH: "请几秒后重试。", EN: "Try again in a few seconds."}, 5},
	{errBusy, 503, "too-many-streams", geo.Text{ZH: "连接过多", EN: "Too many streams"},
		geo.Text{ZH: "实时更新的连接已满，请稍后重试。", EN: "All event streams are taken; try again later."}, 30},
	{errNotReady, 503, "not-ready", geo.Text{ZH: "服务尚未就绪", EN: "Not ready"},
		geo.Text{ZH: "地图集正在载入，请稍后重试。", EN: "The atlas is being loaded; try again in a moment."}, 2},
	{pg.ErrUnavailable, 503, "database-unavailable", geo.Text{ZH: "数据库不可用", EN: "Database unavailable"}, unavailable, 5},
	{pg.ErrUnsuitable, 503, "database-unsuitable", geo.Text{ZH: "数据库不适用", EN: "Database unsuitable"},
		geo.Text{ZH: "请管理员运行 yutu doctor。", EN: "Ask the administrator to run yutu doctor."}, 60},
	{context.DeadlineExceeded, 503, "timeout", geo.Text{ZH: "处理超时", EN: "Timed out"},
		geo.Text{ZH: "请稍后重试，或缩小查询范围。", EN: "Try again later, or ask for less."}, 5},
}

// internal is the answer to everything that is not in the table: its text stays in the log.
var internal = kind{errInternal, 500, "internal", geo.Text{ZH: "服务内部错误", EN: "Internal error"}, geo.Text{}, 0}

// refusal is an error that a person can act on.
type refusal struct {
	kind error
	// parameter names the query parameter at fault; empty where none is.
	parameter string
	text      geo.Text
	// retryAfter, unless 0, replaces that of the table, in seconds.
	retryAfter int
}

func (e *refusal) Error() string {
	if e.parameter != "" {
		return e.parameter + ": " + e.text.EN
	}
	return e.text.EN
}

func (e *refusal) Unwrap() error       { return e.kind }
func (e *refusal) Localized() geo.Text { return e.text }

// badParameter refuses the value of a query parameter; zh and en share the arguments.
func badParameter(name, zh, en string, args ...any) error {
	return &refusal{kind: errParameter, parameter: name, text: geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

func refuse(kind error, zh, en string, args ...any) error {
	return &refusal{kind: kind, text: geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// problem is the body of RFC 9457.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	// Findings are all reasons for which an event is refused.
	Findings []division.Refusal `json:"findings,omitempty"`
	// Events stand in the way of taking something back: withdraw them first.
	Events []blocker `json:"events,omitempty"`
	// Instance identifies an internal error in the service's log.
	Instance string `json:"instance,omitempty"`

	retryAfter int
}

// blocker is an event in the words that its list has for it.
type blocker struct {
	ID       int64              `json:"id"`
	Kind     division.EventKind `json:"kind"`
	Date     string             `json:"date"`
	Document division.Document  `json:"document"`
}

// explain adds what the store says beyond its sentence.
func (s *server) explain(p *problem, err error) {
	var e *pg.Error
	if !errors.As(err, &e) || p.Status >= 500 {
		return
	}
	p.Findings = e.Refusals
	for _, id := range e.Events {
		if v, ok := s.Atlas.Snapshot().Event(id); ok {
			p.Events = append(p.Events, blocker{v.ID, v.Kind, v.Date.String(), v.Document})
		}
	}
}

// classify finds the row of an error.
func classify(err error) kind {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k
		}
	}
	return internal
}

// describe words an error for a reader of the language.
func describe(err error, l lang) problem {
	k := classify(err)
	p := problem{Type: problemPrefix + k.slug, Title: l.of(k.title), Status: k.status, Detail: l.of(k.advice), retryAfter: k.retryAfter}
	var worded interface{ Localized() geo.Text }
	if k.status < 500 && errors.As(err, &worded) {
		p.Detail = l.of(worded.Localized())
	}
	var ref *refusal
	if errors.As(err, &ref) {
		p.Parameter = ref.parameter
		if ref.retryAfter > 0 {
			p.retryAfter = ref.retryAfter
		}
	}
	return p
}

// fail answers with the problem that err is. Nobody is answered when the client has gone.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	l := language(r)
	p := describe(err, l)
	s.explain(&p, err)
	if p.Status >= 500 && p.Status != http.StatusServiceUnavailable {
		name := randomName()
		p.Instance = "urn:yutu:error:" + name
		p.Detail = l.of(geo.Text{
			ZH: "这不是您的过错。请把编号 " + name + " 告诉管理员，详情在服务日志中。",
			EN: "This is not your fault. Tell the administrator the number " + name + "; the service's log has the details.",
		})
		s.Log.Error("request failed", "error", err, "number", name, "method", r.Method, "path", r.URL.Path)
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Content-Encoding", "Content-Crs", "Link", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept, Accept-Language, Accept-Encoding")
	h.Set("Content-Language", l.tag())
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="yutu"`)
		s.noteRefusal(r, p, err)
	case http.StatusForbidden, http.StatusTooManyRequests:
		s.noteRefusal(r, p, err)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if wantsPage(r) {
		s.problemPage(w, r, p)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// The client may have gone; nobody is left to tell.
	_ = json.NewEncoder(w).Encode(p)
}

func randomName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
