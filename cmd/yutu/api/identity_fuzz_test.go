package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yutu/data/pg"
	"yutu/geo/division"
)

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$`)

// Whatever comes in a header is either a secret in its one form or nothing: no panic, and no second spelling of the
// same secret.
func FuzzParseBearer(f *testing.F) {
	for _, s := range []string{"", "Bearer ", "Bearer yutu_" + newSecret(), "bearer  yutu_" + newSecret() + " ", "Basic eA==", "Bearer yutu_" + strings.Repeat("=", 43), "Bearer yutu_" + strings.Repeat("/", 43)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, h string) {
		secret, ok := parseBearer(h)
		if ok != (secret != "" && secretForm.MatchString(secret)) {
			t.Errorf("%q: %q %v", h, secret, ok)
		}
		if ok && !strings.Contains(h, tokenPrefix+secret) {
			t.Errorf("%q: %q", h, secret)
		}
	})
}

func FuzzSessionCookie(f *testing.F) {
	for _, s := range []string{"", sessionCookie + "=", sessionCookie + "=" + newSecret(), sessionCookie + "=a; " + sessionCookie + "=b", "x=y; " + sessionCookie + `="` + newSecret() + `"`, ";;;=;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		secret, ok := sessionSecret(r)
		if ok && !secretForm.MatchString(secret) {
			t.Errorf("%q: %q", header, secret)
		}
		if ok && strings.Count(header, sessionCookie+"=") > 1 && len(r.CookiesNamed(sessionCookie)) != 1 {
			t.Errorf("%q: one of several cookies was believed", header)
		}
	})
}

func TestSecretsHaveOneForm(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s := newSecret()
		if _, ok := parseSecret(s); !ok || seen[s] || !secretForm.MatchString(s) {
			t.Fatalf("%q", s)
		}
		seen[s] = true
		if p := NewPassword(); JudgePassword("sysadmin", p) != nil || seen[p] {
			t.Fatalf("%q", p)
		}
	}
}

// Secrets are compared by functions that take the same time wherever two differ, or by their digests in the database.
func TestNoSecretIsComparedWithAnEqualSign(t *testing.T) {
	compare := regexp.MustCompile(`(?i)(csrf|secret|password|token|digest)[a-zA-Z().]*\s*[!=]=\s*[^"n\s]|bytes\.Equal`)
	for _, name := range []string{"identity.go", "session.go", "password.go", "users.go", "access.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if compare.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}

// A grant covers a code exactly if the code lies at or below its scope, level by level.
func TestScopesFollowTheCode(t *testing.T) {
	code := rapid.Custom(func(t *rapid.T) division.Code {
		digits := rapid.StringMatching(`[1-3][0-3]0[0-2]0[0-2]00[0-2]00[0-2]`).Draw(t, "digits")
		cut := rapid.SampledFrom([]int{2, 4, 6, 9, 12}).Draw(t, "level")
		c, err := division.ParseCode(digits[:cut])
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		scope, c := code.Draw(t, "scope"), code.Draw(t, "code")
		want := false
		for up, ok := c, true; ok; up, ok = up.Parent() {
			want = want || up == scope
		}
		who := &caller{account: &pg.Account{Grants: []pg.Grant{{Role: "editor", Scope: scope}}}}
		if got := who.mayIn(DivisionsWrite, c); got != want {
			t.Fatalf("editor of %s in %s: %v, want %v", scope, c, got, want)
		}
		if who.mayIn(UsersManage, c) || who.mayIn(DivisionsWrite, pg.Everywhere) {
			t.Fatalf("an editor of %s manages accounts or edits everywhere", scope)
		}
		all := &caller{account: &pg.Account{Grants: []pg.Grant{{Role: "editor", Scope: pg.Everywhere}}}}
		if !all.mayIn(DivisionsWrite, c) {
			t.Fatalf("an editor of everything does not edit %s", c)
		}
		nobody := &caller{account: &pg.Account{}}
		if nobody.mayIn(InternalRead, c) || nobody.may(InternalRead) {
			t.Fatal("an account without roles may something")
		}
	})
}

// Whatever Origin a browser names, only the service's own is taken.
func TestOnlyTheOwnOriginIsTaken(t *testing.T) {
	s := &server{Config: Config{BaseURL: "https://map.example/yutu"}, root: "/yutu"}
	for origin, want := range map[string]bool{
		"": true, "https://map.example": true, "http://map.example": false, "https://map.example:444": false, "https://map.example.evil": false,
		"https://map.example/": false, "null": false, "https://evil.example": false,
	} {
		r := httptest.NewRequest("POST", "/api/v1/users", nil)
		r.Header.Set("Origin", origin)
		if got := s.checkOrigin(r) == nil; got != want {
			t.Errorf("Origin %q: %v", origin, got)
		}
	}
}
