package main

const migrateHelp = `更新数据库结构到本程序所需的版本。serve 与 import 会自动执行，只有在由管理员分开授权时才需要单独运行。

Brings the database's schema to the version this program needs. serve and import do it by themselves; run it alone
where an administrator grants the rights to change the schema separately.`

type migrateCmd struct{}

// Help returns the text of yutu migrate --help.
func (migrateCmd) Help() string { return migrateHelp }

func (migrateCmd) Run(a *app) error {
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	a.tell("数据库结构已是最新。", "The schema is up to date.")
	return db.Close()
}
