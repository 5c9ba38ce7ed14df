-- +goose Up
-- A village's area fits a page: kept in its row it is written once, and not in pieces with an index of their own.
ALTER TABLE division SET (toast_tuple_target = 8160);
-- Nothing asks by place here: the atlas answers that. Whoever reads the table with a tool of their own makes the index.
DROP INDEX division_geom;
