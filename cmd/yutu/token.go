package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"yutu/cmd/yutu/api"
	"yutu/geo"
)

const tokenHelp = `管理程序访问用的令牌。程序在请求中写 Authorization: Bearer 令牌，代表一个账号，权限与该账号当时的角色相同。
令牌只显示一次；停用账号或撤销令牌后即时失效。

Manages tokens for programs. A program sends Authorization: Bearer TOKEN and acts for an account, with the roles that
the account has at the time. A token is shown once; it ends with the account, or when it is revoked.`

type tokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"新建令牌 · Make a token"`
	List   tokenListCmd   `cmd:"" help:"列出令牌 · List tokens"`
	Revoke tokenRevokeCmd `cmd:"" help:"撤销令牌 · Revoke a token"`
}

// Help returns the text of yutu token --help.
func (tokenCmd) Help() string { return tokenHelp }

type tokenAddCmd struct {
	Account string `arg:"" help:"账号名 · Name of the account."`
	Label   string `arg:"" help:"用途，例如 QGIS · What it is for."`
	Days    int    `help:"有效天数，0 为不限 · Days until it ends; 0 for no end." default:"365"`
}

func (c tokenAddCmd) Run(a *app) error {
	if c.Days < 0 {
		return refuse("有效天数不能为负", "the days cannot be negative")
	}
	return a.withDatabase(func(db *database) error {
		var expires *time.Time
		if c.Days > 0 {
			t := time.Now().AddDate(0, 0, c.Days).UTC()
			expires = &t
		}
		token, digest := api.NewToken()
		k, err := db.CreateToken(a.ctx, actor(), api.NormalName(c.Account), c.Label, digest, expires)
		if err != nil {
			return err
		}
		if a.JSON {
			return a.writeJSON(map[string]any{"id": k.ID, "account": k.Account, "label": k.Label, "expires_at": k.ExpiresAt, "token": token})
		}
		a.tell("已为账号 %s 新建令牌 %d（%s），只显示这一次：", "Made the token %[2]d (%[3]s) for the account %[1]s; it is shown this once:", k.Account, k.ID, k.Label)
		fmt.Fprintln(a.stdout, token)
		return nil
	})
}

type tokenListCmd struct {
	Account string `arg:"" optional:"" help:"账号名；不给则列出全部 · Name of an account; all without it."`
}

func (c tokenListCmd) Run(a *app) error {
	return a.withDatabase(func(db *database) error {
		tokens, err := db.Tokens(a.ctx, api.NormalName(c.Account))
		if err != nil {
			return err
		}
		if a.JSON {
			docs := []map[string]any{}
			for _, k := range tokens {
				docs = append(docs, map[string]any{"id": k.ID, "account": k.Account, "label": k.Label, "made_at": k.MadeAt, "made_by": k.MadeBy,
					"expires_at": k.ExpiresAt, "used_at": k.UsedAt, "revoked_at": k.Revoked})
			}
			return a.writeJSON(docs)
		}
		if len(tokens) == 0 {
			a.tell("没有令牌。", "There are no tokens.")
			return nil
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		day := func(t *time.Time, zh, en string) string {
			if t == nil {
				return a.say(geo.Text{ZH: zh, EN: en})
			}
			return t.In(time.Local).Format("2006-01-02")
		}
		for _, k := range tokens {
			state := ""
			switch {
			case k.Revoked != nil:
				state = a.say(geo.Text{ZH: "已撤销", EN: "revoked"})
			case k.ExpiresAt != nil && k.ExpiresAt.Before(time.Now()):
				state = a.say(geo.Text{ZH: "已过期", EN: "over"})
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Account, k.Label, day(k.ExpiresAt, "不限期", "no end"), day(k.UsedAt, "未用过", "never used"), state)
		}
		return w.Flush()
	})
}

type tokenRevokeCmd struct {
	ID int64 `arg:"" name:"token-id" help:"令牌编号，见 yutu token list · Number of the token."`
}

func (c tokenRevokeCmd) Run(a *app) error {
	return a.withDatabase(func(db *database) error {
		if err := db.RevokeToken(a.ctx, actor(), c.ID, ""); err != nil {
			return err
		}
		if a.JSON {
			return a.writeJSON(map[string]any{"revoked": c.ID})
		}
		a.tell("已撤销令牌 %d。", "The token %d is revoked.", c.ID)
		return nil
	})
}
