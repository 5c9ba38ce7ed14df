package main

import (
	"errors"
	"fmt"
	"strings"

	"yutu/cmd/yutu/api"
	"yutu/data/pg"
	"yutu/geo"
)

// firstAdministrator is the account that a new database gets. Its name stays clear of the demonstration's accounts.
const firstAdministrator = "sysadmin"

// ensureAdministrator gives a database without accounts its first administrator and returns the password, which is
// told once; "" if there was one already.
func ensureAdministrator(a *app, db *database) (password string, err error) {
	made, err := db.EnsureFirstAccount(a.ctx, actor(), func() (n pg.NewAccount, err error) {
		var digest string
		if password, digest, err = newPassword(a.ctx); err != nil {
			return n, err
		}
		return pg.NewAccount{
			Name: firstAdministrator, DisplayName: a.say(geo.Text{ZH: "系统管理员", EN: "System administrator"}), PasswordHash: digest, Temporary: true,
			Grants: []pg.Grant{{Role: "admin", Scope: pg.Everywhere}},
		}, nil
	})
	if err != nil || !made {
		return "", err
	}
	return password, nil
}

// ensureDemoAccounts gives a demonstration one account for each role. They have no effect where no demonstration is
// loaded. An account of somebody's own with such a name is left alone.
func ensureDemoAccounts(a *app, db *database) error {
	_, synthetic, err := db.DivisionCount(a.ctx)
	if err != nil || synthetic == 0 {
		return err
	}
	var digest string
	for _, role := range api.Roles {
		if _, err := db.AccountByName(a.ctx, role.Name); !errors.Is(err, pg.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		if digest == "" {
			// One password, told to everybody: one digest will do.
			if digest, err = api.HashPassword(a.ctx, api.DemoPassword); err != nil {
				return err
			}
		}
		_, err := db.CreateAccount(a.ctx, actor(), pg.NewAccount{
			Name: role.Name, DisplayName: role.Title.ZH + "（演示）", PasswordHash: digest, Synthetic: true,
			Grants: []pg.Grant{{Role: role.Name, Scope: pg.Everywhere}},
		})
		if err != nil && !errors.Is(err, pg.ErrExists) { // another program was at it
			return err
		}
	}
	return nil
}

// accountsNote says with what one can sign in, as far as it may be said.
func accountsNote(a *app, db *database, password string) (string, error) {
	var b strings.Builder
	if password != "" {
		b.WriteString(a.say(geo.Text{
			ZH: fmt.Sprintf("\n首个管理员（只显示这一次，请登录后修改密码；忘记时用 yutu user reset %[1]s）：\n  账号 %[1]s  密码 %[2]s\n", firstAdministrator, password),
			EN: fmt.Sprintf("\nFirst administrator, shown this once; change the password after signing in (yutu user reset %[1]s makes a new one):\n  account %[1]s  password %[2]s\n", firstAdministrator, password),
		}))
	}
	accounts, err := db.Accounts(a.ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, u := range accounts {
		if u.Synthetic && !u.Disabled {
			names = append(names, u.Name)
		}
	}
	if len(names) > 0 {
		b.WriteString(a.say(geo.Text{
			ZH: fmt.Sprintf("\n演示账号（导入真实数据后即失效）：%s\n  密码均为 %s\n", strings.Join(names, "、"), api.DemoPassword),
			EN: fmt.Sprintf("\nDemonstration accounts, without effect once real data are imported: %s\n  all with the password %s\n", strings.Join(names, ", "), api.DemoPassword),
		}))
	}
	return b.String(), nil
}
