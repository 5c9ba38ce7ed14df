package api

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"yutu/data/pg"
	"yutu/geo/division"
)

// Who asks is told by a cookie with the secret of a session, or by a bearer token. Both are 32 random bytes of which
// the database keeps the digest alone: whoever reads it, or a copy of it, cannot act for anybody. An ordinary library
// for sessions keeps a bag of values under a key in the clear and reads and writes it with every request; here one
// indexed query brings account and roles, disabling an account ends its sessions in the same transaction, and reading
// costs a public route nothing. That is less code than teaching such a library.
const (
	sessionCookie = "yutu_session"
	sessionPath   = "/api/v1/session"
	csrfHeader    = "X-CSRF-Token"
	// tokenPrefix lets people and scanners recognise a token that lies about.
	tokenPrefix = "yutu_"

	// sessionIdle ends a session overnight, sessionLasts one that never rests.
	sessionIdle  = 8 * time.Hour
	sessionLasts = 7 * 24 * time.Hour
)

// anonymous is the actor of whoever is not signed in. No account can bear the name.
const anonymous = "anonymous"

// caller is who asks.
type caller struct {
	account *pg.Account // nil: nobody
	// secret is the session's, of a browser; token is the label of a program's token. One of them is empty.
	secret, token string
	// scoped: authorize was asked about divisions and agreed.
	scoped bool
}

func (c *caller) may(need Permission) bool {
	return slices.ContainsFunc(c.account.Grants, func(g pg.Grant) bool { return slices.Contains(may[g.Role], need) })
}

func (c *caller) mayIn(need Permission, code division.Code) bool {
	return slices.ContainsFunc(c.account.Grants, func(g pg.Grant) bool { return slices.Contains(may[g.Role], need) && g.Covers(code) })
}

// can lists what the caller may do somewhere, in the order of the table.
func (c *caller) can() []Permission {
	out := []Permission{}
	if c.account == nil {
		return out
	}
	for _, p := range may["admin"] { // who has them all
		if c.may(p) {
			out = append(out, p)
		}
	}
	return out
}

type callerKey struct{}

func withCaller(r *http.Request, c *caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
}

func callerOf(r *http.Request) *caller {
	c, _ := r.Context().Value(callerKey{}).(*caller)
	return c
}

// actorOf is what the logs call whoever asks: the name of the account, with the label of the token if a program acts
// for it.
func actorOf(r *http.Request) string { return callerOf(r).actor() }

func (c *caller) actor() string {
	switch {
	case c == nil || c.account == nil:
		return anonymous
	case c.token != "":
		return c.account.Name + " token:" + c.token
	}
	return c.account.Name
}

// whoAsks reads cookie or token and asks the database. Nobody is no error. A request with a bearer token is never
// taken for a browser's, whatever cookies it brings, and a token that is not in effect is refused rather than taken
// for nobody: a program would not notice. Errors: errBadToken, pg.ErrUnavailable.
func (s *server) whoAsks(r *http.Request) (*caller, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		secret, ok := parseBearer(h)
		if !ok {
			return nil, errBadToken
		}
		if s.Accounts == nil {
			return nil, pg.ErrUnavailable
		}
		a, label, err := s.Accounts.TokenAccount(r.Context(), sha256.Sum256([]byte(secret)))
		switch {
		case errors.Is(err, pg.ErrNotFound):
			return nil, errBadToken
		case err != nil:
			return nil, err
		}
		return &caller{account: &a, token: label}, nil
	}
	secret, ok := sessionSecret(r)
	if !ok {
		return &caller{}, nil
	}
	if s.Accounts == nil {
		return nil, pg.ErrUnavailable
	}
	a, err := s.Accounts.SessionAccount(r.Context(), sha256.Sum256([]byte(secret)), sessionIdle)
	switch {
	case errors.Is(err, pg.ErrNotFound):
		return &caller{}, nil
	case err != nil:
		return nil, err
	}
	return &caller{account: &a, secret: secret}, nil
}

