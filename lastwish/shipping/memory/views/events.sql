-- One row for each event of each commit. What was delivered twice is here once.
SELECT DISTINCT
  wish_id, version, position, commit_id, correlation_id, trace_id,
  CAST(from_iso8601_timestamp(stored_at) AT TIME ZONE 'UTC' AS timestamp) AS stored_at,
  type,
  split_part(type, '.', 3) AS event,
  CAST(from_iso8601_timestamp("time") AT TIME ZONE 'UTC' AS timestamp) AS "time",
  destination, reason, seat, decided_by,
  substr(stored_at, 1, 10) AS day
FROM event_records
