package pg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"yutu/geo"
	"yutu/migrations"
)

// minServer is the oldest server that the schema is written for and tested with.
const minServer = 15

// extensions are what the schema needs of the server: the name, and the package that brings it on Debian and
// Ubuntu, with the server's major version.
var extensions = []struct{ name, debian string }{
	{"postgis", "postgresql-%d-postgis-3"},
	{"btree_gist", "postgresql-%d"},
}

// Migrate brings the schema of the database up to date, extensions included. It does nothing where nothing is
// missing, and waits where another program is at it. Each step is one transaction.
// Errors: ErrUnavailable; ErrUnsuitable if the server is too old, lacks an extension or the right to create it, is
// not in UTF-8, or holds the schema of a newer program.
func Migrate(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return badURL(err)
	}
	settings(config)
	// A step may rewrite a large table.
	config.RuntimeParams["statement_timeout"] = "0"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return translate(ctx, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(ctx)
	}()
	// The lock goes with the connection.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(lockMigrate)); err != nil {
		return translate(ctx, err)
	}
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return translate(ctx, err)
	}
	latest, err := migrations.Latest()
	if err != nil {
		return err
	}
	switch {
	case version == latest:
		return nil
	case version > latest:
		return newerSchema(version, latest)
	}
	if err := checkServer(ctx, conn); err != nil {
		return translate(ctx, err)
	}
	return translate(ctx, migrateUp(ctx, config))
}

func migrateUp(ctx context.Context, config *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS,
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Code == "42501" { // insufficient_privilege
		return &Error{Kind: ErrUnsuitable, Err: err, Text: geo.Text{
			ZH: fmt.Sprintf("用户 %s 无权建立所需的内容。请由数据库管理员在数据库 %s 中执行 CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; 并将该数据库的所有权授予用户 %[1]s", config.User, config.Database),
			EN: fmt.Sprintf("the user %s lacks a privilege: have an administrator run CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; in the database %s, and make %[1]s its owner", config.User, config.Database),
		}}
	}
	return err
}

// schemaVersion returns the number of the last step that was taken, 0 for none.
func schemaVersion(ctx context.Context, conn *pgx.Conn) (version int64, err error) {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// checkSchema is for a store about to be opened.
func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	latest, err := migrations.Latest()
	if err != nil {
		return err
	}
	switch {
	case version > latest:
		return newerSchema(version, latest)
	case version < latest:
		return &Error{Kind: ErrUnsuitable, Text: geo.Text{
			ZH: fmt.Sprintf("数据库结构版本为 %d，本程序需要 %d。请先运行 yutu migrate", version, latest),
			EN: fmt.Sprintf("the database has schema version %d, this program needs %d: run yutu migrate first", version, latest),
		}}
	}
	return nil
}

func newerSchema(version, latest int64) error {
	return &Error{Kind: ErrUnsuitable, Text: geo.Text{
		ZH: fmt.Sprintf("数据库结构版本为 %d，比本程序所知的 %d 更新。请升级本程序", version, latest),
		EN: fmt.Sprintf("the database has schema version %d, newer than %d, the latest this program knows: update the program", version, latest),
	}}
}

// checkServer looks for what the steps will need.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var number, encoding string
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num'), current_setting('server_encoding')`).Scan(&number, &encoding)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT name FROM pg_available_extensions`)
	if err != nil {
		return err
	}
	available, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	return suitable(n/10000, encoding, available)
}

// suitable returns what is wrong with a server of the major version with the extensions.
func suitable(major int, encoding string, available []string) error {
	bad := func(zh, en string, args ...any) error {
		return &Error{Kind: ErrUnsuitable, Text: geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
	}
	if major < minServer {
		return bad("PostgreSQL %d 过旧。请升级到 PostgreSQL %d 以上版本（Debian、Ubuntu：postgresql-%[2]d 和 postgresql-%[2]d-postgis-3）",
			"PostgreSQL %d is too old: install PostgreSQL %d or newer (on Debian and Ubuntu postgresql-%[2]d and postgresql-%[2]d-postgis-3)", major, minServer)
	}
	if encoding != "UTF8" {
		return bad("数据库编码为 %s。请用 CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' 另建数据库",
			"the database is in %s: create one with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'", encoding)
	}
	has := make(map[string]bool, len(available))
	for _, a := range available {
		has[a] = true
	}
	for _, e := range extensions {
		if !has[e.name] {
			return bad("数据库服务器缺少扩展 %s。请在服务器上安装软件包 %s（Debian、Ubuntu），然后重试",
				"the server lacks the extension %s: install the package %s on the server (Debian, Ubuntu) and try again",
				e.name, fmt.Sprintf(e.debian, major))
		}
	}
	return nil
}