// newSecret is 32 random bytes in 43 characters.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// parseSecret takes what newSecret makes and nothing else.
func parseSecret(s string) (string, bool) {
	if len(s) != 43 {
		return "", false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return s, err == nil
}

// parseBearer reads an Authorization header.
func parseBearer(h string) (secret string, ok bool) {
	scheme, rest, found := strings.Cut(h, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	rest, found = strings.CutPrefix(strings.TrimSpace(rest), tokenPrefix)
	if !found {
		return "", false
	}
	return parseSecret(rest)
}

// NewToken makes a token for a program and the digest under which the database knows it.
func NewToken() (token string, digest [32]byte) {
	secret := newSecret()
	return tokenPrefix + secret, sha256.Sum256([]byte(secret))
}

// sessionSecret reads the cookie. A browser that was given two is not believed.
func sessionSecret(r *http.Request) (string, bool) {
	cookies := r.CookiesNamed(sessionCookie)
	if len(cookies) != 1 {
		return "", false
	}
	return parseSecret(cookies[0].Value)
}

// setCookie gives the browser its secret, or with "" takes it away.
func (s *server) setCookie(w http.ResponseWriter, r *http.Request, secret string) {
	c := &http.Cookie{
		Name: sessionCookie, Value: secret, Path: s.root + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.base(r), "https://"), MaxAge: int(sessionLasts.Seconds()),
	}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// csrfToken is what a page of ours knows and a foreign one does not: it follows from the session's secret, which
// pages cannot read, and is told by GET /api/v1/session, which foreign pages cannot read.
func csrfToken(secret string) string {
	if secret == "" {
		return ""
	}
	m := hmac.New(sha256.New, []byte(secret))
	_, _ = m.Write([]byte("csrf")) // never fails
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// checkForgery refuses a change that a foreign page made a browser ask for. Programs with a token are beyond that.
func (s *server) checkForgery(r *http.Request, c *caller) error {
	if c.token != "" {
		return nil
	}
	if err := s.checkOrigin(r); err != nil {
		return err
	}
	if c.secret == "" || !hmac.Equal([]byte(r.Header.Get(csrfHeader)), []byte(csrfToken(c.secret))) {
		return errForgery
	}
	return nil
}

// checkOrigin refuses what a browser says comes from a foreign page. Clients that are no browsers say nothing.
func (s *server) checkOrigin(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errForgery
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	if origin != strings.TrimSuffix(s.base(r), s.root) {
		return errForgery
	}
	return nil
}

// address is where the request comes from. Behind a trusted proxy the proxy says so; the last entry is its own.
func (s *server) address(r *http.Request) string {
	if s.TrustForwarded {
		if all := r.Header.Values("X-Forwarded-For"); len(all) > 0 {
			list := strings.Split(all[len(all)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(list[len(list)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// auditTimeout bounds the noting of a refusal; the refusal itself does not depend on it.
const auditTimeout = 5 * time.Second

// noteRefusal writes a refusal into the audit log. With the database away the service's own log has to do.
func (s *server) noteRefusal(r *http.Request, p problem, err error) {
	if s.Accounts == nil {
		return
	}
	detail := map[string]any{
		"method": r.Method, "path": printable(r.URL.Path), "status": p.Status, "problem": strings.TrimPrefix(p.Type, problemPrefix),
		"address": s.address(r),
	}
	var name *tried
	if errors.As(err, &name) {
		detail["account"] = name.account
	}
	// Whoever hangs up before being refused is refused all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditTimeout)
	defer cancel()
	if err := s.Accounts.Audit(ctx, actorOf(r), "refuse", "route", detail); err != nil {
		s.Log.Warn("a refusal could not be noted", "error", err, "actor", actorOf(r), "method", r.Method, "path", r.URL.Path, "status", p.Status)
	}
}
