package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yutu/data/cluster"
	"yutu/data/pg"
)

const doctorHelp = `检查运行环境：数据库程序、PostGIS、数据库能否打开、现有数据。只读，不改动任何东西。

Checks what the program needs: the database server, PostGIS, whether the database opens and what it holds.`

type doctorCmd struct{}

// Help returns the text of yutu doctor --help.
func (doctorCmd) Help() string { return doctorHelp }

func (doctorCmd) Run(a *app) error {
	url := a.Database
	if url == "" {
		if err := cluster.Installed(a.Home); err != nil {
			return err
		}
		a.tell("✓ 已安装 PostgreSQL 与 PostGIS", "✓ PostgreSQL and PostGIS are installed")
		ctx, cancel := context.WithTimeout(a.ctx, 5*time.Second)
		defer cancel()
		var err error
		url, err = cluster.Attach(ctx, a.Home)
		if errors.Is(err, cluster.ErrNotRunning) {
			a.tell("· 服务没有在运行（yutu serve 启动它）", "· the service is not running (yutu serve starts it)")
			return nil
		}
		if err != nil {
			return err
		}
	}
	store, err := pg.Open(a.ctx, url)
	if err != nil {
		return err
	}
	defer store.Close()
	total, synthetic, err := store.DivisionCount(a.ctx)
	if err != nil {
		return err
	}
	a.tell("✓ 数据库已打开", "✓ the database opens")
	a.tell("✓ 区划 %d 条，其中合成示范数据 %d 条", "✓ %d divisions, %d of them synthetic", total, synthetic)
	fmt.Fprintln(a.stdout, "ok")
	return nil
}
