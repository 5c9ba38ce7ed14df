package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/data/pg"
	"yutu/geo/division"
)

// accountDoc is an account as administrators see it.
type accountDoc struct {
	userDoc
	Disabled   bool       `json:"disabled"`
	MadeAt     time.Time  `json:"made_at"`
	SignedInAt *time.Time `json:"signed_in_at"`
	// Password is the one that was just made, shown this once.
	Password string `json:"password,omitempty"`
	// Manageable: whoever asks may change the account.
	Manageable bool `json:"manageable"`
}

func (s *server) accountDoc(r *http.Request, a *pg.Account) accountDoc {
	return accountDoc{
		userDoc:  userDoc{a.Name, a.DisplayName, s.grantDocs(a.Grants, language(r)), a.Temporary, a.Synthetic},
		Disabled: a.Disabled, MadeAt: a.MadeAt.UTC(), SignedInAt: a.SignedInAt, Manageable: callerOf(r).manages(a),
	}
}

// manages reports whether the caller may change the account: all of its roles lie where the caller manages accounts,
// since whoever sets a password can act with it. Whoever came in with the demonstration's public password has no
// business with real accounts.
func (c *caller) manages(a *pg.Account) bool {
	if c.account.Synthetic && !a.Synthetic || !c.may(UsersManage) {
		return false
	}
	for _, g := range a.Grants {
		if !c.mayIn(UsersManage, g.Scope) {
			return false
		}
	}
	return true
}

func (s *server) getUsers(w http.ResponseWriter, r *http.Request) error {
	if _, err := readParams(r); err != nil {
		return err
	}
	all, err := s.Accounts.Accounts(r.Context())
	if err != nil {
		return err
	}
	docs := []accountDoc{}
	for i := range all {
		docs = append(docs, s.accountDoc(r, &all[i]))
	}
	return s.plain(w, r, map[string]any{"users": docs})
}

// grantIn is a role and its scope as a form states them; an empty scope means everywhere.
type grantIn struct {
	Role  string `json:"role"`
	Scope string `json:"scope"`
}

func readGrants(in []grantIn) ([]pg.Grant, error) {
	var out []pg.Grant
	for _, g := range in {
		grant, err := ParseGrant(g.Role, g.Scope)
		if err != nil {
			return nil, err
		}
		out = append(out, grant)
	}
	return out, nil
}

// ParseGrant reads a role and the code of a division; "" or pg.Everywhere is everywhere.
func ParseGrant(role, scope string) (pg.Grant, error) {
	if may[role] == nil {
		return pg.Grant{}, refuse(pg.ErrInvalid, "没有“%s”这个角色，可用 viewer、inspector、reviewer、planner、editor、admin",
			"there is no role %q: use viewer, inspector, reviewer, planner, editor or admin", printable(role))
	}
	if scope == "" || scope == string(pg.Everywhere) {
		return pg.Grant{Role: role, Scope: pg.Everywhere}, nil
	}
	code, err := readCode(scope)
	if err != nil {
		return pg.Grant{}, refuse(pg.ErrInvalid, "“%s”不是区划代码，请写 2、4、6、9 或 12 位数字", "%q is no division code: write 2, 4, 6, 9 or 12 digits", printable(scope))
	}
	return pg.Grant{Role: role, Scope: code}, nil
}

func scopesOf(lists ...[]pg.Grant) []division.Code {
	var out []division.Code
	for _, l := range lists {
		for _, g := range l {
			out = append(out, g.Scope)
		}
	}
	return out
}

// authorizeAccounts asks for the right to manage accounts in the divisions. An account without any role belongs to
// nobody's division: whoever manages accounts somewhere may make it, and it can do nothing.
func (s *server) authorizeAccounts(r *http.Request, codes []division.Code) error {
	if len(codes) == 0 {
		for _, g := range callerOf(r).account.Grants {
			if slices.Contains(may[g.Role], UsersManage) {
				codes = append(codes, g.Scope)
			}
		}
	}
	return s.authorize(r, UsersManage, codes...)
}

func (s *server) postUser(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name        string    `json:"name"`
		DisplayName string    `json:"display_name"`
		Roles       []grantIn `json:"roles"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	grants, err := readGrants(in.Roles)
	if err != nil {
		return err
	}
	if err := s.authorizeAccounts(r, scopesOf(grants)); err != nil {
		return err
	}
	c := callerOf(r)
	if err := needsBrowser(c); err != nil {
		return err
	}
	name := NormalName(in.Name)
	if name == anonymous {
		return refuse(pg.ErrInvalid, "这个账号名不能使用", "this name is taken by those who have none")
	}
	password := NewPassword()
	digest, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	// What is made with the demonstration's public password ends with the demonstration.
	account, err := s.Accounts.CreateAccount(r.Context(), c.actor(), pg.NewAccount{
		Name: name, DisplayName: orElse(in.DisplayName, name), PasswordHash: digest, Temporary: true, Synthetic: c.account.Synthetic, Grants: grants,
	})
	if err != nil {
		return err
	}
	doc := s.accountDoc(r, &account)
	doc.Password = password
	return s.created(w, r, doc)
}

func (s *server) patchUser(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		DisplayName   *string   `json:"display_name"`
		Disabled      *bool     `json:"disabled"`
		ResetPassword bool      `json:"reset_password"`
		Grant         []grantIn `json:"grant"`
		Revoke        []grantIn `json:"revoke"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	change := pg.AccountChange{DisplayName: in.DisplayName, Disabled: in.Disabled, Temporary: true}
	var err error
	if change.Grant, err = readGrants(in.Grant); err != nil {
		return err
	}
	if change.Revoke, err = readGrants(in.Revoke); err != nil {
		return err
	}
	c := callerOf(r)
	if err := s.authorizeAccounts(r, scopesOf(change.Grant, change.Revoke)); err != nil {
		return err
	}
	if err := needsBrowser(c); err != nil {
		return err
	}
	var password string
	if in.ResetPassword {
		password = NewPassword()
		digest, err := HashPassword(r.Context(), password)
		if err != nil {
			return err
		}
		change.PasswordHash = &digest
	}
	account, err := s.Accounts.ChangeAccount(r.Context(), c.actor(), NormalName(chi.URLParam(r, "name")), change, func(a pg.Account) error {
		switch {
		case a.Synthetic && in.ResetPassword:
			return refuse(errForbidden, "演示账号的密码是公开的，不能修改", "the password of a demonstration account is public and cannot be changed")
		case !c.manages(&a):
			return refuse(errForbidden, "您不能管理这个账号：它的角色超出您的管理范围", "you cannot manage this account: it has roles where you do not manage accounts")
		}
		return nil
	})
	if err != nil {
		return err
	}
	doc := s.accountDoc(r, &account)
	doc.Password = password
	return s.plain(w, r, doc)
}

