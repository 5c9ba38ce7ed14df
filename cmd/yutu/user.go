package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"yutu/cmd/yutu/api"
	"yutu/data/pg"
	"yutu/geo"
)

const userHelp = `管理账号：新建、列出、重置密码、停用、授予和收回角色。
角色必须连同范围一起授予；范围是一个区划代码，包括其下全部区划。新密码只显示一次。

Manages accounts. A role is granted together with a scope, which is a division code and holds for everything below.
A new password is shown once and kept nowhere.`

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"新建账号 · Add an account"`
	List    userListCmd    `cmd:"" help:"列出账号与角色 · List accounts and their roles"`
	Reset   userResetCmd   `cmd:"" help:"重置密码 · Make a new password"`
	Disable userDisableCmd `cmd:"" help:"停用（或用 --enable 恢复）账号 · Disable an account, or enable it again"`
	Grant   userGrantCmd   `cmd:"" help:"授予角色 · Grant a role"`
	Revoke  userRevokeCmd  `cmd:"" help:"收回角色 · Take a role back"`
}

// Help returns the text of yutu user --help.
func (userCmd) Help() string { return userHelp }

// newPassword makes a password and its digest.
func newPassword(ctx context.Context) (password, digest string, err error) {
	password = api.NewPassword()
	digest, err = api.HashPassword(ctx, password)
	return password, digest, err
}

// withDatabase opens the database, also that of a program that runs already, and closes it afterwards.
func (a *app) withDatabase(fn func(db *database) error) error {
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(db)
}

// grantArg is a role and where it holds, as a person writes it: editor@330727, admin@all.
type grantArg struct {
	Role  string `arg:"" help:"角色 · Role." enum:"viewer,inspector,reviewer,planner,editor,admin"`
	Scope string `arg:"" help:"区划代码，all 为全部 · Division code, or all."`
}

func (g grantArg) grant() (pg.Grant, error) {
	if g.Scope == "all" {
		g.Scope = ""
	} else if g.Scope == "" {
		return pg.Grant{}, refuse("请写明范围：区划代码，或 all", "say where the role holds: a division code, or all")
	}
	return api.ParseGrant(g.Role, g.Scope)
}

type userAddCmd struct {
	Name        string   `arg:"" help:"账号名 · Name to sign in with."`
	DisplayName string   `help:"姓名 · The person's name." placeholder:"姓名"`
	Grant       []string `help:"角色@区划代码，可重复，例如 editor@330727、admin@all · Role@code, may be repeated." placeholder:"ROLE@CODE"`
}

func (c userAddCmd) Run(a *app) error {
	var grants []pg.Grant
	for _, text := range c.Grant {
		role, scope, ok := strings.Cut(text, "@")
		if !ok {
			return refuse("“%s”缺少范围，请写作 角色@区划代码", "%q has no scope: write role@code", text)
		}
		g, err := grantArg{role, scope}.grant()
		if err != nil {
			return err
		}
		grants = append(grants, g)
	}
	return a.withDatabase(func(db *database) error {
		password, digest, err := newPassword(a.ctx)
		if err != nil {
			return err
		}
		name := api.NormalName(c.Name)
		if c.DisplayName == "" {
			c.DisplayName = name
		}
		if name == "anonymous" {
			return refuse("这个账号名不能使用", "this name is taken by those who have none")
		}
		account, err := db.CreateAccount(a.ctx, actor(), pg.NewAccount{Name: name, DisplayName: c.DisplayName, PasswordHash: digest, Temporary: true, Grants: grants})
		if err != nil {
			return err
		}
		return a.showAccount(account, password, "已新建账号 %s。", "Added the account %s.")
	})
}

// showAccount says what was done to an account and, this once, its new password.
func (a *app) showAccount(account pg.Account, password, zh, en string) error {
	if a.JSON {
		doc := map[string]any{"name": account.Name, "display_name": account.DisplayName, "disabled": account.Disabled, "roles": grantList(account.Grants)}
		if password != "" {
			doc["password"] = password
		}
		return a.writeJSON(doc)
	}
	a.tell(zh, en, account.Name)
	if password != "" {
		a.tell("密码（只显示这一次，请登录后修改）：", "Password, shown this once; change it after signing in:")
		fmt.Fprintln(a.stdout, password)
	}
	return nil
}

func grantList(grants []pg.Grant) []string {
	out := []string{}
	for _, g := range grants {
		scope := "all"
		if g.Scope != pg.Everywhere {
			scope = g.Scope.Short()
		}
		out = append(out, g.Role+"@"+scope)
	}
	return out
}

type userListCmd struct{}

func (userListCmd) Run(a *app) error {
	return a.withDatabase(func(db *database) error {
		accounts, err := db.Accounts(a.ctx)
		if err != nil {
			return err
		}
		if a.JSON {
			docs := []map[string]any{}
			for _, u := range accounts {
				docs = append(docs, map[string]any{"name": u.Name, "display_name": u.DisplayName, "disabled": u.Disabled,
					"demonstration": u.Synthetic, "roles": grantList(u.Grants), "made_at": u.MadeAt, "signed_in_at": u.SignedInAt})
			}
			return a.writeJSON(docs)
		}
		if len(accounts) == 0 {
			a.tell("还没有账号；首次启动 yutu serve 时会建立管理员。", "There are no accounts yet; the first yutu serve makes an administrator.")
			return nil
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, u := range accounts {
			var state []string
			if u.Synthetic {
				state = append(state, a.say(geo.Text{ZH: "演示", EN: "demonstration"}))
			}
			if u.Disabled {
				state = append(state, a.say(geo.Text{ZH: "已停用", EN: "disabled"}))
			}
			last := a.say(geo.Text{ZH: "未登录过", EN: "never signed in"})
			if u.SignedInAt != nil {
				last = u.SignedInAt.In(time.Local).Format("2006-01-02 15:04")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Name, u.DisplayName, strings.Join(grantList(u.Grants), " "), last, strings.Join(state, " "))
		}
		return w.Flush()
	})
}

type userResetCmd struct {
	Name string `arg:"" help:"账号名 · Name of the account."`
}

func (c userResetCmd) Run(a *app) error {
	return a.withDatabase(func(db *database) error {
		password, digest, err := newPassword(a.ctx)
		if err != nil {
			return err
		}
		account, err := db.ChangeAccount(a.ctx, actor(), api.NormalName(c.Name), pg.AccountChange{PasswordHash: &digest, Temporary: true}, func(u pg.Account) error {
			if u.Synthetic {
				return refuse("演示账号的密码是公开的（%s），不能修改", "the password of a demonstration account is public (%s) and cannot be changed", api.DemoPassword)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return a.showAccount(account, password, "已重置账号 %s 的密码，原有登录全部退出。", "The account %s has a new password; whoever was signed in with it is signed out.")
	})
}

type userDisableCmd struct {
	Name   string `arg:"" help:"账号名 · Name of the account."`
	Enable bool   `help:"恢复使用 · Enable it again."`
}

func (c userDisableCmd) Run(a *app) error {
	return a.withDatabase(func(db *database) error {
		disabled := !c.Enable
		account, err := db.ChangeAccount(a.ctx, actor(), api.NormalName(c.Name), pg.AccountChange{Disabled: &disabled}, nil)
		if err != nil {
			return err
		}
		if c.Enable {
			return a.showAccount(account, "", "已恢复账号 %s。", "The account %s is enabled again.")
		}
		return a.showAccount(account, "", "已停用账号 %s，其登录和令牌即时失效。", "The account %s is disabled; its sessions and tokens have no effect from now on.")
	})
}

type userGrantCmd struct {
	Name string `arg:"" help:"账号名 · Name of the account."`
	grantArg
}

func (c userGrantCmd) Run(a *app) error {
	g, err := c.grant()
	if err != nil {
		return err
	}
	return a.withDatabase(func(db *database) error {
		account, err := db.ChangeAccount(a.ctx, actor(), api.NormalName(c.Name), pg.AccountChange{Grant: []pg.Grant{g}}, nil)
		if err != nil {
			return err
		}
		return a.showAccount(account, "", "已向账号 %s 授予角色："+grantList([]pg.Grant{g})[0], "Granted to the account %s: "+grantList([]pg.Grant{g})[0])
	})
}

type userRevokeCmd struct {
	Name string `arg:"" help:"账号名 · Name of the account."`
	grantArg
}

func (c userRevokeCmd) Run(a *app) error {
	g, err := c.grant()
	if err != nil {
		return err
	}
	return a.withDatabase(func(db *database) error {
		held := false
		account, err := db.ChangeAccount(a.ctx, actor(), api.NormalName(c.Name), pg.AccountChange{Revoke: []pg.Grant{g}}, func(u pg.Account) error {
			for _, h := range u.Grants {
				held = held || h == g
			}
			if !held {
				return refuse("账号 %s 没有 %s；见 yutu user list", "the account %s does not have %s; see yutu user list", u.Name, grantList([]pg.Grant{g})[0])
			}
			return nil
		})
		if err != nil {
			return err
		}
		return a.showAccount(account, "", "已收回账号 %s 的角色："+grantList([]pg.Grant{g})[0], "Taken from the account %s: "+grantList([]pg.Grant{g})[0])
	})
}
