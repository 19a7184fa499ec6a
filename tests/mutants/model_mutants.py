"""Breaks in how models are read: rules 1 to 4."""

from tests.mutants.mutant import Mutant, tests

_MODEL = tests("tests/scoring/model/test_definition.py")
_VALIDATION = tests("tests/scoring/model/test_validation.py")
_CHECKS = "scoring/model/checks.py"

MODEL_MUTANTS = (
    Mutant((1,), "schemas/yaml_documents.py", 'YAML(typ="safe", pure=True).compose(text)',
           'YAML(typ="safe", pure=True).compose("%YAML 1.1\\n---\\n" + text)', _MODEL),
    Mutant((1,), "scoring/model/durations.py", '_HOURS_PER_UNIT = {"h": 1, "d": 24}',
           '_HOURS_PER_UNIT = {"h": 1, "d": 23}', _MODEL),
    Mutant((1,), "scoring/model/durations.py", "if hours.denominator != 1:", "if False:", _VALIDATION),
    Mutant((2,), "scoring/model/definition.py", 'and "half_life" not in rule', 'and "half_life" in rule', _MODEL),
    Mutant((2,), _CHECKS, "and rule.half_life != slowest", "and slowest is None", _VALIDATION),
    Mutant((2,), _CHECKS, "if any(rule.is_positive and rule.half_life is None for rule in track.rules):", "if False:",
           _VALIDATION),
    Mutant((3,), _CHECKS, "if stage.leave > stage.enter:", "if False:", _VALIDATION),
    Mutant((3,), _CHECKS, "stage.enter <= previous.enter", "stage.enter < previous.enter", _VALIDATION),
    Mutant((3,), _CHECKS, "if rule.id in cycles:", "if False:", _VALIDATION),
    Mutant((3,), _CHECKS, "if rule.id in tracks_by_rule:", "if False:", _VALIDATION),
    Mutant((3,), _CHECKS, "if stage.fit and model.fit is None:", "if False:", _VALIDATION),
    Mutant((3,), _CHECKS, "if stage.handoff and stage.name != handoffs[0]:", "if False:", _VALIDATION),
    Mutant((3,), _CHECKS, "if any(stage.handoff for stage in track.stages):\n        return",
           "if True:\n        return", _VALIDATION),
    Mutant((4,), "streams/scorer/active_model.py", "and not self._count_repetition(activation):", "and False:",
           tests("tests/streams/scorer/test_partition_fold.py", "second")),
    Mutant((4,), "streams/activation.py", '"initial": True', '"initial": False',
           tests("tests/streams/scorer/test_embedded.py", "activation")),
)  # fmt: skip
