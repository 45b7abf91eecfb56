
CREATE OR REPLACE VIEW robustness AS SELECT * FROM read_parquet('robustness.parquet');

-- Perturbed prompts: a copy's score minus its record's, where both have one.
SELECT perturbation, candidate, criterion, count(*) AS pairs, round(avg(score - original_score), 3) AS change
FROM robustness WHERE score IS NOT NULL AND original_score IS NOT NULL
GROUP BY ALL ORDER BY criterion, perturbation, candidate;
