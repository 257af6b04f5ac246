-- One row for each commit, with the names of its events in their order.
SELECT
  wish_id, version, commit_id, correlation_id, trace_id, stored_at,
  count(*) AS event_count,
  array_join(array_agg(event ORDER BY position), ', ') AS event_names,
  day
FROM events
GROUP BY wish_id, version, commit_id, correlation_id, trace_id, stored_at, day