// needsBrowser keeps a token that was lost from making itself more accounts and tokens.
func needsBrowser(c *caller) error {
	if c.secret == "" {
		return errNeedsBrowser
	}
	return nil
}

type tokenDoc struct {
	ID        int64      `json:"id"`
	Account   string     `json:"account"`
	Label     string     `json:"label"`
	MadeAt    time.Time  `json:"made_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	// Token is shown this once.
	Token string `json:"token,omitempty"`
}

func describeToken(k *pg.Token) tokenDoc {
	return tokenDoc{ID: k.ID, Account: k.Account, Label: k.Label, MadeAt: k.MadeAt.UTC(), ExpiresAt: k.ExpiresAt, UsedAt: k.UsedAt, RevokedAt: k.Revoked}
}

// getTokens lists one's own tokens.
func (s *server) getTokens(w http.ResponseWriter, r *http.Request) error {
	if _, err := readParams(r); err != nil {
		return err
	}
	all, err := s.Accounts.Tokens(r.Context(), callerOf(r).account.Name)
	if err != nil {
		return err
	}
	docs := []tokenDoc{}
	for i := range all {
		docs = append(docs, describeToken(&all[i]))
	}
	return s.plain(w, r, map[string]any{"tokens": docs})
}

// maxTokenDays is ten years; a token without an end is made with days 0.
const maxTokenDays = 3650

func (s *server) postToken(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Label string `json:"label"`
		Days  int    `json:"days"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	c := callerOf(r)
	if err := needsBrowser(c); err != nil {
		return err
	}
	if in.Days < 0 || in.Days > maxTokenDays {
		return refuse(pg.ErrInvalid, "有效天数为 0（不限）至 %d", "days are 0, for no end, to %d", maxTokenDays)
	}
	var expires *time.Time
	if in.Days > 0 {
		t := time.Now().Add(time.Duration(in.Days) * 24 * time.Hour).UTC()
		expires = &t
	}
	token, digest := NewToken()
	k, err := s.Accounts.CreateToken(r.Context(), c.actor(), c.account.Name, in.Label, digest, expires)
	if err != nil {
		return err
	}
	doc := describeToken(&k)
	doc.Token = token
	return s.created(w, r, doc)
}

func (s *server) deleteToken(w http.ResponseWriter, r *http.Request) error {
	c := callerOf(r)
	if err := needsBrowser(c); err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		return errNotFound
	}
	owner := c.account.Name
	if c.mayIn(UsersManage, pg.Everywhere) && !c.account.Synthetic {
		owner = ""
	}
	if err := s.Accounts.RevokeToken(r.Context(), c.actor(), id, owner); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type auditDoc struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	Action    string    `json:"action"`
	Subject   string    `json:"subject"`
	SubjectID *int64    `json:"subject_id"`
	Detail    any       `json:"detail"`
}

// created answers with something new, whose secret is shown this once.
func (s *server) created(w http.ResponseWriter, r *http.Request, doc any) error {
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Cache-Control", "no-store")
	writeBody(w, r, http.StatusCreated, body)
	return nil
}

// getAudit pages through the log from the newest row on: next is the value of before for the page that follows.
func (s *server) getAudit(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "before", "limit", "actor", "action")
	if err != nil {
		return err
	}
	q := pg.AuditQuery{Actor: p.get("actor"), Action: p.get("action")}
	if q.Limit, err = p.whole("limit", 1, 1000, 100); err != nil {
		return err
	}
	if text := p.get("before"); text != "" {
		if q.Before, err = strconv.ParseInt(text, 10, 64); err != nil || q.Before < 1 {
			return badParameter("before", "“%s”不是日志编号", "%q is no number of a row", printable(text))
		}
	}
	rows, err := s.Accounts.AuditRows(r.Context(), q)
	if err != nil {
		return err
	}
	docs := []auditDoc{}
	for _, row := range rows {
		var detail map[string]any
		if err := json.Unmarshal(row.Detail, &detail); err != nil {
			return err
		}
		if callerOf(r).account.Synthetic {
			// Where the password is public, visitors must not see each other's addresses.
			delete(detail, "address")
		}
		docs = append(docs, auditDoc{row.ID, row.Time.UTC(), row.Actor, row.Action, row.Subject, row.SubjectID, detail})
	}
	var next *int64
	if len(rows) == q.Limit {
		next = &rows[len(rows)-1].ID
	}
	return s.plain(w, r, map[string]any{"entries": docs, "next": next})
}
