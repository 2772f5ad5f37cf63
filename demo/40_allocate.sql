-- Three calls; the plan ships with the extension. Each run keeps its inputs; the last one is made official, and forms tell of it.
SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level') AS run \gset
SELECT hospital_cost.make_official(:run) \g /dev/null
SELECT hospital_cost.cost_objects(:run) \g /dev/null
