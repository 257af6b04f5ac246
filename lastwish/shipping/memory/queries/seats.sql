-- Seats by destination over time
-- How many wishes boarded in each minute, and how many had boarded by its end.
WITH boarded AS (
  SELECT date_trunc('minute', boarded_at) AS "minute", destination, count(*) AS boarded
  FROM wishes
  WHERE boarded_at IS NOT NULL
  GROUP BY date_trunc('minute', boarded_at), destination
)
SELECT "minute", destination, boarded, sum(boarded) OVER (PARTITION BY destination ORDER BY "minute") AS in_total
FROM boarded
ORDER BY "minute", destination
