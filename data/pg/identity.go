package pg

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yutu/geo"
	"yutu/geo/division"
)

const (
	subjectAccount = "account"
	subjectSession = "session"
	subjectToken   = "api_token"
)

// Everywhere is the scope of a role that holds in every division. No division bears the code: there is no province 00.
const Everywhere division.Code = "000000000000"

// Grant is a role together with where it holds.
type Grant struct {
	Role string
	// Scope is a division; the role holds in it and in everything below by code.
	Scope division.Code
}

// Covers reports whether the role holds in the division.
func (g Grant) Covers(c division.Code) bool { return g.Scope == Everywhere || c.Within(g.Scope) }

// Account is somebody who may sign in. It carries no password, and no digest of one.
type Account struct {
	ID                int64
	Name, DisplayName string
	// Temporary: the password was made by somebody else and waits to be changed.
	Temporary bool
	// Disabled: nobody can sign in with it, either because somebody said so or because it belongs to a demonstration
	// that is over.
	Disabled bool
	// Synthetic: it belongs to the demonstration.
	Synthetic    bool
	MadeAt       time.Time
	SignedInAt   *time.Time
	Grants       []Grant
	passwordHash string
}

// PasswordHash is the argon2id digest that was stored with the account.
func (a *Account) PasswordHash() string { return a.passwordHash }

// disabled is whether an account a is without effect. A demonstration's accounts, whose passwords everybody may read,
// end in the very transaction that withdraws its divisions, and return if that is taken back.
const disabled = `(a.disabled OR a.synthetic AND NOT EXISTS (SELECT FROM division d WHERE d.synthetic))`

// selectAccount is the beginning of every query that scanAccount reads.
const selectAccount = `SELECT a.id, a.name, a.display_name, a.temporary, ` + disabled + `, a.synthetic, a.made_at, a.signed_in_at, a.password,
	ARRAY(SELECT g.role FROM role_grant g WHERE g.account_id = a.id ORDER BY g.scope, g.role),
	ARRAY(SELECT g.scope FROM role_grant g WHERE g.account_id = a.id ORDER BY g.scope, g.role) FROM account a `

func scanAccount(row pgx.CollectableRow) (a Account, err error) {
	var roles, scopes []string
	err = row.Scan(&a.ID, &a.Name, &a.DisplayName, &a.Temporary, &a.Disabled, &a.Synthetic, &a.MadeAt, &a.SignedInAt, &a.passwordHash, &roles, &scopes)
	for i := range roles {
		a.Grants = append(a.Grants, Grant{roles[i], division.Code(scopes[i])})
	}
	return a, err
}

// digest is what the change log says of an account; a session or a sign-in does not change it.
func (a *Account) digest(stated bool) []byte {
	b, err := json.Marshal([]any{a.Name, a.DisplayName, a.Temporary, stated, a.Synthetic, a.passwordHash, a.Grants})
	if err != nil {
		panic(err) // strings and booleans
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// Accounts returns all accounts by name.
func (s *Store) Accounts(ctx context.Context) (accounts []Account, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, selectAccount+`ORDER BY a.name`)
		if err != nil {
			return err
		}
		accounts, err = pgx.CollectRows(rows, scanAccount)
		return err
	})
	return accounts, err
}

// AccountByName returns the account with the name, in lower case. Errors: ErrNotFound, ErrUnavailable.
func (s *Store) AccountByName(ctx context.Context, name string) (a Account, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		a, err = accountWhere(ctx, conn, name, `WHERE a.name = $1`)
		return err
	})
	return a, err
}

func accountWhere(ctx context.Context, q querier, name, where string) (Account, error) {
	rows, err := q.Query(ctx, selectAccount+where, clean(name))
	if err != nil {
		return Account{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAccount)
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, &Error{Kind: ErrNotFound, Text: geo.Text{
			ZH: fmt.Sprintf("没有名为“%s”的账号", clean(name)),
			EN: fmt.Sprintf("there is no account with the name %q", clean(name)),
		}}
	}
	return a, err
}

// NewAccount is an account to be.
type NewAccount struct {
	// Name is what one signs in with: 2 to 40 characters, lower case, no spaces or colons.
	Name, DisplayName string
	// PasswordHash is an argon2id digest.
	PasswordHash string
	// See Account.
	Temporary, Synthetic bool
	Grants               []Grant
}

