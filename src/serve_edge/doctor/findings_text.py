"""Findings as a list that a person reads, faults first."""

from collections.abc import Sequence

from dongsun.serve_edge.doctor.finding import Finding, Level

_MARKS = {Level.FAULT: "✗ 고장 FAULT ", Level.ADVICE: "! 권고 ADVICE", Level.OK: "✓ 정상 OK    "}


def findings_text(findings: Sequence[Finding]) -> str:
    """One block a finding, the worst first; a sum at the end."""
    rows: list[str] = []
    for level in (Level.FAULT, Level.ADVICE, Level.OK):
        for finding in (each for each in findings if each.level is level):
            rows.append(f"{_MARKS[level]}  {finding.title.korean}")
            rows.append(f"                {finding.title.english}")
            if finding.todo.english:
                rows += [f"             →  {finding.todo.korean}", f"             →  {finding.todo.english}"]
    faults, hints = (sum(each.level is level for each in findings) for level in (Level.FAULT, Level.ADVICE))
    rows += ["", f"고장 {faults}, 권고 {hints} / {faults} to mend, {hints} to think about"]
    return "\n".join(rows)
