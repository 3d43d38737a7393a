-- Everything of ours. Atomic has to be said: the embedded engine's own default can do less.
CREATE DATABASE IF NOT EXISTS selvedge{{on_cluster}} ENGINE = Atomic
