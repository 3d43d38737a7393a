ALTER TABLE selvedge.salts
    DELETE WHERE greatest(day, made) < {before:Date}
    SETTINGS mutations_sync = 1
