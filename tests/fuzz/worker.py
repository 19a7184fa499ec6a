"""`python -m tests.fuzz.worker TARGET SECONDS`: one process of the fuzzer. Everything that it fuzzes is imported under
instrumentation, so nothing of it may be imported before."""

import sys
from pathlib import Path

RESULTS = Path("fuzz-results")
_TIMEOUT_S = 25
"""Of one input under instrumentation, which is many times slower."""
_MOST_INPUT_BYTES = 32_768


def main() -> None:
    import atheris

    name, seconds = sys.argv[1:3]
    with atheris.instrument_imports(include=["intake", "staffel", "schemas"]):
        from tests.fuzz.targets import targets

        run = targets()[name]
        run(b"")  # imports the connector
    arguments = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        f"-timeout={_TIMEOUT_S}",
        f"-max_len={_MOST_INPUT_BYTES}",
        f"-artifact_prefix={RESULTS / name / 'findings'}/",
        "-rss_limit_mb=2048",
        str(RESULTS / name / "corpus"),
    ]
    atheris.Setup(arguments, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
