-- Who sent markup, and when
-- Each time a wish came with characters that could be markup and were made harmless, and what became of it.
SELECT line."time", line.wish_id, line.correlation_id, wish.destination, wish.status, wish.seat
FROM log_lines AS line
LEFT JOIN wishes AS wish ON wish.wish_id = line.wish_id
WHERE line.markup
ORDER BY line."time", line.wish_id, line.correlation_id
