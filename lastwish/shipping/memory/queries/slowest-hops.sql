-- The slowest hops
-- The twenty slowest steps from one function to the next, of all wishes.
WITH projected AS (
  SELECT wish_id, min("time") AS "time" FROM log_lines WHERE message = 'wish projected' GROUP BY wish_id
),
hops AS (
  SELECT 'frontend to parser' AS hop, wish_id, submitted_at AS began, judged_at AS ended FROM wishes
  UNION ALL
  SELECT 'parser to worker' AS hop, wish_id, judged_at AS began, stored_at AS ended FROM wishes
  UNION ALL
  SELECT 'worker to projector' AS hop, wishes.wish_id, stored_at AS began, projected."time" AS ended
  FROM wishes JOIN projected ON projected.wish_id = wishes.wish_id
)
SELECT hop, wish_id, began, date_diff('millisecond', began, ended) AS milliseconds
FROM hops
WHERE began IS NOT NULL AND ended IS NOT NULL
ORDER BY milliseconds DESC, wish_id, hop
LIMIT 20
