-- One row for each line that a function logged; one for each wish of a line about several. The day is when it arrived.
SELECT DISTINCT
  CAST(from_iso8601_timestamp("timestamp") AT TIME ZONE 'UTC' AS timestamp) AS "time",
  service, level, message, correlation_id,
  about.one AS wish_id,
  outcome, reason, error, problem, action, xray_trace_id,
  coalesce(sanitised, false) AS markup,
  day
FROM log_records
CROSS JOIN UNNEST(coalesce(wish_ids, ARRAY[wish_id])) AS about (one)
