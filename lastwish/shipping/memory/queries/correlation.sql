-- What one correlation id did
-- All events of this request, and all lines about it or about a wish that it sent, in the order of time.
-- ? CORRELATION_ID: the request's id, as a commit or a log line has it
WITH sent AS (
  SELECT correlation_id, wish_id FROM events WHERE event = 'submitted'
),
story AS (
  SELECT correlation_id, "time", 'event' AS kind, event AS what, wish_id, version,
    coalesce(reason, destination, '') AS detail
  FROM events
  UNION
  SELECT correlation_id, "time", service AS kind, message AS what, wish_id, NULL AS version,
    coalesce(error, problem, reason, outcome, '') AS detail
  FROM log_lines
  UNION
  SELECT sent.correlation_id, line."time", line.service AS kind, line.message AS what, line.wish_id, NULL AS version,
    coalesce(line.error, line.problem, line.reason, line.outcome, '') AS detail
  FROM log_lines AS line JOIN sent ON sent.wish_id = line.wish_id
)
SELECT "time", kind, what, wish_id, version, detail
FROM story
WHERE correlation_id = ?
ORDER BY "time", kind, what, wish_id, version, detail
