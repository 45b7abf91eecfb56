-- Run in this folder:   duckdb -c '.read queries.sql'   or, to go on asking:   duckdb -init queries.sql

CREATE OR REPLACE VIEW responses AS SELECT * FROM read_parquet('responses.parquet');
CREATE OR REPLACE VIEW verdicts AS SELECT * FROM read_parquet('verdicts.parquet');
CREATE OR REPLACE VIEW comparisons AS SELECT * FROM read_parquet('comparisons.parquet');

-- Pass rates by candidate and criterion. Verdicts without a score are counted apart, never as failures.
SELECT candidate, criterion,
       count(score) AS scored,
       count(*) - count(score) AS unscored,
       round(avg(score), 3) AS mean,
       round(avg(passed::INT), 3) AS pass_rate
FROM verdicts GROUP BY ALL ORDER BY criterion, pass_rate DESC;

-- Cost, tokens, latency and errors by candidate.
SELECT candidate,
       count(*) AS records,
       count(error) AS errors,
       sum(cost_usd) AS cost_usd,
       sum(input_tokens) AS input_tokens,
       sum(output_tokens) AS output_tokens,
       quantile_cont(latency_ms, 0.5) AS p50_ms,
       quantile_cont(latency_ms, 0.9) AS p90_ms,
       quantile_cont(latency_ms, 0.99) AS p99_ms
FROM responses GROUP BY ALL ORDER BY candidate;

-- Pass rates by category.
SELECT category, candidate, criterion, count(score) AS scored, round(avg(passed::INT), 3) AS pass_rate
FROM verdicts JOIN responses USING (record_id, candidate)
GROUP BY ALL ORDER BY category, criterion, candidate;

-- Why verdicts have no score.
SELECT judge, criterion, unscored_reason, count(*) AS verdicts
FROM verdicts WHERE unscored_reason IS NOT NULL GROUP BY ALL ORDER BY verdicts DESC;

-- Records on which candidates differ most, by the mean of their verdicts.
WITH means AS (
    SELECT record_id, criterion, candidate, avg(score) AS score FROM verdicts GROUP BY ALL
)
SELECT record_id, criterion, max(score) - min(score) AS spread,
       arg_max(candidate, score) AS best, arg_min(candidate, score) AS worst
FROM means GROUP BY ALL HAVING spread > 0 ORDER BY spread DESC, record_id LIMIT 20;

-- Failed verdicts with what was said.
SELECT record_id, candidate, criterion, score, rationale, left(response, 120) AS response
FROM verdicts JOIN responses USING (record_id, candidate)
WHERE NOT passed ORDER BY record_id, candidate LIMIT 20;

-- Preferences between pairs, order by order.
SELECT candidate, baseline, judge, first_shown, preferred, count(*) AS pairs
FROM comparisons GROUP BY ALL ORDER BY pairs DESC;
