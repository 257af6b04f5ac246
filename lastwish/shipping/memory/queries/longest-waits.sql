-- Which wishes waited longest from submitted to boarded
-- The twenty longest waits; those that a returned seat ended are among them.
SELECT wish_id, destination, seat, submitted_at, boarded_at,
  date_diff('millisecond', submitted_at, boarded_at) AS milliseconds
FROM wishes
WHERE submitted_at IS NOT NULL AND boarded_at IS NOT NULL
ORDER BY milliseconds DESC, wish_id
LIMIT 20
