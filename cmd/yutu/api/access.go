package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"yutu/data/pg"
	"yutu/geo"
	"yutu/geo/division"
)

// Permission is one kind of thing that not everybody may do. Its name is part of the interface: GET /api/v1/session
// lists those that somebody has.
type Permission string

const (
	// Public needs nobody to be signed in.
	Public Permission = ""
	// SignedIn needs an account, whatever its roles: for one's own session, password and tokens.
	SignedIn Permission = "signed-in"

	InternalRead     Permission = "internal.read"     // see records that are not public
	DivisionsWrite   Permission = "divisions.write"   // record events and borders
	ImportsWrite     Permission = "imports.write"     // take files over and take imports back
	InspectionsWrite Permission = "inspections.write" // joint inspections, markers and observations
	NamesPropose     Permission = "names.propose"     // propose and edit place names
	NamesReview      Permission = "names.review"      // vote on and approve place names
	PlansWrite       Permission = "plans.write"       // facilities, targets and scenarios
	UsersManage      Permission = "users.manage"      // accounts, roles, tokens of others
	AuditRead        Permission = "audit.read"        // who did what, and what was refused
)

// Role is a set of permissions, as the bureau hands them out.
type Role struct {
	Name string
	// Title and Does are for people: the role's name, and what one can do with it.
	Title, Does geo.Text
	May         []Permission
}

// Roles is what each role may do, from the least to the most. The schema knows the same six names.
var Roles = []Role{
	{"viewer", geo.Text{ZH: "查阅", EN: "Viewer"}, geo.Text{ZH: "查看内部资料", EN: "sees internal records"},
		[]Permission{InternalRead}},
	{"inspector", geo.Text{ZH: "联检", EN: "Inspector"}, geo.Text{ZH: "记录界线联合检查和界桩", EN: "records joint inspections and markers"},
		[]Permission{InternalRead, InspectionsWrite}},
	{"reviewer", geo.Text{ZH: "评审", EN: "Reviewer"}, geo.Text{ZH: "评审地名", EN: "reviews place names"},
		[]Permission{InternalRead, NamesReview}},
	{"planner", geo.Text{ZH: "规划", EN: "Planner"}, geo.Text{ZH: "维护设施、指标和布局方案", EN: "keeps facilities, targets and scenarios"},
		[]Permission{InternalRead, PlansWrite}},
	{"editor", geo.Text{ZH: "编辑", EN: "Editor"}, geo.Text{ZH: "记录区划变更、修改边界、导入数据", EN: "records changes of divisions, edits borders, imports data"},
		[]Permission{InternalRead, DivisionsWrite, ImportsWrite, InspectionsWrite, NamesPropose, PlansWrite}},
	{"admin", geo.Text{ZH: "管理员", EN: "Administrator"}, geo.Text{ZH: "管理账号与角色，查看日志，并可做其他角色的一切工作", EN: "manages accounts and roles, reads the log, and may do whatever the others may"},
		[]Permission{InternalRead, DivisionsWrite, ImportsWrite, InspectionsWrite, NamesPropose, NamesReview, PlansWrite, UsersManage, AuditRead}},
}

// may is Roles by name.
var may = func() map[string][]Permission {
	out := map[string][]Permission{}
	for _, r := range Roles {
		out[r.Name] = r.May
	}
	return out
}()

// where says which divisions a permission must hold in.
type where uint8

const (
	// nowhere: the route is public, or about the one who asks.
	nowhere where = iota
	// inPath: the division whose code is in the path as {code}.
	inPath
	// inBody: the handler learns the divisions from the body and calls authorize with them; an answer that reports
	// success without that is turned into an internal error.
	inBody
	// overall: everywhere. What concerns the whole service has no smaller scope.
	overall
	// anywhere: in some division; the handler shows or does no more than what the scopes allow.
	anywhere
)

// access is what a route asks of whoever uses it.
type access struct {
	method, pattern string
	need            Permission
	where           where
}

