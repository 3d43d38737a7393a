-- At once: whoever asks sees the old day or the new one.
ALTER TABLE selvedge.usage_hour{{local}}{{on_cluster}}
    REPLACE PARTITION {day:String} FROM selvedge.usage_hour_anew{{local}}
