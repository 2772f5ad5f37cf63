-- One call; the plan ships with the extension. Each run keeps its inputs, and the report reads the latest.
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') \g /dev/null
