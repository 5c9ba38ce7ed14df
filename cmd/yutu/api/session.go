package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"yutu/data/pg"
	"yutu/geo"
	"yutu/geo/division"
)

// sessionDoc says who is signed in and what they may do; nothing in it is secret but csrf, which pages of others
// cannot read.
type sessionDoc struct {
	User *userDoc `json:"user"`
	CSRF string   `json:"csrf"`
	// Can is what the user may do in at least one division.
	Can []Permission `json:"can"`
	// ReadOnly: this node takes no changes and no sign-ins.
	ReadOnly bool `json:"read_only"`
	// Demonstration is the accounts that everybody may try; null where no demonstration is loaded.
	Demonstration *demonstrationDoc `json:"demonstration"`
}

type demonstrationDoc struct {
	// Password is the same for all of them.
	Password string        `json:"password"`
	Accounts []demoAccount `json:"accounts"`
}

type demoAccount struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

type userDoc struct {
	Name        string     `json:"name"`
	DisplayName string     `json:"display_name"`
	Roles       []grantDoc `json:"roles"`
	// Temporary: the password was made by somebody else and waits to be changed.
	Temporary bool `json:"temporary"`
	Synthetic bool `json:"synthetic"`
}

type grantDoc struct {
	Role  string        `json:"role"`
	Scope division.Code `json:"scope"`
	// ScopeName is the name of the division today, or its digits if it has none.
	ScopeName string `json:"scope_name"`
}

func (s *server) grantDocs(grants []pg.Grant, l lang) []grantDoc {
	out := []grantDoc{}
	for _, g := range grants {
		out = append(out, grantDoc{g.Role, g.Scope, s.scopeName(g.Scope, l)})
	}
	return out
}

func (s *server) sessionDoc(r *http.Request, c *caller) sessionDoc {
	doc := sessionDoc{CSRF: csrfToken(c.secret), Can: c.can(), ReadOnly: s.ReadOnly}
	if c.account != nil {
		doc.User = &userDoc{c.account.Name, c.account.DisplayName, s.grantDocs(c.account.Grants, language(r)), c.account.Temporary, c.account.Synthetic}
	}
	return doc
}

