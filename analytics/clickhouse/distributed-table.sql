-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.{{table}} ON CLUSTER '{{cluster}}'
AS selvedge.{{table}}_local
ENGINE = Distributed('{{cluster}}', 'selvedge', '{{table}}_local', {{key}})
