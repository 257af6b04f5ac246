-- One row for each wish: what its events come to. Times are UTC; NULL for what did not happen.
SELECT
  wish_id,
  max(CASE WHEN event = 'submitted' THEN correlation_id END) AS correlation_id,
  max(trace_id) AS trace_id,
  max(destination) AS destination,
  CASE
    WHEN count_if(event = 'erased') > 0 THEN 'erased'
    WHEN count_if(event = 'boarded') > 0 THEN 'boarded'
    WHEN count_if(event = 'waitlisted') > 0 THEN 'waitlisted'
    WHEN count_if(event = 'rejected') > 0 THEN 'rejected'
    ELSE 'submitted'
  END AS status,
  max(CASE WHEN event = 'rejected' THEN reason END) AS reason,
  max(CASE WHEN event = 'held' THEN reason END) AS held_for,
  max(seat) AS seat,
  min(CASE WHEN event = 'submitted' THEN "time" END) AS submitted_at,
  min(CASE WHEN event IN ('accepted', 'rejected') THEN "time" END) AS judged_at,
  min(stored_at) AS stored_at,
  min(CASE WHEN event = 'boarded' THEN "time" END) AS boarded_at,
  min(CASE WHEN event = 'erased' THEN "time" END) AS erased_at,
  max(version) AS versions,
  min(day) AS day
FROM events
GROUP BY wish_id