// getSession answers strangers even while the database is away: they read on, and are told so where they sign in.
func (s *server) getSession(w http.ResponseWriter, r *http.Request) error {
	c, err := s.whoAsks(r)
	if err != nil {
		return err
	}
	doc := s.sessionDoc(r, c)
	if c.account == nil && !s.ReadOnly {
		doc.Demonstration = s.demonstration(r.Context())
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.plain(w, r, doc)
}

// demonstration lists the accounts of the demonstration, if there is one.
func (s *server) demonstration(ctx context.Context) *demonstrationDoc {
	snap := s.Atlas.Snapshot()
	if s.Accounts == nil || snap == nil || !snap.Stats(division.Today()).Synthetic {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, err := s.Accounts.Accounts(ctx)
	if err != nil {
		return nil
	}
	out := &demonstrationDoc{Password: DemoPassword, Accounts: []demoAccount{}}
	for _, role := range Roles {
		for _, a := range all {
			if a.Synthetic && !a.Disabled && a.Name == role.Name {
				out.Accounts = append(out.Accounts, demoAccount{a.Name, a.DisplayName})
			}
		}
	}
	if len(out.Accounts) == 0 {
		return nil
	}
	return out
}

// maxBody bounds the JSON of the small forms.
const maxBody = 64 << 10

// readJSON reads the body of a form into out; names that it does not know are refused.
func readJSON(w http.ResponseWriter, r *http.Request, out any) error {
	// A foreign page can send text and forms without asking, but no JSON.
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != typeJSON {
		return errMediaType
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return errTooLarge
		}
		return refuse(errBody, "请求内容不是所要的 JSON：%s", "the body is not the JSON that is wanted: %s", printable(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(errBody, "请求内容在 JSON 之后还有别的东西", "something follows the JSON in the body")
	}
	return nil
}

// How many failures cost nothing before waiting begins: for one account from one address, which is a person who
// mistypes; for one account from anywhere, which keeps a stranger from locking somebody out too easily; and for one
// address, behind which a whole office may sit.
const (
	freeBoth    = 5
	freeAccount = 25
	freeAddress = 50
)

func (s *server) postSession(w http.ResponseWriter, r *http.Request) error {
	if s.ReadOnly {
		return errReadOnly
	}
	if err := s.checkOrigin(r); err != nil {
		return err
	}
	var in struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if s.Accounts == nil {
		return pg.ErrUnavailable
	}
	in.Name = NormalName(in.Name)
	account, err := s.verify(r, in.Name, in.Password)
	if err != nil {
		return err
	}
	// A fresh secret at every sign-in: one that was known before, or planted, becomes worthless.
	start := pg.NewSession{Address: s.address(r), Lasts: sessionLasts}
	if old, ok := sessionSecret(r); ok {
		d := sha256.Sum256([]byte(old))
		start.Replaces = d[:]
	}
	secret := newSecret()
	start.Digest = sha256.Sum256([]byte(secret))
	if err := s.Accounts.StartSession(r.Context(), *account, start); err != nil {
		if errors.Is(err, pg.ErrNotFound) {
			return errWrongPassword
		}
		return err
	}
	s.setCookie(w, r, secret)
	w.Header().Set("Cache-Control", "no-store")
	return s.plain(w, r, s.sessionDoc(r, &caller{account: account, secret: secret}))
}

// tried is a refusal to sign in with an account that exists. Only such names are noted in the audit log: now and then
// somebody types a password into the wrong field.
type tried struct {
	error
	account string
}

func (e *tried) Unwrap() error { return e.error }

// verify checks name and password, slows down guessing, and takes as long for accounts that do not exist.
func (s *server) verify(r *http.Request, name, password string) (_ *pg.Account, err error) {
	ctx := r.Context()
	address := s.address(r)
	both := pg.Guess{Subject: "both " + name + " " + address, Free: freeBoth}
	byName := pg.Guess{Subject: "account " + name, Free: freeAccount}
	byAddress := pg.Guess{Subject: "address " + address, Free: freeAddress}
	digest := nobody
	account, err := s.Accounts.AccountByName(ctx, name)
	switch {
	case err == nil:
		digest = account.PasswordHash()
		defer func() {
			if err != nil {
				err = &tried{err, name}
			}
		}()
	case !errors.Is(err, pg.ErrNotFound):
		return nil, err
	}
	guesses := []pg.Guess{both, byName, byAddress}
	wait, err := s.Accounts.BeginSignIn(ctx, guesses)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		seconds := int((wait + time.Second - 1) / time.Second)
		return nil, &refusal{kind: errTooManyAttempts, retryAfter: seconds, text: waitText(seconds)}
	}
	fits, err := checkPassword(ctx, password, digest)
	if err != nil {
		// Nobody looked at the password.
		return nil, errors.Join(err, s.Accounts.EndSignIn(context.WithoutCancel(ctx), guesses))
	}
	if !fits {
		return nil, errWrongPassword
	}
	if err := s.Accounts.EndSignIn(ctx, []pg.Guess{byAddress}, both, byName); err != nil {
		return nil, err
	}
	if account.Disabled {
		return nil, errDisabled
	}
	return &account, nil
}

func waitText(seconds int) geo.Text {
	if seconds < 90 {
		return geo.Text{ZH: "多次登录失败，请 " + itoa(seconds) + " 秒后再试。", EN: "Too many attempts failed. Try again in " + itoa(seconds) + " seconds."}
	}
	minutes := (seconds + 59) / 60
	return geo.Text{ZH: "多次登录失败，请 " + itoa(minutes) + " 分钟后再试。", EN: "Too many attempts failed. Try again in " + itoa(minutes) + " minutes."}
}

func (s *server) deleteSession(w http.ResponseWriter, r *http.Request) error {
	c := callerOf(r)
	if c.secret == "" {
		return errNeedsBrowser
	}
	if err := s.Accounts.EndSession(r.Context(), c.actor(), sha256.Sum256([]byte(c.secret))); err != nil {
		return err
	}
	s.setCookie(w, r, "")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// patchSession changes one's own password. Other browsers are signed out.
func (s *server) patchSession(w http.ResponseWriter, r *http.Request) error {
	c := callerOf(r)
	if c.secret == "" {
		return errNeedsBrowser
	}
	var in struct {
		Password    string `json:"password"`
		NewPassword string `json:"new_password"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if c.account.Synthetic {
		return refuse(errForbidden, "演示账号的密码是公开的，不能修改", "the password of a demonstration account is public and cannot be changed")
	}
	if err := JudgePassword(c.account.Name, in.NewPassword); err != nil {
		return err
	}
	if _, err := s.verify(r, c.account.Name, in.Password); err != nil {
		if errors.Is(err, errWrongPassword) {
			return errWrongOldPassword
		}
		return err
	}
	digest, err := HashPassword(r.Context(), in.NewPassword)
	if err != nil {
		return err
	}
	keep := sha256.Sum256([]byte(c.secret))
	account, err := s.Accounts.ChangeAccount(r.Context(), c.actor(), c.account.Name, pg.AccountChange{PasswordHash: &digest, KeepSession: keep[:]}, nil)
	if err != nil {
		return err
	}
	return s.plain(w, r, s.sessionDoc(r, &caller{account: &account, secret: c.secret}))
}
