-- What failed, by function, error and minute
-- Warnings, errors and refused requests. What Lambda itself says of a crash or a timeout is not in the long memory.
SELECT date_trunc('minute', "time") AS "minute", service, message, coalesce(error, problem, '') AS error,
  count(*) AS line_count, count(DISTINCT wish_id) AS wish_count
FROM log_lines
WHERE level IN ('WARNING', 'ERROR', 'CRITICAL') OR problem IS NOT NULL
GROUP BY date_trunc('minute', "time"), service, message, coalesce(error, problem, '')
ORDER BY "minute", service, message, error