// accessTable is every route of the service but the files at the top of the web app, which are public. A route that
// is not in it is refused.
var accessTable = []access{
	{"GET", "/healthz", Public, nowhere},
	{"GET", "/readyz", Public, nowhere},
	{"GET", "/metrics", Public, nowhere},

	{"GET", "/ogc", Public, nowhere},
	{"GET", "/ogc/", Public, nowhere},
	{"GET", "/ogc/api", Public, nowhere},
	{"GET", "/ogc/conformance", Public, nowhere},
	{"GET", "/ogc/collections", Public, nowhere},
	{"GET", "/ogc/collections/{collection}", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/queryables", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/items", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/items/{feature}", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/tiles", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/tiles/{tileMatrixSet}", Public, nowhere},
	{"GET", "/ogc/collections/{collection}/tiles/{tileMatrixSet}/{tileMatrix}/{tileRow}/{tileCol}", Public, nowhere},

	{"GET", "/tiles/divisions.json", Public, nowhere},
	{"GET", "/tiles/divisions/*", Public, nowhere},
	{"GET", "/styles/atlas.json", Public, nowhere},

	{"GET", "/api/v1/status", Public, nowhere},
	{"GET", "/api/v1/search", Public, nowhere},
	{"GET", "/api/v1/locate", Public, nowhere},
	{"GET", "/api/v1/divisions/{code}", Public, nowhere},
	{"GET", "/api/v1/divisions/{code}/lineage", Public, nowhere},
	{"GET", "/api/v1/divisions/events", Public, nowhere},
	{"GET", "/api/v1/divisions/dates", Public, nowhere},
	{"POST", "/api/v1/divisions/events", DivisionsWrite, inBody},
	{"POST", "/api/v1/divisions/events/{id}/withdraw", DivisionsWrite, inBody},
	{"GET", "/api/v1/events", Public, nowhere},

	{"GET", "/api/v1/session", Public, nowhere},
	{"POST", "/api/v1/session", Public, nowhere},
	{"DELETE", "/api/v1/session", SignedIn, nowhere},
	{"PATCH", "/api/v1/session", SignedIn, nowhere},
	{"GET", "/api/v1/tokens", SignedIn, nowhere},
	{"POST", "/api/v1/tokens", SignedIn, nowhere},
	{"DELETE", "/api/v1/tokens/{id}", SignedIn, nowhere},
	{"GET", "/api/v1/users", UsersManage, anywhere},
	{"POST", "/api/v1/users", UsersManage, inBody},
	{"PATCH", "/api/v1/users/{name}", UsersManage, inBody},
	{"GET", "/api/v1/audit", AuditRead, overall},

	{"GET", "/", Public, nowhere},
	{"GET", "/assets/*", Public, nowhere},
}

// accessKey is a method and a pattern with a space between.
func accessByRoute(files []string) map[string]*access {
	out := make(map[string]*access, len(accessTable)+len(files))
	for i := range accessTable {
		a := &accessTable[i]
		out[a.method+" "+a.pattern] = a
	}
	for _, name := range files {
		out["GET /"+name] = &access{"GET", "/" + name, Public, nowhere}
	}
	return out
}

// accessOf finds what the matched route asks; nil means that nobody wrote it down.
func (s *server) accessOf(r *http.Request) *access {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return s.access[method+" "+chi.RouteContext(r.Context()).RoutePattern()]
}

// writes reports whether a request may change something.
func writes(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// admit lets a request through to its handler, or says why not. The request that comes back knows who asks.
func (s *server) admit(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request, error) {
	a := s.accessOf(r)
	if a == nil {
		return w, r, errUndeclared
	}
	if a.need == Public {
		return w, r, nil
	}
	if s.ReadOnly && writes(r) {
		return w, r, errReadOnly
	}
	c, err := s.whoAsks(r)
	if err != nil {
		return w, r, err
	}
	r = withCaller(r, c)
	// Who asks and what they may do is nobody else's to keep.
	w.Header().Set("Cache-Control", "no-store")
	if c.account == nil {
		return w, r, errUnauthenticated
	}
	if writes(r) {
		if err := s.checkForgery(r, c); err != nil {
			return w, r, err
		}
	}
	if a.need == SignedIn {
		return w, r, nil
	}
	switch a.where {
	case inPath:
		code, err := readCode(chi.URLParam(r, "code"))
		if err != nil {
			return w, r, refuse(errPath, "地址中的区划代码有误", "the division code in the address is malformed")
		}
		err = s.authorize(r, a.need, code)
		return w, r, err
	case overall:
		err := s.authorize(r, a.need, pg.Everywhere)
		return w, r, err
	case inBody:
		return &scopeWatch{ResponseWriter: w, server: s, r: r, caller: c}, r, s.authorize(r, a.need)
	}
	return w, r, s.authorize(r, a.need)
}

// authorize returns nil if whoever asks has the permission in every one of the divisions, and otherwise a refusal,
// which fail notes in the audit log. Without codes it asks whether they have it anywhere at all, which is enough to
// look and not enough to write: a handler whose route says inBody names the divisions.
func (s *server) authorize(r *http.Request, need Permission, codes ...division.Code) error {
	c := callerOf(r)
	if c == nil || c.account == nil {
		return errUnauthenticated
	}
	if len(codes) == 0 {
		if c.may(need) {
			return nil
		}
		return refuse(errForbidden, "此操作需要%s，您的账号没有这样的角色，请联系管理员", "this takes the role %[1]s, which your account does not have: ask an administrator", rolesWith(need, language(r)))
	}
	for _, code := range codes {
		if !c.mayIn(need, code) {
			return refuse(errForbidden, "您在 %s 没有%s的角色，请联系管理员", "in %[1]s you do not have the role %[2]s: ask an administrator", s.scopeName(code, language(r)), rolesWith(need, language(r)))
		}
	}
	c.scoped = true
	return nil
}

// rolesWith names the roles that have the permission.
func rolesWith(need Permission, l lang) string {
	var names []string
	for _, role := range Roles {
		if slices.Contains(role.May, need) {
			names = append(names, l.say("“"+role.Title.ZH+"”", role.Title.EN))
		}
	}
	return strings.Join(names, l.say("或", " or "))
}

// scopeName is a division's name for people.
func (s *server) scopeName(code division.Code, l lang) string {
	if code == pg.Everywhere {
		return l.say("全部区划", "all divisions")
	}
	if snap := s.Atlas.Snapshot(); snap != nil {
		if it, ok := snap.ByCode(code, division.Today()); ok {
			return it.Unit.Name
		}
	}
	return code.Short()
}

// scopeWatch keeps a handler that never asked about divisions from reporting success.
type scopeWatch struct {
	http.ResponseWriter
	server *server
	r      *http.Request
	caller *caller
	// begun: the answer's status is out; replaced: it is a refusal in the place of what the handler says.
	begun, replaced bool
}

func (w *scopeWatch) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *scopeWatch) WriteHeader(status int) {
	if w.begun {
		return
	}
	w.begun = true
	if status < 300 && !w.caller.scoped {
		w.replaced = true
		w.server.fail(w.ResponseWriter, w.r, errUnscoped)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *scopeWatch) Write(b []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	if w.replaced {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