// CreateAccount adds an account. Errors: ErrExists, ErrInvalid, ErrUnavailable.
func (s *Store) CreateAccount(ctx context.Context, actor string, n NewAccount) (Account, error) {
	var a Account
	_, err := s.InTx(ctx, actor, func(t *Tx) (err error) {
		a, err = t.createAccount(ctx, n)
		return err
	})
	return a, err
}

// EnsureFirstAccount adds the account if there is none yet but those of a demonstration, and reports whether it did.
// Of several programs that start at once one does.
func (s *Store) EnsureFirstAccount(ctx context.Context, actor string, n func() (NewAccount, error)) (made bool, err error) {
	_, err = s.InTx(ctx, actor, func(t *Tx) error {
		var exists bool
		if err := t.lockForIdentity(ctx); err != nil {
			return err
		}
		if err := t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM account WHERE NOT synthetic)`).Scan(&exists); err != nil || exists {
			return err
		}
		account, err := n()
		if err != nil {
			return err
		}
		made = true
		_, err = t.createAccount(ctx, account)
		return err
	})
	return made && err == nil, err
}

// lockForIdentity keeps other writers of accounts out until the end of the transaction.
func (t *Tx) lockForIdentity(ctx context.Context) error {
	_, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockIdentity))
	return err
}

func (t *Tx) createAccount(ctx context.Context, n NewAccount) (Account, error) {
	var id int64
	err := t.tx.QueryRow(ctx, `INSERT INTO account (name, display_name, password, temporary, synthetic) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
		clean(n.Name), clean(n.DisplayName), n.PasswordHash, n.Temporary, n.Synthetic).Scan(&id)
	if err != nil {
		return Account{}, refusedAccount(err, n.Name)
	}
	if err := t.grant(ctx, id, n.Grants); err != nil {
		return Account{}, err
	}
	a, err := accountWhere(ctx, t.tx, n.Name, `WHERE a.name = $1`)
	if err != nil {
		return Account{}, err
	}
	t.changes = append(t.changes, change{subjectAccount, id, nil, a.digest(false)})
	return a, t.audit(ctx, "add", subjectAccount, id, map[string]any{"account": a.Name, "grants": grantTexts(n.Grants), "synthetic": n.Synthetic})
}

