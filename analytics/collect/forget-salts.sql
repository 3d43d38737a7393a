ALTER TABLE selvedge.salts{{local}}{{on_cluster}}
    DELETE WHERE greatest(day, made) < {before:Date}
    SETTINGS mutations_sync = 2
