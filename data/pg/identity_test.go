package pg_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

const someHash = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func account(name string, grants ...pg.Grant) pg.NewAccount {
	return pg.NewAccount{Name: name, DisplayName: name, PasswordHash: someHash, Grants: grants}
}

func TestOneOfManyStartsMakesTheFirstAccount(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			ok, err := s.EnsureFirstAccount(t.Context(), "cli:x", func() (pg.NewAccount, error) {
				return account("sysadmin", pg.Grant{Role: "admin", Scope: pg.Everywhere}), nil
			})
			if err != nil {
				t.Error(err)
			}
			if ok {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d first accounts", made.Load())
	}
}

func TestAccountsKeepTheRulesOfTheSchema(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	for _, c := range []struct {
		n    pg.NewAccount
		want error
	}{
		{account("王秀英"), nil},
		{account("王秀英"), pg.ErrExists},
		{account("a"), pg.ErrInvalid}, {account("Upper"), pg.ErrInvalid}, {account("two words"), pg.ErrInvalid}, {account("cli:x"), pg.ErrInvalid}, {account("tab\there"), pg.ErrInvalid},
		{pg.NewAccount{Name: "clear", DisplayName: "x", PasswordHash: "in the clear"}, pg.ErrInvalid},
		{pg.NewAccount{Name: "noname", PasswordHash: someHash}, pg.ErrInvalid},
		{account("role", pg.Grant{Role: "emperor", Scope: pg.Everywhere}), pg.ErrInvalid},
		{account("scope", pg.Grant{Role: "editor", Scope: "3307"}), pg.ErrInvalid},
	} {
		_, err := s.CreateAccount(t.Context(), "test", c.n)
		if !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.n.Name, err, c.want)
		}
	}
	all, err := s.Accounts(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("%d accounts, %v: a refused one left something behind", len(all), err)
	}
}