func (t *Tx) grant(ctx context.Context, id int64, grants []Grant) error {
	for _, g := range grants {
		_, err := t.tx.Exec(ctx, `INSERT INTO role_grant (account_id, role, scope, granted_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			id, g.Role, string(g.Scope), t.actor)
		if err != nil {
			return refusedAccount(err, "")
		}
	}
	return nil
}

// grantTexts is how the audit log shows grants.
func grantTexts(grants []Grant) []string {
	out := []string{}
	for _, g := range grants {
		out = append(out, g.Role+"@"+string(g.Scope))
	}
	return out
}

// refusedAccount words the refusals of the schema.
func refusedAccount(err error, name string) error {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return err
	}
	bad := func(zh, en string) error {
		return &Error{Kind: ErrInvalid, Text: geo.Text{ZH: zh, EN: en}}
	}
	switch pe.ConstraintName {
	case "account_name_key":
		return &Error{Kind: ErrExists, Text: geo.Text{
			ZH: fmt.Sprintf("账号“%s”已存在，请换一个名字", clean(name)),
			EN: fmt.Sprintf("there is an account with the name %q already: choose another", clean(name)),
		}}
	case "account_name_check":
		return bad("账号名须为 2 至 40 个字符，小写，不含空格和冒号", "a name has 2 to 40 characters in lower case, without spaces and colons")
	case "account_display_name_check":
		return bad("请填写姓名", "give the person's name")
	case "account_password_check":
		return bad("密码摘要格式不对", "this is no digest of a password")
	case "role_grant_role_check":
		return bad("角色只能是 viewer、inspector、reviewer、planner、editor、admin", "a role is one of viewer, inspector, reviewer, planner, editor, admin")
	case "role_grant_scope_check":
		return bad("范围须为 12 位区划代码", "a scope is a division code of 12 digits")
	}
	return err
}

// AccountChange says what shall be different; nil and empty fields stay as they are.
type AccountChange struct {
	DisplayName *string
	// PasswordHash replaces the password and signs every browser out but the one whose session's digest is KeepSession.
	PasswordHash *string
	Temporary    bool // with PasswordHash
	KeepSession  []byte
	// Disabled, if true, also ends all sessions.
	Disabled      *bool
	Grant, Revoke []Grant
}

// ChangeAccount changes the account with the name. allow, if not nil, is asked with the account as it is, in the
// transaction, before anything is done to it; its error is returned as it is. Errors: ErrNotFound, ErrInvalid;
// ErrLastAdmin if nobody but the demonstration would be left to manage accounts everywhere; ErrUnavailable.
func (s *Store) ChangeAccount(ctx context.Context, actor, name string, c AccountChange, allow func(Account) error) (Account, error) {
	var after Account
	_, err := s.InTx(ctx, actor, func(t *Tx) error {
		if err := t.lockForIdentity(ctx); err != nil {
			return err
		}
		before, err := accountWhere(ctx, t.tx, name, `WHERE a.name = $1`)
		if err != nil {
			return err
		}
		if allow != nil {
			if err := allow(before); err != nil {
				return err
			}
		}
		var stated bool
		if err := t.tx.QueryRow(ctx, `SELECT disabled FROM account WHERE id = $1`, before.ID).Scan(&stated); err != nil {
			return err
		}
		if err := t.changeAccount(ctx, before.ID, c); err != nil {
			return err
		}
		if after, err = accountWhere(ctx, t.tx, name, `WHERE a.name = $1`); err != nil {
			return err
		}
		if !before.Synthetic {
			if err := t.checkAdministered(ctx, before); err != nil {
				return err
			}
		}
		now := stated
		if c.Disabled != nil {
			now = *c.Disabled
		}
		if b, a := before.digest(stated), after.digest(now); string(b) != string(a) {
			t.changes = append(t.changes, change{subjectAccount, before.ID, b, a})
		}
		return t.audit(ctx, "change", subjectAccount, before.ID, c.detail(name))
	})
	return after, err
}

func (t *Tx) changeAccount(ctx context.Context, id int64, c AccountChange) error {
	_, err := t.tx.Exec(ctx, `UPDATE account SET display_name = COALESCE($2, display_name), disabled = COALESCE($3, disabled),
			password = COALESCE($4, password), temporary = CASE WHEN $4::text IS NULL THEN temporary ELSE $5 END,
			password_at = CASE WHEN $4::text IS NULL THEN password_at ELSE clock_timestamp() END WHERE id = $1`,
		id, c.DisplayName, c.Disabled, c.PasswordHash, c.Temporary)
	if err != nil {
		return refusedAccount(err, "")
	}
	if c.PasswordHash != nil || c.Disabled != nil && *c.Disabled {
		if _, err := t.tx.Exec(ctx, `DELETE FROM session WHERE account_id = $1 AND ($2::bytea IS NULL OR digest <> $2)`, id, c.KeepSession); err != nil {
			return err
		}
	}
	for _, g := range c.Revoke {
		if _, err := t.tx.Exec(ctx, `DELETE FROM role_grant WHERE account_id = $1 AND role = $2 AND scope = $3`, id, g.Role, string(g.Scope)); err != nil {
			return err
		}
	}
	return t.grant(ctx, id, c.Grant)
}

// checkAdministered refuses a change of the account that takes away the last one who manages accounts everywhere.
func (t *Tx) checkAdministered(ctx context.Context, before Account) error {
	was := !before.Disabled
	has := false
	for _, g := range before.Grants {
		has = has || g.Role == roleAdmin && g.Scope == Everywhere
	}
	if !was || !has {
		return nil
	}
	var left bool
	err := t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM account a JOIN role_grant g ON g.account_id = a.id
		WHERE NOT a.disabled AND NOT a.synthetic AND g.role = $1 AND g.scope = $2)`, roleAdmin, string(Everywhere)).Scan(&left)
	if err != nil || left {
		return err
	}
	return &Error{Kind: ErrLastAdmin, Text: geo.Text{
		ZH: "这是最后一个管理全部区划的管理员，不能停用或收回其角色；请先另设一个",
		EN: "this is the last administrator for all divisions and cannot be disabled or lose the role: appoint another one first",
	}}
}

// roleAdmin is the role that the store has to know: somebody must be left to grant roles.
const roleAdmin = "admin"

func (c *AccountChange) detail(name string) map[string]any {
	d := map[string]any{"account": name}
	if c.DisplayName != nil {
		d["display_name"] = *c.DisplayName
	}
	if c.PasswordHash != nil {
		d["password"] = "changed"
	}
	if c.Disabled != nil {
		d["disabled"] = *c.Disabled
	}
	if len(c.Grant) > 0 {
		d["granted"] = grantTexts(c.Grant)
	}
	if len(c.Revoke) > 0 {
		d["revoked"] = grantTexts(c.Revoke)
	}
	return d
}