// Each write of an account is in the change log, with digests that join, and in the audit log.
func TestAccountsAreInTheLogs(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	mustAdd := func(n pg.NewAccount) {
		t.Helper()
		if _, err := s.CreateAccount(t.Context(), "root", n); err != nil {
			t.Fatal(err)
		}
	}
	mustAdd(account("one", pg.Grant{Role: "editor", Scope: "330727000000"}))
	hash := someHash[:len(someHash)-1] + "E"
	yes := true
	for _, c := range []pg.AccountChange{
		{PasswordHash: &hash, Temporary: true}, {Grant: []pg.Grant{{Role: "planner", Scope: "330727001000"}}},
		{Revoke: []pg.Grant{{Role: "editor", Scope: "330727000000"}}}, {Disabled: &yes},
	} {
		if _, err := s.ChangeAccount(t.Context(), "root", "one", c, nil); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := s.ChangesAfter(t.Context(), 0, 100)
	if err != nil || len(changes) != 5 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	for i, c := range changes {
		if c.Subject != "account" || c.ID != changes[0].ID || c.Actor != "root" {
			t.Errorf("%d: %+v", i, c)
		}
	}
	rows, err := s.AuditRows(t.Context(), pg.AuditQuery{Actor: "root", Limit: 100})
	if err != nil || len(rows) != 5 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	// What is refused in the transaction leaves nothing.
	refused := errors.New("no")
	if _, err := s.ChangeAccount(t.Context(), "root", "one", pg.AccountChange{Disabled: new(bool)}, func(pg.Account) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	if a, err := s.AccountByName(t.Context(), "one"); err != nil || !a.Disabled || len(a.Grants) != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

func TestADisabledAccountHasNoSessionAndNoToken(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	a, err := s.CreateAccount(t.Context(), "test", account("one"))
	if err != nil {
		t.Fatal(err)
	}
	session, token := sha256.Sum256([]byte("s")), sha256.Sum256([]byte("t"))
	if err := s.StartSession(t.Context(), a, pg.NewSession{Digest: session, Lasts: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateToken(t.Context(), "test", "one", "x", token, nil); err != nil {
		t.Fatal(err)
	}
	check := func(want error) {
		t.Helper()
		if _, err := s.SessionAccount(t.Context(), session, time.Hour); !errors.Is(err, want) {
			t.Errorf("session: %v, want %v", err, want)
		}
		if _, _, err := s.TokenAccount(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("token: %v, want %v", err, want)
		}
	}
	check(nil)
	yes, no := true, false
	if _, err := s.ChangeAccount(t.Context(), "test", "one", pg.AccountChange{Disabled: &yes}, nil); err != nil {
		t.Fatal(err)
	}
	check(pg.ErrNotFound)
	if err := s.StartSession(t.Context(), a, pg.NewSession{Digest: sha256.Sum256([]byte("u")), Lasts: time.Hour}); !errors.Is(err, pg.ErrNotFound) {
		t.Errorf("a session for a disabled account: %v", err)
	}
	if _, err := s.ChangeAccount(t.Context(), "test", "one", pg.AccountChange{Disabled: &no}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SessionAccount(t.Context(), session, time.Hour); !errors.Is(err, pg.ErrNotFound) {
		t.Errorf("enabling the account revived a session: %v", err)
	}
	past := time.Now().Add(-time.Second)
	over := sha256.Sum256([]byte("over"))
	if _, err := s.CreateToken(t.Context(), "test", "one", "over", over, &past); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.TokenAccount(t.Context(), over); !errors.Is(err, pg.ErrNotFound) {
		t.Errorf("a token that is over: %v", err)
	}
}

// The demonstration's accounts come and go with its divisions, in the same transaction.
func TestDemonstrationAccountsFollowTheDemonstration(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	n := account("visitor", pg.Grant{Role: "admin", Scope: pg.Everywhere})
	n.Synthetic = true
	if _, err := s.CreateAccount(t.Context(), "test", n); err != nil {
		t.Fatal(err)
	}
	check := func(want bool) {
		t.Helper()
		if a, err := s.AccountByName(t.Context(), "visitor"); err != nil || a.Disabled != want {
			t.Errorf("disabled %v, want %v; %v", a.Disabled, want, err)
		}
	}
	check(true)
	mustImport(t, s, nil, synthetic(unit(anwen, "甲")))
	check(false)
	r, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test"}, []division.Unit{unit(anwen, "乙")})
	if err != nil {
		t.Fatal(err)
	}
	check(true)
	if _, err := s.UndoImport(t.Context(), r.ID, "test"); err != nil {
		t.Fatal(err)
	}
	check(false)
}

// Many guesses at once get no more tries than one after the other.
func TestGuessesAtOnceDoNotSlipThrough(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	g := []pg.Guess{{Subject: "account x", Free: 5}, {Subject: "address y", Free: 1000}}
	var through atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			wait, err := s.BeginSignIn(t.Context(), g)
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if through.Load() != 5 {
		t.Errorf("%d of 20 guesses got through, want 5", through.Load())
	}
	wait, err := s.BeginSignIn(t.Context(), g)
	if err != nil || wait < 20*time.Second || wait > 31*time.Second {
		t.Errorf("wait %v, %v", wait, err)
	}
	// Success forgets the account's failures and takes back one of the address's.
	if err := s.EndSignIn(t.Context(), g[1:], g[0]); err != nil {
		t.Fatal(err)
	}
	if wait, err := s.BeginSignIn(t.Context(), g); err != nil || wait != 0 {
		t.Errorf("after success: wait %v, %v", wait, err)
	}
}

func TestWaitingDoublesUpToABound(t *testing.T) {
	last := time.Duration(0)
	for n := range 60 {
		w := pg.WaitAfter(n, 5)
		if (n < 5) != (w == 0) || w < last || w > 15*time.Minute {
			t.Errorf("after %d failures %v", n, w)
		}
		last = w
	}
	if last != 15*time.Minute || fmt.Sprint(pg.WaitAfter(6, 5)) != "1m0s" {
		t.Errorf("%v %v", last, pg.WaitAfter(6, 5))
	}
}
